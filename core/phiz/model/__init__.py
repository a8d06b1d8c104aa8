"""Layer `model`: the networks, in torch. Training and export need it; running a bundle does not."""
