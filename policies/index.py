"""The resources of a stack as rules see them, found by type, and joined to each other.

A join is decided by known values where both sides have one (name, id or ARN, literals included), and by the property
dependency where one has none, as on the first preview. A value that is known and equals nothing in the stack refers to
something outside it.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from policies.values import Node

_S3_ARN = re.compile(r"^arn:[^:]*:s3:::(?P<bucket>[^/]+)$")
ANY_TYPE: Final = frozenset({"*"})
"""In place of types: all of them."""
S3_IDENTITIES = ("bucket", "id", "arn")


@dataclass(frozen=True, eq=False)
class Resource:
    """One resource. `resource["kmsKeyId"]` is the node of an input, absent or not."""

    urn: str
    type: str
    """The current token, also of a resource registered under an older one."""
    inputs: Mapping[str, Any]
    """Plain data: what the program asks for."""
    default_tags: Any = None
    """Default tags of the provider, or UNKNOWN."""
    protect: bool = False
    """The resource option of that name."""
    parent: str | None = None
    """URN of the component or resource it belongs to."""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    """Plain data: what the provider says; empty in the resource pass."""
    dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """URNs by the input property that depends on them; empty in the resource pass."""

    def __getitem__(self, key: str) -> Node:
        return Node(self.inputs.get(key), key)

    def known(self, key: str) -> str | None:
        """Return the text of a property that is known, as an input or as an output."""
        for values in (self.inputs, self.outputs):
            if isinstance(value := values.get(key), str) and value:
                return value
        return None

    def is_absent(self, key: str) -> bool:
        """Whether a property is neither an input nor an output, known or not."""
        return self.inputs.get(key) is None and self.outputs.get(key) is None


@dataclass(frozen=True)
class Reference:
    """What a value refers to in the stack."""

    targets: tuple[Resource, ...]
    certain: bool
    """False: to one of the targets, or, without targets, to something that is not known yet."""


@dataclass(frozen=True)
class Companions:
    """Resources that refer to one resource."""

    certain: tuple[Resource, ...]
    possible: tuple[tuple[Resource, Node], ...]
    """Resources that may refer to it, with the value that is not known yet."""


class Stack:
    """All resources of a run. It is built once for each AnalyzeStack request and shared by all rules."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self.resources = {resource.urn: resource for resource in resources}
        self._by_type: dict[str, list[Resource]] = defaultdict(list)
        self._by_parent: dict[str, list[Resource]] = defaultdict(list)
        for resource in self.resources.values():
            self._by_type[resource.type].append(resource)
            if resource.parent:
                self._by_parent[resource.parent].append(resource)
        self._identified: dict[tuple[frozenset[str], tuple[str, ...]], dict[str, list[Resource]]] = {}
        self._companions: dict[tuple[Any, ...], tuple[dict[str, list[Resource]], list[Any]]] = {}

    def of(self, types: Iterable[str]) -> list[Resource]:
        """Return the resources of `types` (current tokens)."""
        return [resource for token in sorted(types) for resource in self._by_type.get(token, ())]

    def children(self, urn: str) -> list[Resource]:
        """Return the resources whose parent is `urn`."""
        return self._by_parent.get(urn, [])

    def depended_on(self, resource: Resource, property_name: str, types: frozenset[str]) -> tuple[Resource, ...]:
        """Return the resources of `types` that an input property depends on."""
        urns = resource.dependencies.get(property_name, ())
        found = (self.resources[urn] for urn in urns if urn in self.resources)
        return tuple(target for target in found if target.type in types or types is ANY_TYPE)

    def reference(
        self, resource: Resource, node: Node, types: frozenset[str], identities: tuple[str, ...] = ("id", "arn")
    ) -> Reference:
        """Return what `node`, an input of `resource`, refers to among the resources of `types`.

        `identities` are the properties of the target that such a value may equal.
        """
        depended = self.depended_on(resource, node.root, types)
        if node.unknown:
            # Several unknown values of one list and as many dependencies: each is one of them, and all are referred to.
            # Of one that is inside a map it is not known which of several it is.
            values = resource[node.root].each()
            unknown = sum(value.unknown for value in values) or 1
            return Reference(depended, certain=0 < len(depended) <= unknown)
        if not isinstance(node.value, str):
            return Reference((), certain=True)
        found = self._identities(types, identities).get(_name(node.value))
        if found:
            return Reference(tuple(found), certain=True)
        # The value was taken from a property that the target does not tell, such as an id that is no output.
        if untold := tuple(t for t in depended if any(t.is_absent(key) for key in identities)):
            return Reference(untold, certain=True)
        nameless = tuple(t for t in self.of(types) if any(t[key].unknown for key in identities))
        return Reference(nameless, certain=not nameless)

    def companions(
        self,
        of: Resource,
        child_types: frozenset[str],
        property_name: str,
        identities: tuple[str, ...] = ("id", "arn"),
    ) -> Companions:
        """Return the resources of `child_types` whose input `property_name` refers to `of`."""
        types = frozenset({of.type})
        key = (child_types, property_name, types, identities)
        if key not in self._companions:
            certain: dict[str, list[Resource]] = defaultdict(list)
            loose: list[tuple[Resource, Node, frozenset[str]]] = []
            for child in self.of(child_types):
                node = child[property_name]
                reference = self.reference(child, node, types, identities)
                if reference.certain:
                    for target in reference.targets:
                        certain[target.urn].append(child)
                else:
                    loose.append((child, node, frozenset(target.urn for target in reference.targets)))
            self._companions[key] = (certain, loose)
        certain, loose = self._companions[key]
        return Companions(
            certain=tuple(certain.get(of.urn, ())),
            possible=tuple((child, node) for child, node, urns in loose if not urns or of.urn in urns),
        )

    def _identities(self, types: frozenset[str], identities: tuple[str, ...]) -> dict[str, list[Resource]]:
        key = (types, identities)
        if key not in self._identified:
            found: dict[str, list[Resource]] = defaultdict(list)
            for resource in self.of(types):
                for name in {_name(text) for identity in identities if (text := resource.known(identity))}:
                    found[name].append(resource)
            self._identified[key] = found
        return self._identified[key]


def _name(value: str) -> str:
    """Return the name of a bucket for its ARN, and any other value as it is."""
    match = _S3_ARN.match(value)
    return match["bucket"] if match else value
