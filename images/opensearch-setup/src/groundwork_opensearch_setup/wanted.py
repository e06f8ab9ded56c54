"""What the domain is to hold, as the Job's file says it.

A file of six kinds of object, each by name, as OpenSearch's API takes them. Names of ours begin with `groundwork`: of
those the domain holds what the file says and no more, and of others what the file names is kept and nothing removed.

Errors: SetupError naming the entry.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from groundwork_opensearch_setup.errors import SetupError

OURS = "groundwork"
KINDS = ("tenants", "roles", "index_templates", "policies", "mappings", "audit")
"""In the order in which they are made: a mapping names a role, and a role names a tenant."""

Objects = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Wanted:
    """Each kind's objects by name."""

    kinds: Mapping[str, Objects]

    def of(self, kind: str) -> Objects:
        """Return the objects of a kind."""
        return self.kinds[kind]


def read(path: Path) -> Wanted:
    """Return what a file says. Raises SetupError where it cannot be that."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SetupError(f"{path} cannot be read: {error.strerror}; is the ConfigMap mounted?") from None
    except ValueError as error:
        raise SetupError(f"{path} is no JSON: {error}") from None
    if not isinstance(found, dict) or set(found) != set(KINDS):
        raise SetupError(f"{path} must be an object of {', '.join(KINDS)}, and of nothing else")
    for kind in KINDS:
        objects = found[kind]
        if not isinstance(objects, dict) or not all(isinstance(one, dict) for one in objects.values()):
            raise SetupError(f"{path}: {kind} must be objects by name")
    return Wanted(found)
