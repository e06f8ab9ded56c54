"""Wait until an object is ready, or gone; say on the way what is missing, and in the end who holds it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from twin.kubernetes.client import ApiError, NoSuchKindError
from twin.providers.kubernetes.cluster import Cluster, Deadline
from twin.providers.kubernetes.errors import CancelledError, ProviderError, said
from twin.providers.kubernetes.objects import Kind, annotation, id_of
from twin.providers.kubernetes.readiness import chosen
from twin.providers.kubernetes.readiness.rules import LIMITS, READ_TOO, RULES, Look, NeverReadyError, Rule, pod_problem

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0
_OWNERS_OF_PODS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "ReplicationController")
NOT_AWAITED_GONE = ("Namespace", "Pod", "ReplicationController", "DaemonSet", "Deployment", "StatefulSet", "Job")
"""Kinds whose `pulumi.com/skipAwait` holds for their deletion as well."""


class NotReadyError(Exception):
    """The time is over, or it cannot become ready any more."""

    def __init__(self, live: dict[str, Any], message: str, reasons: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.live = live
        self.reasons = list(reasons)


def wait(
    cluster: Cluster, urn: str, kind: Kind, live: dict[str, Any], deadline: Deadline, *, created: bool
) -> dict[str, Any]:
    """Look again and again until nothing is missing; the object as it is then.

    Raises:
        NotReadyError: the time is over, it failed for good, or the user asked to stop.
        ProviderError: `pulumi.com/waitFor` is written wrong.
    """
    rule = _rule(kind, live)
    if rule is None or annotation(live, "skipAwait") == "true":
        return live
    limit = Deadline(min(deadline.seconds, LIMITS.get((kind.api_version, kind.kind), deadline.seconds)))
    pause, shown = _FIRST_PAUSE, ""
    while True:
        missing = _missing(rule, Look(live, cluster.client, created))
        if not missing:
            break
        if limit.over:
            raise NotReadyError(live, f"after {limit.seconds:.0f} s {missing}", _further(cluster, kind, live))
        if missing != shown:
            cluster.messages.status(urn, missing)
            shown = missing
        try:
            cluster.pause(pause)
        except CancelledError as stopped:
            raise NotReadyError(live, f"{missing}; {stopped}") from stopped
        pause = min(pause * 1.5, _LONGEST_PAUSE)
        live = _again(cluster, kind, live)
    if shown:
        cluster.messages.status(urn, "")
    return live


def problem_now(cluster: Cluster, kind: Kind, live: Mapping[str, Any]) -> str:
    """What a refresh says of an object that is not ready; "" for kinds that it does not look at."""
    if (kind.api_version, kind.kind) not in READ_TOO or annotation(live, "skipAwait") == "true":
        return ""
    try:
        return RULES[(kind.api_version, kind.kind)](Look(live, cluster.client, created=False))
    except NeverReadyError as never:
        return str(never)


def _rule(kind: Kind, live: Mapping[str, Any]) -> Rule | None:
    if asked := annotation(live, "waitFor"):
        return chosen.rule(asked)
    return None if kind.patch else RULES.get((kind.api_version, kind.kind))


def _missing(rule: Rule, look: Look) -> str:
    try:
        return rule(look)
    except NeverReadyError as never:
        raise NotReadyError(dict(look.live), str(never)) from never
    except ApiError as error:
        if not error.transient:
            raise NotReadyError(dict(look.live), error.message) from error
        return error.message


def _again(cluster: Cluster, kind: Kind, live: dict[str, Any]) -> dict[str, Any]:
    metadata = live["metadata"]
    try:
        found = cluster.client.get(kind.api_version, kind.kind, metadata["name"], metadata.get("namespace"))
    except ApiError as error:
        if error.transient:
            return live
        raise NotReadyError(live, error.message) from error
    if found is None:
        raise NotReadyError(live, "it was deleted by somebody else meanwhile")
    return found


def _further(cluster: Cluster, kind: Kind, live: Mapping[str, Any]) -> list[str]:
    """What pods and events say about it, for a person who has to find out."""
    found: list[str] = []
    metadata = live["metadata"]
    try:
        if kind.kind in _OWNERS_OF_PODS:
            labels = ((live.get("spec") or {}).get("selector") or {}).get("matchLabels") or {}
            selector = ",".join(f"{name}={value}" for name, value in labels.items())
            pods = cluster.client.list("v1", "Pod", metadata.get("namespace"), selector)
            found += sorted({problem for pod in pods if (problem := pod_problem(pod))})[:5]
        events = cluster.client.list(
            "v1", "Event", metadata.get("namespace"), fieldSelector=f"involvedObject.uid={metadata.get('uid')}"
        )
        found += [
            f"{event.get('reason')}: {event.get('message')}" for event in events if event.get("type") == "Warning"
        ][-5:]
    except ApiError as error:
        found.append(f"its pods and events cannot be read: {error.message}")
    return found


def wait_until_gone(
    cluster: Cluster,
    urn: str,
    kind: Kind,
    which: tuple[str, str | None, str],
    deadline: Deadline,
) -> None:
    """Wait until an object (name, namespace, uid) is gone.

    Raises:
        ProviderError: the time is over; it names the finalizers and what else holds the object.
    """
    name, namespace, uid = which
    pause, shown = _FIRST_PAUSE / 5, ""
    while True:
        try:
            live = cluster.client.get(kind.api_version, kind.kind, name, namespace)
        except NoSuchKindError:
            return
        except ApiError as error:
            raise said(f"{kind.kind} {name} is being deleted, but cannot be read", error) from error
        if live is None or (uid and live["metadata"].get("uid") != uid):
            break
        holding = _holding(live)
        if deadline.over:
            raise ProviderError(f"{kind.kind} {id_of(live)} is not gone after {deadline.seconds:.0f} s: {holding}")
        if holding != shown:
            cluster.messages.status(urn, f"Waiting until it is gone: {holding}")
            shown = holding
        cluster.pause(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)
    if shown:
        cluster.messages.status(urn, "")


def _holding(live: Mapping[str, Any]) -> str:
    """Who holds an object that is being deleted: finalizers, and what a namespace says is left in it."""
    words = []
    if finalizers := live["metadata"].get("finalizers"):
        words.append(f"held by the finalizers {', '.join(finalizers)}")
    if left := (live.get("spec") or {}).get("finalizers") if live.get("kind") == "Namespace" else None:
        words.append(f"held by {', '.join(left)}")
    for condition in (live.get("status") or {}).get("conditions") or ():
        if live.get("kind") == "Namespace" and condition.get("status") == "True":
            words.append(str(condition.get("message")))
    return "; ".join(words) or "its deletion has not begun"
