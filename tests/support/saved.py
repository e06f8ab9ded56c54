"""What `pulumi stack export` would print of the whole program, from what the recorder saw."""

from typing import Any

from tests.support.program import record


def whole_numbers(value: Any) -> Any:
    """Return a recorded value with whole numbers as such: the mocks hand over every number as a float."""
    if isinstance(value, dict):
        return {key: whole_numbers(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [whole_numbers(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def export(environment: str) -> dict[str, Any]:
    """Return the state of an environment that is up."""
    recorder = record(environment)
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
                "inputs": whole_numbers(made.inputs),
                "outputs": whole_numbers(made.inputs) | {"id": f"{made.name}-id"},
                "protect": request.protect,
                "provider": _provider(request.provider, urns),
                "propertyDependencies": {},
            }
        )
    return {"version": 3, "deployment": {"manifest": {"version": "3.255.0"}, "resources": resources}}


def _provider(reference: str, urns: dict[str, str]) -> str:
    """Return a reference with a whole URN; the mocks' URNs are shortened."""
    urn, _, id_ = reference.rpartition("::")
    return f"{urns.get(urn.rpartition('::')[2], urn)}::{id_}" if urn else ""
