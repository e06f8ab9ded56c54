"""The difference in access between what is there and what a plan makes of it."""

from collections.abc import Iterable
from dataclasses import dataclass

from groundwork.access import cluster, iam, kubernetes, network
from groundwork.access.rights import Change, Rights, Unread, changes
from groundwork.policy.sources import Saved


@dataclass(frozen=True)
class AccessDifference:
    """Who may do more and who may do less, and what nobody can tell yet."""

    changes: tuple[Change, ...]
    """Gains first."""
    unread: tuple[Unread, ...]
    """What changes and cannot be read."""

    @property
    def gains(self) -> tuple[Change, ...]:
        """What somebody may do from now on."""
        return tuple(one for one in self.changes if one.gain)

    @property
    def losses(self) -> tuple[Change, ...]:
        """What somebody may no longer do."""
        return tuple(one for one in self.changes if not one.gain)


def compare(before: Iterable[Saved], after: Iterable[Saved]) -> AccessDifference:
    """Return what a plan changes in who may do what."""
    before, after = tuple(before), tuple(after)
    one, other = rights(before), rights(after)
    same = {saved.urn: saved.inputs for saved in before}
    unread = tuple(
        dict.fromkeys(
            entry
            for entry in other.unread
            if entry not in one.unread or any(s.urn == entry.urn and same.get(s.urn) != s.inputs for s in after)
        )
    )
    return AccessDifference(changes(one, other), unread)


def rights(resources: Iterable[Saved]) -> Rights:
    """Return every right that resources give."""
    resources = [one for one in resources if one.custom]
    found = Rights()
    for collect in (iam.collect, kubernetes.collect, cluster.collect, network.collect):
        collect(resources, found)
    return found
