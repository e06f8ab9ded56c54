"""A cluster that holds what a test puts in it, for what only asks it for objects and makes some."""

from typing import Any, cast

from twin.kubernetes.client import Client

Manifest = dict[str, Any]


class Held:
    """What is asked of an API server here."""

    def __init__(self, *objects: Manifest) -> None:
        self.objects = list(objects)

    def get(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> Manifest | None:
        found = (one for one in self.list(api_version, kind, namespace) if one["metadata"]["name"] == name)
        return next(found, None)

    def list(self, api_version: str, kind: str, namespace: str | None = None, selector: str = "") -> list[Manifest]:
        return [
            one
            for one in self.objects
            if one["kind"] == kind
            and namespace in (None, one["metadata"].get("namespace"))
            and _has(one["metadata"].get("labels", {}), selector)
        ]

    def create(self, manifest: Manifest) -> Manifest:
        name = f"{manifest['metadata']['generateName']}new"
        made = {**manifest, "metadata": {**manifest["metadata"], "name": name}}
        self.objects.append(made)
        return made


def _has(labels: Manifest, selector: str) -> bool:
    """Whether a label is there and, in `key=value`, has this value."""
    key, equals, value = selector.partition("=")
    return not selector or (labels.get(key) == value if equals else key in labels)


def api(held: Held) -> Client:
    return cast(Client, held)


def thing(kind: str, name: str, namespace: str = "mlflow", **content: Any) -> Manifest:
    metadata = {"name": name, "namespace": namespace, "uid": f"uid-{name}", **content.pop("metadata", {})}
    return {"kind": kind, "metadata": metadata, **content}
