"""Rights of whatever kind, and the difference of two sets of them.

A right is gained when nothing before gave it, whatever statement or binding it comes from now. So a statement that is
split, moved or put in another order changes nothing, and one that is widened is a gain of the wider right.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol


class Right(Protocol):
    """One thing that somebody may do, or must not. It can be hashed: most rights stay as they are, and are found so."""

    def __hash__(self) -> int: ...

    @property
    def subject(self) -> str:
        """Rights are compared with those of the same subject: a role, a bucket, a group of the cluster."""

    @property
    def prohibits(self) -> bool:
        """It takes something away: gaining it is a loss."""

    @property
    def is_limit(self) -> bool:
        """It says something only where its subject is there before and after."""

    def covers(self, other: "Right") -> bool:
        """Whether whoever has this right has the other one through it."""

    def grouped(self) -> tuple[str, ...]:
        """Return what it is told together with: who, the kind, the circumstances."""

    def said(self, together: "list[Right]") -> Iterator[str]:
        """Yield in words what some rights of the same group, of which this is the first, come to."""


@dataclass(frozen=True)
class Held:
    """A right and the resource that gives it."""

    right: Right
    urn: str


@dataclass(frozen=True)
class Change:
    """Something that somebody may do from now on, or no longer."""

    gain: bool
    kind: str
    """IAM, trust, resource policy, cluster, Kubernetes, network."""
    who: str
    what: str
    urns: tuple[str, ...]
    """The resources that give it, or that gave it."""

    @property
    def text(self) -> str:
        """One sentence without its full stop."""
        return f"{self.who} {self.what}"


@dataclass(frozen=True)
class Unread:
    """What could not be compared."""

    urn: str
    why: str


@dataclass
class Rights:
    """Everything that a set of resources gives."""

    held: list[Held] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    subjects: set[str] = field(default_factory=set)
    """Those that exist, with or without a right: a prohibition that goes with its subject is no gain of anybody."""

    def add(self, right: Right, urn: str) -> None:
        """Take a right in."""
        self.held.append(Held(right, urn))

    def by_subject(self) -> dict[str, list[Held]]:
        """Return the rights of each subject."""
        found: dict[str, list[Held]] = defaultdict(list)
        for held in self.held:
            found[held.right.subject].append(held)
        return found


def changes(before: Rights, after: Rights) -> tuple[Change, ...]:
    """Return what is gained, then what is lost."""
    gains = _more(after, before, gain=True)
    losses = _more(before, after, gain=False)
    return tuple(sorted((*gains, *losses), key=lambda one: (not one.gain, one.kind, one.who, one.what)))


def _more(one: Rights, other: Rights, *, gain: bool) -> Iterator[Change]:
    """Yield what `one` gives and `other` does not; and, as the opposite, what it prohibits."""
    there, groups = other.by_subject(), defaultdict(list)
    for subject, mine in one.by_subject().items():
        theirs = {held.right for held in there.get(subject, ())}
        for held in mine:
            right = held.right
            if right in theirs or any(known.prohibits == right.prohibits and known.covers(right) for known in theirs):
                continue
            if right.is_limit and subject not in other.subjects:
                continue
            groups[right.prohibits, right.grouped()].append(held)
    for (prohibits, (kind, who, *_)), members in groups.items():
        rights = [held.right for held in members]
        urns = tuple(dict.fromkeys(held.urn for held in members))
        for what in rights[0].said(rights):
            yield Change(gain != prohibits, kind, who, _worded(what, gain, prohibits), urns)


def _worded(what: str, gain: bool, prohibits: bool) -> str:
    """Return a right as the loss or the gain that it is."""
    if prohibits:
        return f"is from now on denied {what}" if gain else f"is no longer denied {what}"
    return f"may now {what}" if gain else f"may no longer {what}"
