"""The tags by which a version of a model says what it was made of. docs/lineage.md describes them.

Whoever trains writes them with plain `mlflow`; nothing of this package is needed for it. Where MLflow has a name of its
own for a fact, that one is used.

Source: MLflow documentation, "MLflow Tracking", System Tags; `mlflow.utils.mlflow_tags`, 3.17.2.
"""

from collections.abc import Mapping
from typing import Any, Final

COMMIT: Final = "mlflow.source.git.commit"
REPOSITORY: Final = "mlflow.source.git.repoURL"
DIRTY: Final = "mlflow.source.git.dirty"
"""`true`: what ran is not what was committed."""
IMAGE: Final = "mlflow.docker.image.uri"
"""HOST/NAME@sha256:DIGEST."""
DATA: Final = "groundwork.dvc/"
"""Followed by a file's path in the repository; the value is its address in the remote, as `dvc.api.get_url` says."""


def values(tags: list[dict[str, Any]] | None) -> dict[str, str]:
    """Return the tags of an answer of MLflow's REST API by key."""
    return {tag["key"]: tag.get("value", "") for tag in tags or ()}


def data_files(tags: Mapping[str, str]) -> list[str]:
    """Return the paths of the data files that the tags name."""
    return sorted(key.removeprefix(DATA) for key in tags if key.startswith(DATA))
