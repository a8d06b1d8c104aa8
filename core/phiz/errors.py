"""The root of every error that Phiz raises on purpose."""


class PhizError(Exception):
    """Something the user can mend. The message is one line: what was expected, what came, what to do.

    Each module names its own subclasses beside the code that raises them. The command line prints
    the message alone and exits with code 2.
    """
