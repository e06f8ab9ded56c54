"""`python3 -m tools.install`: everything that Groundwork runs on, made or found; quick when it is all there.

Python that is too old must reach the message below, so this file keeps to syntax
of Python 3.6 and imports the rest late.
"""

import sys

OLDEST_PYTHON = (3, 11)
NEWEST_PYTHON = (3, 13)  # requires-python of pyproject.toml; a test compares them


def unsupported_python(version: "tuple[int, ...]", executable: str) -> "str | None":
    """What to say when `version` (major, minor) cannot run Groundwork, else None."""
    if OLDEST_PYTHON <= version <= NEWEST_PYTHON:
        return None
    return (
        "Python {}.{} ({}) cannot run Groundwork, which needs Python {}.{} to {}.{}.\n"
        "  Install one (apt-get install python3.11 python3.11-venv, brew install python@3.13, pyenv install 3.13)\n"
        "  and name it: make install PYTHON=python3.13"
    ).format(version[0], version[1], executable, *(OLDEST_PYTHON + NEWEST_PYTHON))


if __name__ == "__main__":
    problem = unsupported_python(tuple(sys.version_info[:2]), sys.executable)
    if problem:
        sys.exit(problem)
    from tools.command_line import main

    sys.exit(main(sys.argv[1:]))
