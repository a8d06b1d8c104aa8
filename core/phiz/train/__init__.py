"""Layer `train`: the audio encoder, the base model, and what they share. Needs torch and a corpus."""
