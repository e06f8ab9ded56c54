"""An error that a person can mend: it is printed without a traceback, and the Job or container fails."""

import os


class PodError(Exception):
    """What is wrong, and what to do about it."""


def required(variable: str) -> str:
    """Return an environment variable that the pod's manifest sets."""
    value = os.environ.get(variable)
    if not value:
        raise PodError(f"the environment variable {variable} is missing: the pod's manifest sets it")
    return value
