"""Makes the domain hold what is wanted: writes what differs, removes what was ours and is wanted no more.

A domain adds fields of its own to what it is given (`reserved`, `last_updated_time`), so an object is as it should be
when it says all that is wanted; lists are compared whole, so that a right that was taken away is seen.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from groundwork_opensearch_setup.errors import SetupError
from groundwork_opensearch_setup.kinds import KINDS, POLICIES, Kind
from groundwork_opensearch_setup.signed import ConflictError, Domain
from groundwork_opensearch_setup.wanted import OURS, Wanted

TRIES = 3


def apply(domain: Domain, wanted: Wanted) -> Iterator[str]:
    """Do it, and yield a line for each object that was changed."""
    for kind_name, kind in KINDS.items():
        for name, body in wanted.of(kind_name).items():
            done = _keep(domain, kind, name, body)
            if done:
                yield f"{kind_name}/{name}: {done}"
    # The other way about: a mapping goes before its role.
    for kind_name, kind in reversed(list(KINDS.items())):
        for name in sorted(kind.listed(domain)):
            if name.startswith(OURS) and name not in wanted.of(kind_name):
                domain.call("DELETE", f"{kind.path}/{name}")
                yield f"{kind_name}/{name}: removed"


def says(found: Any, wanted: Any) -> bool:
    """Tell whether an object that was found says all that is wanted."""
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(says(found.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list):
        if not isinstance(found, list) or len(found) != len(wanted):
            return False
        if all(isinstance(one, str) for one in (*wanted, *found)):
            return sorted(found) == sorted(wanted)  # sets, of which the domain keeps no order
        return all(says(*pair) for pair in zip(found, wanted, strict=True))
    # Settings of an index come back as text, whatever they were given as.
    return bool(found == wanted or (isinstance(found, str) and found == _as_text(wanted)))


def merged(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object that says all that is wanted, and of the rest what it said."""
    return {**found} | {
        key: merged(found[key], value) if isinstance(value, Mapping) and isinstance(found.get(key), Mapping) else value
        for key, value in wanted.items()
    }


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _keep(domain: Domain, kind: Kind, name: str, body: Mapping[str, Any]) -> str:
    """Make an object what is wanted; return what was done, nothing where it was so."""
    for _ in range(TRIES):
        there = kind.read(domain, name)
        if there is not None and says(there.body, body):
            return ""
        try:
            written = merged(there.body, body) if there and kind.whole else dict(body)
            domain.call("PUT", f"{kind.path}/{name}{there.condition if there else ''}", written)
        except ConflictError:
            continue  # somebody else was quicker: look again
        if there is None:
            return "made"
        if kind is POLICIES:
            _tell_indices(domain, name, body)
        return "changed"
    raise SetupError(
        f"{kind.path}/{name} was changed by somebody else {TRIES} times while it was written: run it again"
    )


def _tell_indices(domain: Domain, name: str, body: Mapping[str, Any]) -> None:
    """Have the indices that are there follow the policy as it is now: each keeps the one that it began with."""
    for template in body["policy"].get("ism_template", []):
        for pattern in template["index_patterns"]:
            answer = domain.call("POST", f"/_plugins/_ism/change_policy/{pattern}", {"policy_id": name}) or {}
            if answer.get("failures"):
                raise SetupError(f"indices {pattern} do not follow the policy {name}: {answer.get('failed_indices')}")
