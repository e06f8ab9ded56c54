"""What a refresh that changes nothing has found."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from pulumi.automation.events import OpType

from groundwork.differences import Difference, differences, said
from groundwork.events import EventLog, name_of

DRIFTED: Literal[2] = 2
"""Exit code where something differs."""


@dataclass(frozen=True)
class Drifted:
    """A resource that is not as the state says."""

    urn: str
    type: str
    what: Literal["gone", "changed"]
    differences: tuple[Difference, ...] = ()

    @property
    def name(self) -> str:
        """The logical name."""
        return name_of(self.urn)


def drifted(log: EventLog) -> tuple[Drifted, ...]:
    """Return what differs, in the order of the engine."""
    return tuple(_drifted(log))


def _drifted(log: EventLog) -> Iterator[Drifted]:
    for change in log.changes:
        if change.op is OpType.DELETE:
            yield Drifted(change.urn, change.type, "gone")
        elif change.op is OpType.UPDATE:
            before, after = log.before.get(change.urn, {}), log.after.get(change.urn, {})
            found: tuple[Difference, ...] = ()
            # What the program asks for; else what the provider says, of which some changes by itself.
            for side, paths in (
                ("inputs", change.properties),
                ("inputs", ()),
                ("outputs", change.properties),
                ("outputs", ()),
            ):
                found = differences(change.type, before.get(side) or {}, after.get(side) or {}, paths)
                if found:
                    break
            yield Drifted(change.urn, change.type, "changed", found)


def document(environment: str, found: Iterable[Drifted]) -> dict[str, Any]:
    """Return what differs for programs; values as they are told to people."""
    return {
        "subject": environment,
        "resources": [
            {
                "urn": one.urn,
                "type": one.type,
                "name": one.name,
                "what": one.what,
                "differences": [
                    {
                        "path": each.path,
                        "state": said(each.before, secret=each.secret),
                        "world": said(each.after, secret=each.secret),
                    }
                    for each in one.differences
                ],
            }
            for one in found
        ],
    }
