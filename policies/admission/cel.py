"""The common expression language, as far as the checks need it.

The three lists of containers hold different types, and so cannot be one: a check says for each of them which of its
containers are at fault, by name.

Source: Kubernetes documentation, "Common Expression Language in Kubernetes".
"""

import json
from collections.abc import Iterable

from policies.workloads import CONTAINERS

SECURITY = "c.?securityContext"


def text(value: str) -> str:
    """Return a literal: JSON's strings are among the language's own."""
    return json.dumps(value)


def texts(values: Iterable[str]) -> str:
    """Return a literal of a list."""
    return json.dumps(list(values))


def containers(bad: str, described: str = "c.?name.orValue('')", lists: Iterable[str] = CONTAINERS) -> str:
    """Return the names of the containers `c` for which `bad` holds."""
    return " + ".join(f"variables.pod.?{name}.orValue([]).filter(c, {bad}).map(c, {described})" for name in lists)


def pod(bad: str, described: str = "the pod") -> str:
    """Return what the pod itself is called where `bad` holds, else nothing."""
    return f"({bad} ? [{text(described)}] : [])"
