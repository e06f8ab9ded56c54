"""The errors that a person sees: one message, no traceback."""


class GroundworkError(Exception):
    """What went wrong, where, and what to do about it. The command line prints it and exits with 1."""
