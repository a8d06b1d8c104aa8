"""A face that moves while the voice is still arriving: `session.LiveSession` (docs/live.md)."""
