"""Layer `audio`: any file to 16 kHz mono, phones, features. No torch."""
