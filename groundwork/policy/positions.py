"""Where the program registers a resource: from what the engine records to a path in the clone.

The engine writes a position relative to the folder in which it works. On the twin that is a folder of the twin's, so
that a file of the clone is `project:///../../components/x.py#12`; the folder has links to the clone's own under the
same names, so that what is inside of it is the same path in the clone.

Source: pulumi/pkg 3.255, resource/deploy/source_eval.go, parseSourcePosition.
"""

import posixpath
from typing import Final
from urllib.parse import quote, unquote

from twin.places import Places

SCHEME: Final = "project:///"


def place(position: str | None, here: Places | None) -> str:
    """Return path and line, such as `components/x.py#12`; empty for what is no file of the clone.

    The path is relative to the clone's root and quoted as in a URI. `here`: without one, only what is inside of the
    folder that the engine worked in can be told.
    """
    if not position or not position.startswith(SCHEME):
        return ""
    written, hash_sign, line = position.removeprefix(SCHEME).partition("#")
    path = _inside(posixpath.normpath(unquote(written)), here)
    return f"{quote(path)}{hash_sign}{line}" if path else ""


def _inside(path: str, here: Places | None) -> str:
    """Return a path from the root of the clone; empty for one outside, and for hidden files: no program is there."""
    if path.startswith("../") and here is not None:
        found = posixpath.normpath(here.project.resolve() / path)
        path = posixpath.relpath(found, here.clone)
    hidden = any(part.startswith(".") for part in path.split("/"))
    return "" if hidden or path.startswith("/") or not path.isprintable() else path
