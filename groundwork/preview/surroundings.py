"""The environment variables that a preview's processes get: the program of a pull request may print every one of them.

What is left out cannot be told. It is no fence: a program runs as the same user as this command and may read what that
user can, so whoever runs it for a stranger gives the whole job no secret.
"""

import os
from collections.abc import Mapping, MutableMapping
from typing import Final

KEPT: Final = frozenset(
    {
        "COLUMNS", "HOME", "LANG", "LANGUAGE", "LOGNAME", "NO_COLOR", "PATH", "PYTHONPATH", "TERM", "TMPDIR", "TZ",
        "USER", "VIRTUAL_ENV", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR",
    }
)  # fmt: skip
_LOCALE: Final = "LC_"


def minimal(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that are no secret of anybody: where things are, and how a person wants to be spoken to."""
    return {name: value for name, value in variables.items() if name in KEPT or name.startswith(_LOCALE)}


def shed(variables: MutableMapping[str, str] = os.environ) -> None:
    """Leave only those in this process, which hands them to every other that it starts."""
    for name in variables.keys() - minimal(variables).keys():
        del variables[name]
