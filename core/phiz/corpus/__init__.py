"""Training data: speech with phone times, and the motion that a rule-based teacher gives it."""
