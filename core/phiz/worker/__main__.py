"""`python -m phiz.worker`."""

from phiz.worker.boot import start

start()
