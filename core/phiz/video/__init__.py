"""Layer `video`: talking portraits in two dimensions, an optional extra."""
