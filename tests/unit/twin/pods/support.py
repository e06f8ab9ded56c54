"""A cluster that holds a few objects, and a pod in it."""

from typing import Any, cast

from twin.kubernetes.client import Client
from twin.pods.sources import Sources

ADDRESS = "127.30.40.50"


class Held:
    """The one question that is asked of an API server here."""

    def __init__(self, *objects: dict[str, Any]) -> None:
        self._objects = {(one["kind"], one["metadata"]["name"]): one for one in objects}

    def get(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> dict[str, Any] | None:
        return self._objects.get((kind, name))


def api(*objects: dict[str, Any]) -> Client:
    return cast(Client, Held(*objects))


def held(kind: str, name: str, **content: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "shop"}, **content}


CONTAINER: dict[str, Any] = {
    "name": "main",
    "image": "i",
    "resources": {"limits": {"memory": "1Gi"}, "requests": {"cpu": "250m"}},
}
POD: dict[str, Any] = {
    "metadata": {
        "name": "counter-1",
        "namespace": "shop",
        "uid": "u-1",
        "labels": {"b": 'say "b"', "a": "1"},
        "annotations": {"note": "n"},
    },
    "spec": {"nodeName": "node-1", "serviceAccountName": "clerk", "containers": [CONTAINER]},
}
NODE = held("Node", "node-1", status={"allocatable": {"cpu": "3920m", "memory": "14Gi"}})


def sources(*objects: dict[str, Any]) -> Sources:
    return Sources(api(NODE, *objects), POD, ADDRESS)
