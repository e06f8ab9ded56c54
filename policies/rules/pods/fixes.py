"""Repairs of pods, in the SDK's mutable inputs. The pack calls one only where its rule found a violation.

A pod's specification is looked for where Kubernetes' own kinds have it; custom resources are left alone. So is what is
not known yet: it is a string there, and no map.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from policies.pod_security import ALL_CAPABILITIES, NAMESPACE_LABEL, RESTRICTED, RESTRICTED_CAPABILITIES, SECCOMP_TYPES
from policies.values import SENTINELS
from policies.workloads import CONTAINERS

_PLACES = (
    ("spec",),
    ("template", "spec"),
    ("spec", "template", "spec"),
    ("spec", "jobTemplate", "spec", "template", "spec"),
)


def specs(props: Any) -> Iterator[Any]:
    """Yield the specification of each pod."""
    for item in objects(props):
        for place in _PLACES:
            found = item
            for step in place:
                found = found.get(step) if isinstance(found, Mapping) else None
            if isinstance(found, Mapping) and any(name in found for name in CONTAINERS):
                yield found


def objects(props: Any) -> Iterator[Any]:
    """Yield the object itself and the items of a List."""
    yield props
    yield from _maps(props.get("items"))


def _maps(entries: Any) -> Iterator[Any]:
    if isinstance(entries, Sequence) and not isinstance(entries, str):
        yield from (entries[index] for index in range(len(entries)) if isinstance(entries[index], Mapping))


def containers(spec: Any) -> Iterator[Any]:
    """Yield every container."""
    for name in CONTAINERS:
        yield from _maps(spec.get(name))


def _put(owner: Any, path: tuple[str, ...], value: Any) -> bool:
    """Set what is at `path`, making the maps on the way; False where something else is in the way."""
    *parents, last = path
    for step in parents:
        if owner.get(step) is None:
            owner[step] = {}
        owner = owner[step]
        if not isinstance(owner, Mapping):
            return False
    owner[last] = value
    return True


def _value(owner: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        owner = owner.get(step) if isinstance(owner, Mapping) else None
    return owner


def _replace(owner: Any, path: tuple[str, ...], bad: tuple[Any, ...], good: Any) -> bool:
    value = _value(owner, path)
    if isinstance(value, str) and value in SENTINELS:
        return False
    is_bad = any(value is entry or (isinstance(entry, str) and value == entry) for entry in bad)
    return is_bad and _put(owner, path, good)


def take_privileges_away(props: Any) -> bool:
    """POD-01."""
    process = ("securityContext", "windowsOptions", "hostProcess")
    changes = []
    for spec in specs(props):
        changes.append(_replace(spec, process, (True,), False))
        for container in containers(spec):
            changes.append(_replace(container, ("securityContext", "privileged"), (True,), False))
            changes.append(_replace(container, process, (True,), False))
    return any(changes)


def leave_the_nodes_namespaces(props: Any) -> bool:
    """POD-02."""
    names = ("hostNetwork", "hostPID", "hostIPC")
    changes = [_replace(spec, (name,), (True,), False) for spec in specs(props) for name in names]
    return any(changes)


def drop_all_capabilities(props: Any) -> bool:
    """POD-05, where no capability is added that would still be refused: taking one away may break the program."""
    path = ("securityContext", "capabilities")
    changes = []
    for spec in specs(props):
        for container in containers(spec):
            added, dropped = _value(container, (*path, "add")), _value(container, (*path, "drop"))
            known = all(value is None or not isinstance(value, str) for value in (added, dropped))
            if (
                known
                and all(name in RESTRICTED_CAPABILITIES for name in added or ())
                and ALL_CAPABILITIES not in (dropped or ())
            ):
                changes.append(_put(container, (*path, "drop"), [ALL_CAPABILITIES]))
    return any(changes)


def forbid_privilege_escalation(props: Any) -> bool:
    """POD-06, where the container is not privileged: the API takes no container that is both."""
    name = ("securityContext", "allowPrivilegeEscalation")
    changes = [
        _replace(container, name, (None, True), False)
        for spec in specs(props)
        for container in containers(spec)
        if _value(container, ("securityContext", "privileged")) in (None, False)
    ]
    return any(changes)


def run_as_a_user(props: Any) -> bool:
    """POD-07. Which user is for the image to say: `runAsUser: 0` is left."""
    name = ("securityContext", "runAsNonRoot")
    changes = []
    for spec in specs(props):
        changes.append(_replace(spec, name, (None, False), True))
        changes += [_replace(container, name, (False,), True) for container in containers(spec)]
    return any(changes)


def filter_system_calls(props: Any) -> bool:
    """POD-08."""
    name = ("securityContext", "seccompProfile", "type")
    runtime, *_ = SECCOMP_TYPES
    changes = []
    for spec in specs(props):
        changes.append(_replace(spec, name, (None, "Unconfined"), runtime))
        changes += [_replace(container, name, ("Unconfined",), runtime) for container in containers(spec)]
    return any(changes)


def restrict_namespaces(props: Any) -> bool:
    """POD-13, where the label is missing or privileged; a namespace at baseline is for a person to judge."""
    path = ("metadata", "labels", NAMESPACE_LABEL)
    items = [item for item in objects(props) if "items" not in item]
    changes = [_replace(item, path, (None, "privileged"), RESTRICTED) for item in items]
    return any(changes)
