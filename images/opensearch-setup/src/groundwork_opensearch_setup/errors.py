"""What goes wrong, said so that somebody can do something about it."""


class SetupError(Exception):
    """What is wrong, and what to do about it."""
