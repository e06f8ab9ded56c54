"""What the corrections remember between requests, on disk at once, so that it survives the emulator.

One JSON file a kind of thing under `.twin/aws/corrections/`, read at start and replaced atomically at each change. The
files are small: they hold the fields that the emulator forgets, nothing that it keeps itself.
"""

import json
import os
from pathlib import Path
from typing import Any


class Shelf:
    """The remembered things of one kind, by account, region and id."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._things: dict[str, dict[str, Any]] = json.loads(path.read_text()) if path.exists() else {}

    def get(self, scope: str, thing_id: str) -> dict[str, Any] | None:
        """A copy of what is remembered of a thing, or None."""
        found = self._things.get(f"{scope}/{thing_id}")
        return None if found is None else dict(found)

    def of_scope(self, scope: str) -> dict[str, dict[str, Any]]:
        """All things of one account and region, by id."""
        prefix = f"{scope}/"
        return {key[len(prefix) :]: dict(thing) for key, thing in self._things.items() if key.startswith(prefix)}

    def put(self, scope: str, thing_id: str, thing: dict[str, Any]) -> None:
        """Remember a thing, in place of what was known of it."""
        self._things[f"{scope}/{thing_id}"] = thing
        self._save()

    def forget(self, scope: str, thing_id: str) -> None:
        """Forget a thing that was deleted; one never remembered is no error."""
        if self._things.pop(f"{scope}/{thing_id}", None) is not None:
            self._save()

    def _save(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._path.with_suffix(".tmp")
        temporary.touch(mode=0o600)
        temporary.write_text(json.dumps(self._things, indent=1, default=str))
        os.replace(temporary, self._path)


class Memory:
    """All shelves of a twin."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._shelves: dict[str, Shelf] = {}

    def shelf(self, kind: str) -> Shelf:
        """The shelf of one kind of thing, such as `vpc-endpoint`."""
        if kind not in self._shelves:
            self._shelves[kind] = Shelf(self._directory / f"{kind}.json")
        return self._shelves[kind]
