"""Events on objects, by which a controller says what it did or why it cannot."""

import datetime
import hashlib
from typing import Any

from twin.kubernetes.client import ApiError, Client


def record(
    api: Client, about: dict[str, Any], reason: str, message: str, *, source: str, warning: bool = False
) -> None:
    """Record an event; the same one again raises its count.

    Raises ApiError, but not for an object whose namespace is going away: no event can be made there any more.
    """
    metadata = about["metadata"]
    namespace = metadata.get("namespace", "default")
    digest = hashlib.sha256(f"{metadata['uid']} {reason} {message} {source}".encode()).hexdigest()[:16]
    name, now = f"{metadata['name'][:200]}.{digest}", datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    known = api.get("v1", "Event", name, namespace)
    if known is not None:
        again = {"count": known.get("count", 1) + 1, "lastTimestamp": now}
        api.patch("v1", "Event", name, namespace, again)
        return
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": namespace},
        "involvedObject": {
            "apiVersion": about["apiVersion"],
            "kind": about["kind"],
            "name": metadata["name"],
            "uid": metadata["uid"],
            **({"namespace": metadata["namespace"]} if "namespace" in metadata else {}),
        },
        "reason": reason,
        "message": message[:1024],
        "source": {"component": source},
        "type": "Warning" if warning else "Normal",
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
        "reportingComponent": source,
    }
    try:
        api.create(event)
    except ApiError as error:
        if error.reason != "Forbidden" or "being terminated" not in error.message:
            raise
