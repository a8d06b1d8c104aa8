"""The `rules` backend: a small grammar of acting notes over a lexicon of face and feeling words. Offline."""
