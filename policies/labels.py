"""Labels and tags that say what a resource is for."""

from fnmatch import fnmatchcase

from policies.config import Settings
from policies.index import Resource
from policies.values import Node

_TABLE = "aws:glue/catalogTable:CatalogTable"


def carries(labels: Node, wanted: str) -> bool | None:
    """Whether labels or tags have `key=value`, or `key` with any value but false; None while that is unknown.

    >>> carries(Node({"role": "serving"}, "labels"), "role=serving"), carries(Node(None, "labels"), "role")
    (True, False)
    """
    key, _, value = wanted.partition("=")
    node = labels[key]
    if node.unknown:
        return None
    if value:
        return bool(node.value == value)
    return node.is_set and node.value not in ("false", False)


def own_tags(resource: Resource) -> Node:
    """Return the map that holds a resource's tags. A catalogue table has parameters instead."""
    return resource["parameters" if resource.type == _TABLE else "tags"]


def tag(resource: Resource, key: str) -> Node:
    """Return the value of a tag: the resource's own, else the provider's default one, which reach no catalogue table.

    Absent from both, the node is the resource's own.
    """
    own = own_tags(resource)[key]
    if own.value is not None or resource.type == _TABLE:
        return own
    default = Node(resource.default_tags, "tags")[key]
    return own if default.value is None else default


def holds_data(bucket: Resource, settings: Settings) -> bool | None:
    """Whether a bucket holds data sets or models, by its tags or its name; None while that is unknown."""
    tags = [carries(own_tags(bucket), wanted) for wanted in settings.data_bucket_tags]
    logical = bucket.urn.rpartition("::")[2]
    named = any(
        fnmatchcase(name, pattern)
        for name in (logical, bucket.known("bucket"))
        if name is not None
        for pattern in settings.data_bucket_names
    )
    if named or True in tags:
        return True
    return None if None in tags or (bucket["bucket"].unknown and bucket.known("bucket") is None) else False
