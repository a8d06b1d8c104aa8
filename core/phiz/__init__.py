"""Phiz makes a face act: voice and acting notes in, ARKit face animation out."""

__version__ = "0.1.0"
