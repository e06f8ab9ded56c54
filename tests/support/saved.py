"""What `pulumi stack export` would print of the whole program, from what the recorder saw."""

from typing import Any

from tests.support.program import recorded
from tests.support.recorder import Recorder
from tests.support.registrations import as_the_engine_sends_it


def export(environment: str) -> dict[str, Any]:
    """Return the state of an environment that is up."""
    return export_of(recorded(environment), environment)


def export_of(recorder: Recorder, environment: str) -> dict[str, Any]:
    """Return the state that an environment would have, had a recorded program been its."""
    urns = {made.name: f"urn:pulumi:{environment}::groundwork::{made.typ}::{made.name}" for made in recorder.made}
    resources = []
    for made in recorder.made:
        request = recorder.requests[made.name]
        resources.append(
            {
                "urn": urns[made.name],
                "custom": bool(made.custom),
                "type": made.typ,
                "id": f"{made.name}-id",
                "inputs": as_the_engine_sends_it(made.inputs),
                "outputs": as_the_engine_sends_it(made.inputs) | {"id": f"{made.name}-id"},
                "protect": request.protect,
                "parent": urns.get(request.parent.rpartition("::")[2]),
                "provider": _provider(request.provider, urns),
                "propertyDependencies": {},
            }
        )
    return {"version": 3, "deployment": {"manifest": {"version": "3.255.0"}, "resources": resources}}


def _provider(reference: str, urns: dict[str, str]) -> str:
    """Return a reference with a whole URN; the mocks' URNs are shortened."""
    urn, _, id_ = reference.rpartition("::")
    return f"{urns.get(urn.rpartition('::')[2], urn)}::{id_}" if urn else ""
