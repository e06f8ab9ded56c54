"""Events and log lines of the autoscaler, named and worded as those of the real one.

Source: cluster-autoscaler/FAQ.md, "What events are emitted by CA?".
"""

import datetime
import logging
import uuid
from collections.abc import Mapping
from typing import Any

from twin.kubernetes.client import ApiError, Client

STATUS = "cluster-autoscaler-status"
"""ConfigMap on which events are recorded that concern no pod and no node."""
_log = logging.getLogger("twin.kubernetes.autoscaler")


class Events:
    """Records each thing once as long as it stays the same."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, str], str] = {}

    def record(
        self, api: Client, about: Mapping[str, Any], reason: str, message: str, *, warning: bool = False
    ) -> None:
        """Record how something is, as whoever `api` speaks for, unless that was the last thing recorded of it."""
        metadata = about["metadata"]
        key = metadata.get("uid") or f"{about['kind']}/{metadata['name']}", reason
        if self._told.get(key) == message:
            return
        self._told[key] = message
        self.tell(api, about, reason, message, warning=warning)

    def tell(self, api: Client, about: Mapping[str, Any], reason: str, message: str, *, warning: bool = False) -> None:
        """Record that something was done. An event that may not be recorded is a log line alone."""
        metadata = about["metadata"]
        _log.log(logging.WARNING if warning else logging.INFO, "%s %s: %s", metadata["name"], reason, message)
        try:
            api.create(_event(about, reason, message, warning))
        except ApiError as error:
            _log.warning("the event %s cannot be recorded: %s", reason, error)

    def forget(self, about: Mapping[str, Any], reason: str) -> None:
        """What was told no longer holds: if it comes again, it is told again."""
        metadata = about["metadata"]
        if self._told.pop((metadata.get("uid") or f"{about['kind']}/{metadata['name']}", reason), None):
            _log.info("%s: works again", metadata["name"])


def status_map(namespace: str) -> dict[str, Any]:
    """The object of events about the whole."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": STATUS, "namespace": namespace}}


def _event(about: Mapping[str, Any], reason: str, message: str, warning: bool) -> dict[str, Any]:
    metadata = about["metadata"]
    namespace = metadata.get("namespace", "default")
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    about_fields = {"apiVersion": "v1", "kind": about["kind"], "name": metadata["name"]}
    about_fields |= {key: metadata[key] for key in ("namespace", "uid") if metadata.get(key)}
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{metadata['name'][:200]}.{uuid.uuid4().hex[:16]}", "namespace": namespace},
        "involvedObject": about_fields,
        "reason": reason,
        "message": message[:1024],
        "type": "Warning" if warning else "Normal",
        "source": {"component": "cluster-autoscaler"},
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
    }
