import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.kubernetes_api import FakeApi, serving
from twin.providers.kubernetes import configuration, objects
from twin.providers.kubernetes.cluster import Cluster
from twin.providers.kubernetes.lifecycle import Operation
from twin.providers.kubernetes.messages import Messages

MakeOperation = Callable[..., Operation]


class Said(Messages):
    """What was said to the engine."""

    def __init__(self) -> None:
        super().__init__("")
        self.statuses: list[str] = []
        self.warnings: list[str] = []

    def status(self, urn: str, text: str) -> None:
        self.statuses.append(text)

    def warn(self, urn: str, text: str) -> None:
        self.warnings.append(text)


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with serving() as fake:
        fake.objects["/api/v1/namespaces/default"] = {"metadata": {"name": "default"}}
        yield fake


@pytest.fixture
def said() -> Said:
    return Said()


@pytest.fixture
def cluster(api: FakeApi, said: Said) -> Cluster:
    return Cluster(configuration.configure({"kubeconfig": json.dumps(api.kubeconfig(token="t"))}), said)


@pytest.fixture
def operation(cluster: Cluster) -> MakeOperation:
    def make(manifest: dict[str, Any], *, patch: bool = False, seconds: float = 60) -> Operation:
        group, _, version = manifest["apiVersion"].rpartition("/")
        kind = objects.parse(f"kubernetes:{group or 'core'}/{version}:{manifest['kind']}{'Patch' if patch else ''}")
        return Operation(cluster, "urn", kind, manifest, objects.manager("urn", manifest), seconds=seconds)

    return make


def config_map(**more: Any) -> dict[str, Any]:
    """A ConfigMap's manifest."""
    metadata = {"name": "settings", "namespace": "default", **more.pop("metadata", {})}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "1"}, **more}
