"""A twin that stands still: it is looked at, as by a preview of a change, and nothing in it moves meanwhile.

Of the clusters that are named the store and the API server run, and nobody who works on what they hold: no scheduler,
no controller, no kubelet. Of other clusters nothing runs, and no database. So it starts in a fraction of the time, and
what a plan is compared with is what was left, not what controllers make of it after a night.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from twin.kubernetes.cluster_record import ClusterRecord
from twin.kubernetes.programs import API, PROGRAMS

FILE = "still.json"
"""In a twin's folder: it stands still for as long as it has this file."""


@dataclass(frozen=True)
class Still:
    """What runs all the same."""

    clusters: frozenset[str]
    """Names of clusters whose API servers answer."""


def save(root: Path, clusters: Iterable[str]) -> None:
    """Let the twin in this folder stand still from its next start on."""
    (root / FILE).write_text(json.dumps({"clusters": sorted(clusters)}))


def load(root: Path) -> Still | None:
    """Return how the twin in this folder stands still; None for one that moves."""
    file = root / FILE
    return Still(frozenset(json.loads(file.read_text())["clusters"])) if file.is_file() else None


def programs(root: Path, record: ClusterRecord) -> tuple[str, ...]:
    """Return which programs a cluster of the twin in this folder has, in the order of their start."""
    still = load(root)
    if still is None:
        return tuple(PROGRAMS)
    return API if record.name in still.clusters else ()
