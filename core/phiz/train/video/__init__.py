"""Training of the talking portraits: the autoencoder, then the denoiser in two stages."""
