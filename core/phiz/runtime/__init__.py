"""Layer `runtime`: a model bundle turns a recording and a Direction into a Take. No torch."""
