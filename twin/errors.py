"""The errors of the twin's life cycle that a person sees: what happened, where, what to do. No traceback."""


class TwinError(Exception):
    """The twin cannot do what was asked. Its text is complete: it is printed as it is."""
