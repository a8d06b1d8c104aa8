"""Layer `cotfa`: an acting note in plain words becomes a chain of thought, and that a Direction. No torch.

A backend reads the words (steps I and II); muscles, check, prompts and Direction are the same for all.
"""
