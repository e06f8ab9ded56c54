"""What the engine says while it works, collected: changes, policy violations, diagnostics.

Source: the engine's event log as the Automation API hands it out (`pulumi.automation.events`).
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi.automation.events import (
    DiagnosticEvent,
    EngineEvent,
    OpType,
    PolicyEvent,
    StepEventMetadata,
    StepEventStateMetadata,
)

_COLOUR = re.compile(r"<\{%[^%]*%\}>|\x1b\[[0-9;]*m")
"""The engine's own colour marks (`<{%reset%}>`) and terminal escapes."""

QUIET = frozenset({OpType.SAME, OpType.READ, OpType.DISCARD})
"""Operations that change nothing in the world."""


KEEPING = frozenset({OpType.SAME, OpType.UPDATE})
"""Operations that leave a resource its id, which the engine has not yet put into the new state when it begins."""
GONE = frozenset({OpType.DELETE, OpType.DELETE_REPLACED, OpType.DISCARD, OpType.DISCARD_REPLACED})
"""Operations after which the resource is not there."""


def plain(text: str) -> str:
    """The text without the engine's colour marks."""
    return _COLOUR.sub("", text)


@dataclass(frozen=True)
class Change:
    """One step that the engine plans or has taken."""

    op: OpType
    urn: str
    type: str
    name: str
    component: str
    """Name of the type of the component it belongs to; empty for a resource of the program itself."""
    properties: tuple[str, ...] = ()
    """Paths of the properties that differ."""
    replaced_for: tuple[str, ...] = ()
    """Paths of the properties that force a new resource."""


@dataclass(frozen=True)
class Violation:
    """A policy's objection."""

    policy: str
    level: str
    resource: str
    message: str


@dataclass
class EventLog:
    """Collects events; `on_event` is what the Automation API calls."""

    changes: list[Change] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    program_output: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    """How many resources met which operation, `same` included."""
    before: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """By URN, the state of each resource that was there."""
    after: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """By URN, the state of each resource that will be, or is, there."""
    _being_read: set[str] = field(default_factory=set)

    def on_event(self, event: EngineEvent) -> None:
        """Take one event in."""
        if event.resource_pre_event:
            self._step(event.resource_pre_event.metadata)
        elif event.res_outputs_event and event.res_outputs_event.metadata.urn in self._being_read:
            # Only when a refresh has read a resource is it known whether it differs.
            self._step(event.res_outputs_event.metadata)
        elif event.policy_event:
            self._policy(event.policy_event)
        elif event.diagnostic_event:
            self._diagnostic(event.diagnostic_event)

    def blocking(self) -> list[Violation]:
        """The violations that stop the operation."""
        return [violation for violation in self.violations if violation.level == "mandatory"]

    def _step(self, step: StepEventMetadata) -> None:
        if step.op is OpType.REFRESH:
            self._being_read.add(step.urn)
            return
        self.counts[step.op.value] += 1
        self._state(step)
        if step.op in QUIET or step.type == "pulumi:pulumi:Stack":
            return
        self.changes.append(
            Change(
                op=step.op,
                urn=step.urn,
                type=step.type,
                name=name_of(step.urn),
                component=component_of(step.urn),
                properties=tuple(step.detailed_diff or step.diffs or ()),
                replaced_for=tuple(step.keys or ()),
            )
        )

    def _state(self, step: StepEventMetadata) -> None:
        if step.old is not None and not step.old.delete:
            self.before.setdefault(step.urn, _as_saved(step.old, step.old.id))
        # A replacement is several steps about one URN; the state that will be there comes with each that does not end
        # in a deletion.
        if step.new is not None and step.op not in GONE:
            kept = step.old.id if step.old is not None and step.op in KEEPING else ""
            self.after[step.urn] = _as_saved(step.new, step.new.id or kept)

    def _policy(self, event: PolicyEvent) -> None:
        self.violations.append(
            Violation(
                policy=event.policy_name,
                level=event.enforcement_level,
                resource=name_of(event.resource_urn or ""),
                message=plain(event.message).strip(),
            )
        )

    def _diagnostic(self, event: DiagnosticEvent) -> None:
        if event.ephemeral:
            return
        text = plain(event.message).rstrip()
        told = f"{name_of(event.urn)}: {text}" if event.urn else text
        if event.severity == "error":
            self.errors.append(told)
        elif event.severity == "warning":
            self.warnings.append(told)
        elif event.severity == "info#err" and text:
            self.program_output.append(text)


def _as_saved(state: StepEventStateMetadata, id_: str) -> Mapping[str, Any]:
    """Return a state in the form that the engine saves it in."""
    return {
        "urn": state.urn,
        "type": state.type,
        "custom": bool(state.custom),
        "inputs": state.inputs,
        "outputs": state.outputs,
        "id": id_,
        "parent": state.parent,
        "provider": state.provider,
        "protect": state.protect,
    }


def name_of(urn: str) -> str:
    """The logical name, the last part of a URN."""
    return urn.rsplit("::", 1)[-1]


def component_of(urn: str) -> str:
    """`ObjectStore` for a URN whose qualified type is `groundwork:storage:ObjectStore$aws:s3/bucket:Bucket`."""
    parts = urn.split("::")
    parents = parts[2].split("$")[:-1] if len(parts) > 3 else []
    return parents[-1].rsplit(":", 1)[-1] if parents else ""
