"""What a plan deletes or replaces that holds what cannot be made again."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from groundwork.preview.plan import Step
from policies.config.resilience import STATEFUL
from policies.tokens import kubernetes

HOLDS_DATA: Final = frozenset(STATEFUL) | {
    "aws:cloudwatch/logGroup:LogGroup",
    "aws:rds/snapshot:Snapshot",
    "aws:sqs/queue:Queue",
    *kubernetes(
        "apps/v1:StatefulSet", "core/v1:Namespace", "core/v1:PersistentVolume", "core/v1:PersistentVolumeClaim"
    ),
}
"""Beside what RES-08 protects: records, messages, and what goes with a namespace or a claim."""


@dataclass(frozen=True)
class Loss:
    """One resource that goes, with what it holds."""

    urn: str
    type: str
    name: str
    op: str
    """delete or replace."""
    why: str
    """The properties that force a new one; empty for a deletion."""
    protected: bool
    """The engine refuses until the protection is taken off by name."""


def losses(steps: Iterable[Step], protected: frozenset[str], stateful: Iterable[str] = ()) -> tuple[Loss, ...]:
    """Return what is lost. `stateful`: further types, of the settings of the policies."""
    kinds = HOLDS_DATA | frozenset(stateful)

    def found() -> Iterator[Loss]:
        for step in steps:
            kept = step.urn in protected or bool(step.before.get("protect"))
            if step.op in ("delete", "replace") and step.before and (step.type in kinds or kept):
                yield Loss(step.urn, step.type, step.name, step.op, ", ".join(step.replaced_for), kept)

    return tuple(found())
