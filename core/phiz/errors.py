"""The root of every error that Phiz raises on purpose, and what a program makes of one."""

import sys
from collections.abc import Callable

USER_ERROR = 2
"""Exit status where something is the user's to mend."""


class PhizError(Exception):
    """Something the user can mend. The message is one line: what was expected, what came, what to do.

    Each module names its own subclasses beside the code that raises them. The command line prints
    the message alone and exits with code 2.
    """


def status_of(work: Callable[[], int]) -> int:
    """Exit status of a `python -m` program: what `work` returns, or USER_ERROR with the error on stderr."""
    try:
        return work()
    except PhizError as error:
        print(error, file=sys.stderr)
        return USER_ERROR
