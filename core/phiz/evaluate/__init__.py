"""Scoring of Takes against phones and against each other, and pictures of what they look like."""
