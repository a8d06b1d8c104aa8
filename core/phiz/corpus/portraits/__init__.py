"""Films of our own heads: random people who speak recordings, the training data of the video networks."""
