"""A person's own takes, curves and sound: found in a folder, and what is wrong with them."""
