"""Layer `face`: channels, Action Units, emotions, the demo head. Needs numpy alone."""
