"""`python -m phiz` is the command line."""

import os
import sys

from phiz.cli import main

status = main()
if int(os.environ.get("WORLD_SIZE", "1")) > 1:
    # One of several processes that train together. On Python's own way out a thread of gloo may let go of its
    # last tensor when it can no longer, and abort the process after all is done.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
sys.exit(status)
