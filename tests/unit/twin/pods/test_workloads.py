"""Which pods are those of a workload as it is now."""

from typing import Any, cast

import pytest

from twin.kubernetes.client import Client
from twin.pods import workloads
from twin.pods.errors import PodError


class Cluster:
    """A StatefulSet, of which one pod is of an older revision, and one about to go."""

    def __init__(self, **status: Any) -> None:
        self.status = {"observedGeneration": 2, "updateRevision": "db-new", **status}

    def get(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> dict[str, Any] | None:
        if (api_version, kind, name) != ("apps/v1", "StatefulSet", "db"):
            return None
        metadata = {"name": "db", "namespace": "shop", "uid": "u-db", "generation": 2}
        return {"kind": kind, "metadata": metadata, "status": self.status}

    def list(self, api_version: str, kind: str, namespace: str | None = None) -> list[dict[str, Any]]:
        return [
            pod("db-1", "db-old"),
            pod("db-0", "db-new"),
            pod("db-2", "db-new", deletionTimestamp="now"),
            pod("other-0", "db-new", ownerReferences=[{"uid": "u-other", "controller": True}]),
        ]


def pod(name: str, revision: str, **metadata: Any) -> dict[str, Any]:
    owner = {"ownerReferences": [{"uid": "u-db", "controller": True}]}
    return {"metadata": {"name": name, "labels": {"controller-revision-hash": revision}, **owner, **metadata}}


def names(cluster: Cluster) -> list[str]:
    api = cast(Client, cluster)
    found = workloads.pods(api, workloads.workload(api, "StatefulSet", "shop", "db"))
    return [one["metadata"]["name"] for one in found]


def test_of_a_stateful_set_they_are_those_of_its_newest_revision() -> None:
    assert names(Cluster()) == ["db-0"]


def test_there_are_none_while_the_controller_has_not_seen_the_newest() -> None:
    assert names(Cluster(observedGeneration=1)) == []


def test_one_that_is_not_there_is_named() -> None:
    with pytest.raises(PodError, match="The cluster has no StatefulSet shop/cache"):
        workloads.workload(cast(Client, Cluster()), "StatefulSet", "shop", "cache")
