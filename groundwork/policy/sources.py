"""What is judged outside of a run: the resources in a saved state, a saved plan, or the JSON of a preview.

A secret cannot be read in any of them, unless the state was exported with `--show-secrets`: it counts as a value that
is not known, so that a rule that depends on it is undecided rather than satisfied.

Source: the engine's `apitype` (deployment v3, plan v1) and `display.PreviewDigest`, 3.255.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pulumi_policy.deserialize import SPECIAL_SECRET_SIG, SPECIAL_SIG_KEY
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from groundwork.errors import GroundworkError

OUTPUT_SIG: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
"""Signature of an output value: a value that may be secret or not known."""
BLINDED: Final = "[secret]"
"""What `pulumi preview --json` prints in place of a secret."""
DELETING: Final = frozenset({"delete", "delete-replaced", "discard-replaced", "discard", "remove-pending-replace"})
"""Steps after which the resource is not there."""
NEW: Final = frozenset({"create", "create-replacement", "import", "import-replacement"})
"""Steps of a plan whose difference holds all inputs."""
EXPECTED: Final = (
    "expected the JSON of `pulumi stack export`, of `pulumi preview --json --show-sames`, or of "
    "`pulumi preview --save-plan`"
)


@dataclass(frozen=True)
class Saved:
    """One resource as it was saved; values as the policy SDK takes them off the wire."""

    urn: str
    type: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]
    parent: str | None = None
    protect: bool = False
    provider: str | None = None
    """URN of its provider."""
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    external: bool = False
    """It was read, not made."""
    position: str | None = None
    """Where the program registers it: `project:///stacks/__main__.py#12`."""
    id: str = ""
    """What its provider knows it by; empty before it is made."""
    custom: bool = True
    """A provider makes it; false: a component, which only groups others."""


@dataclass(frozen=True)
class Source:
    """What is judged."""

    kind: str
    """state, preview or plan."""
    name: str
    """The file, or the stack that runs."""
    sha256: str
    """Of the text that was read."""
    resources: tuple[Saved, ...]
    engine: str = ""
    """Version of the engine that wrote it, where it says so."""
    saved: str = ""
    """When it was written, where it says so."""

    @property
    def stack(self) -> str:
        """Name of the stack, from the URNs."""
        return self._urn_part(1)

    @property
    def project(self) -> str:
        """Name of the project, from the URNs."""
        return self._urn_part(2)

    def _urn_part(self, number: int) -> str:
        # urn:pulumi:STACK::PROJECT::TYPE::NAME
        first = self.resources[0].urn.removeprefix("urn:pulumi:").split("::") if self.resources else []
        return first[number - 1] if len(first) >= number else ""


def read(text: str, name: str, state: str | None = None) -> Source:
    """Return the resources in a text, whichever of the three it is.

    `state`: the export that a plan with changes of existing resources needs, since it holds differences only.
    Raises GroundworkError.
    """
    document = _json(text, name)
    try:
        if "resourcePlans" in document:
            kind, saved = "plan", tuple(_plan(document, name, state))
        elif "steps" in document or "changeSummary" in document:
            kind, saved = "preview", tuple(_preview(document, name))
        else:
            kind, saved = "state", tuple(_state(document, name))
    except (AttributeError, KeyError, TypeError) as error:
        raise GroundworkError(f"{name}: a resource cannot be read ({type(error).__name__}); {EXPECTED}") from None
    manifest = (document.get("deployment") or document).get("manifest") or {}
    return Source(
        kind,
        name,
        hashlib.sha256(text.encode()).hexdigest(),
        saved,
        engine=str(manifest.get("version") or ""),
        saved=str(manifest.get("time") or ""),
    )


def planned(states: Iterable[Mapping[str, Any]]) -> tuple[Saved, ...]:
    """Return resources from states as the engine's events tell them, of a plan or of what was before it."""
    return tuple(_saved(state) for state in states)


def _json(text: str, name: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise GroundworkError(f"{name}: is no JSON ({error}); {EXPECTED}") from None
    if not isinstance(document, dict):
        raise GroundworkError(f"{name}: {EXPECTED}")
    return document


def _state(document: Mapping[str, Any], name: str) -> Iterator[Saved]:
    deployment = document.get("deployment")
    if isinstance(document.get("checkpoint"), dict):  # the file of a file:// backend
        deployment = document["checkpoint"].get("latest")
    resources = deployment.get("resources") if isinstance(deployment, dict) else None
    if not isinstance(resources, list):
        raise GroundworkError(f"{name}: {EXPECTED}")
    return (_saved(resource) for resource in resources if not resource.get("delete"))


def _preview(document: Mapping[str, Any], name: str) -> Iterator[Saved]:
    steps = document.get("steps") or []
    shown = sum(step.get("op") == "same" for step in steps)
    unchanged = (document.get("changeSummary") or {}).get("same", 0)
    if shown < unchanged:
        raise GroundworkError(
            f"{name}: leaves out {unchanged - shown} unchanged resources, so that rules about the whole stack would "
            "answer wrongly. Make it with: pulumi preview --json --show-sames"
        )
    # A replacement is several steps about one URN; the state that will be there comes with each of them.
    latest = {step["urn"]: step["newState"] for step in steps if step["op"] not in DELETING}
    return (_saved(resource) for resource in latest.values())


def _plan(document: Mapping[str, Any], name: str, state: str | None) -> Iterator[Saved]:
    before: dict[str, Mapping[str, Any]] = {}
    if state is not None:
        exported = _json(state, "--state").get("deployment") or {}
        before = {resource["urn"]: resource for resource in exported.get("resources") or []}
    for urn, planned in document["resourcePlans"].items():
        goal, steps = planned.get("goal"), frozenset(planned.get("steps") or ())
        if not goal or (steps and steps <= DELETING):
            continue
        old = before.get(urn)
        if old is None and not steps & NEW:
            raise GroundworkError(
                f"{name}: a plan holds only the differences of resources that exist, such as {urn}. Give their state "
                "too: --state FILE with what `pulumi stack export` prints; or use pulumi preview --json --show-sames"
            )
        yield _saved({**goal, "urn": urn, "inputs": _changed(old, goal), "outputs": planned.get("state") or {}})


def _changed(old: Mapping[str, Any] | None, goal: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs after a plan: top-level properties are replaced whole."""
    difference = goal.get("inputDiff") or {}
    inputs = dict((old or {}).get("inputs") or {})
    for gone in difference.get("deletes") or ():
        inputs.pop(gone, None)
    return inputs | (difference.get("adds") or {}) | (difference.get("updates") or {})


def _saved(resource: Mapping[str, Any]) -> Saved:
    provider = resource.get("provider")
    return Saved(
        urn=resource["urn"],
        type=resource["type"],
        inputs=_readable(resource.get("inputs") or {}),
        outputs=_readable(resource.get("outputs") or {}),
        parent=resource.get("parent") or None,
        protect=bool(resource.get("protect")),
        provider=provider.rpartition("::")[0] if provider else None,  # URN::id
        property_dependencies={
            key: tuple(urns or ()) for key, urns in (resource.get("propertyDependencies") or {}).items()
        },
        external=bool(resource.get("external")),
        position=resource.get("sourcePosition"),
        id=resource.get("id") or "",
        custom=resource.get("custom") is not False,
    )


def _readable(value: Any) -> Any:
    """Return a value with what cannot be read as not known, and secrets that can be read as such."""
    if value == BLINDED:
        return UNKNOWN_STRING_VALUE
    if isinstance(value, list):
        return [_readable(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    if value.get(SPECIAL_SIG_KEY) == SPECIAL_SECRET_SIG:
        if "plaintext" in value:
            return {SPECIAL_SIG_KEY: SPECIAL_SECRET_SIG, "value": _readable(json.loads(value["plaintext"]))}
        return UNKNOWN_STRING_VALUE
    if value.get(SPECIAL_SIG_KEY) == OUTPUT_SIG:
        return _readable(value["value"]) if "value" in value else UNKNOWN_STRING_VALUE
    return {key: _readable(entry) for key, entry in value.items()}
