"""What runs pods, read alike wherever the pod's specification is: in the object itself, in a template, in a List.

Every kind that carries a pod template is here, those of removed API groups included, and the custom resources that the
settings name. A Patch is read like a whole object, since what lies under it cannot be seen.

Rules read nodes, so that what is absent, unknown or of the wrong type stays that: a list of containers that is none is
one container that cannot be read.

Source: Kubernetes API reference, "Workload Resources"; pulumi_kubernetes 4.34.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from policies.config import Settings
from policies.index import Resource
from policies.tokens import kubernetes, with_forms
from policies.values import MALFORMED, UNKNOWN, Node

_TEMPLATE = ("spec", "template")
_TEMPLATES: Final[Mapping[str, tuple[str, ...]]] = {
    "core/v1:Pod": (),
    "core/v1:PodTemplate": ("template",),
    "core/v1:ReplicationController": _TEMPLATE,
    **{
        f"{group}:{kind}": _TEMPLATE
        for group, kinds in {
            "apps/v1": ("DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"),
            "apps/v1beta1": ("Deployment", "StatefulSet"),
            "apps/v1beta2": ("DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"),
            "batch/v1": ("Job",),
            "extensions/v1beta1": ("DaemonSet", "Deployment", "ReplicaSet"),
        }.items()
        for kind in kinds
    },
    **{f"batch/{version}:CronJob": ("spec", "jobTemplate", *_TEMPLATE) for version in ("v1", "v1beta1", "v2alpha1")},
}
"""Kind to where its pod template is, which has `metadata` and `spec`."""
_BY_TOKEN: Final[Mapping[str, tuple[str, ...]]] = {
    token: path for name, path in _TEMPLATES.items() for token in with_forms(kubernetes(name))
}
WORKLOADS: Final = frozenset(_BY_TOKEN)
"""Tokens of everything that has a pod's specification; the custom resources of the settings come on top."""
REPAIRED: Final = WORKLOADS - with_forms(kubernetes("core/v1:Pod", "batch/v1:Job"))
"""Those whose pods can be described anew: a Pod and a Job would be made anew."""
CONTAINERS: Final = ("containers", "initContainers", "ephemeralContainers")


@dataclass(frozen=True)
class Pod:
    """The pods that one object describes."""

    object: Node
    """The object itself: a Pod, a Deployment, an item of a List."""
    template: Node
    """What has the pods' own metadata and specification; the object, for a Pod."""
    spec: Node
    """The specification."""

    @property
    def namespace(self) -> Node:
        """Where the pods run; absent means the provider's or the context's default."""
        return self.object["metadata"]["namespace"]

    @cached_property
    def containers(self) -> tuple[Node, ...]:
        """Every container: ordinary, init and ephemeral ones."""
        return tuple(container for name in CONTAINERS for container in entries(self.spec[name]))


def is_custom(token: str, settings: Settings) -> bool:
    """Whether a type is a custom resource that the settings say runs pods."""
    return any(custom.token == token for custom in settings.custom_workloads)


def pods(resource: Resource, settings: Settings) -> tuple[Pod, ...]:
    """Return what a workload says of its pods: one for most, one an item for a List, none where it says nothing."""
    found = [
        pod
        for custom in settings.custom_workloads
        if custom.token == resource.type
        for pod in _custom(Node(dict(resource.inputs), ""), tuple(custom.pod.split(".")))
    ]
    if (path := _BY_TOKEN.get(resource.type)) is not None:
        found += [_pod(item, path) for item in objects(resource)]
    return tuple(pod for pod in found if pod.spec.value is not None)


def objects(resource: Resource) -> tuple[Node, ...]:
    """Return the objects that a Kubernetes resource states: the items of a List, else itself."""
    whole = Node(dict(resource.inputs), "")
    return entries(whole["items"]) if resource.type.endswith("List") else (whole,)


def entries(node: Node) -> tuple[Node, ...]:
    """Return the entries of a list; of what is not a list, one that cannot be read."""
    if node.unknown or node.value is None or isinstance(node.value, list):
        return node.each()
    return (Node(MALFORMED, node.path),)


def _pod(item: Node, path: tuple[str, ...]) -> Pod:
    template = item
    for step in path:
        template = template[step]
    return Pod(item, template, template["spec"])


def _custom(item: Node, path: tuple[str, ...]) -> Iterator[Pod]:
    for parent in _along(item, path[:-1]):
        for spec in _along(parent, path[-1:]):
            # What is beside the specification is a pod template's metadata where it is a template, else nothing.
            yield Pod(item, parent if isinstance(parent.value, dict) else Node({}, parent.path), spec)


def _along(node: Node, path: tuple[str, ...]) -> Iterator[Node]:
    """Yield what is found along a path in which `*` is every entry of a list or a map."""
    if not path:
        yield node
    elif path[0] != "*":
        yield from _along(node[path[0]], path[1:])
    elif isinstance(node.value, dict):
        for key in node.value:
            yield from _along(node[key], path[1:])
    elif node.value is UNKNOWN:
        yield Node(UNKNOWN, node.path, inherited=True)
    else:
        for entry in entries(node):
            yield from _along(entry, path[1:])
