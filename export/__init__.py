"""Torch checkpoints to a verified model bundle. `python -m export --help`."""
