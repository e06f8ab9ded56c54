"""Texts of a manifest, made good for a process of this machine.

A pod has a file system, a network and name servers of its own; a process has those of the machine. So paths of mounts
and of files of the image are led to where these are, addresses "of all interfaces" become the pod's own, and names of
Services become addresses of pods that run here (twin/pods/service_names.py). Files are left as they are.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

_BEFORE = r"(?:(?<![\w.\-~/)}])|(?<=file://)|(?<=:///))"
"""A path begins here: not within another one; after `file://`, and after three slashes, as in `sqlite:////tmp/a.db`."""
_AFTER = r"(?![\w.\-])"
_ANY_ADDRESS = re.compile(r"(?<![\w.])0\.0\.0\.0(?![\w.])")


class Rewriting:
    """What becomes of a text."""

    def __init__(self, paths: Mapping[str, Path], address: str, services: Callable[[str], str]) -> None:
        """`paths`: what stands on this machine for a path of the container."""
        self._paths = {path.rstrip("/") or "/": place for path, place in paths.items()}
        longest_first = sorted(self._paths, key=len, reverse=True)
        alternatives = "|".join(map(re.escape, longest_first))
        self._path = re.compile(f"{_BEFORE}({alternatives}){_AFTER}") if longest_first else None
        self._address, self._services = address, services

    def text(self, text: str) -> str:
        """The text for a process."""
        if self._path:
            text = self._path.sub(lambda found: str(self._paths[found[1]]), text)
        return self._services(_ANY_ADDRESS.sub(self._address, text))
