"""`python -m phiz` is the command line."""

import sys

from phiz.cli import main

sys.exit(main())
