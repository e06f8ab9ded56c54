"""What can be said of a change before anything is brought up: files that are no Python, settings that are refused.

It is said in seconds then, and not after minutes in which a base is built that nothing is ever compared with. Nothing
of the change is run for it: a file is compiled and not imported, and settings are held against the program only where
the program is the base's. Whatever else fails, the engine says.
"""

import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from groundwork.errors import GroundworkError
from groundwork.target import refuse_wrong_settings
from twin.errors import TwinError

PROGRAM: Final = ("components/", "stacks/")
"""Where the program's files are."""


def refused(clone: Path, environments: Sequence[str], changed: Sequence[str]) -> dict[str, list[str]]:
    """Return why environments cannot be planned, by name. `changed`: the paths that differ from the base."""
    files = [path for path in changed if path.startswith(PROGRAM) and path.endswith(".py")]
    if files:
        broken = [line for path in files for line in _broken(clone, path)]
        return dict.fromkeys(environments, broken) if broken else {}
    return {
        name: why for name in environments if f"Pulumi.{name}.yaml" in changed and (why := _wrong_settings(clone, name))
    }


def _broken(clone: Path, path: str) -> Iterator[str]:
    try:
        # By its whole path, under which the compiler looks for the line that it shows.
        compile((clone / path).read_bytes(), clone / path, "exec", dont_inherit=True)
    except FileNotFoundError:  # the change deletes it
        return
    except SyntaxError as error:
        error.filename = path
        yield "".join(traceback.format_exception_only(error)).rstrip()
    except ValueError as error:
        yield f"{path}: {error}"


def _wrong_settings(clone: Path, environment: str) -> list[str]:
    try:
        refuse_wrong_settings(clone, environment)
    except (GroundworkError, TwinError) as error:
        return str(error).splitlines()
    return []
