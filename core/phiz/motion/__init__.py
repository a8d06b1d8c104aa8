"""Layer `motion`: the Take, its file formats, resampling, smoothing, key thinning, the plot. No torch."""
