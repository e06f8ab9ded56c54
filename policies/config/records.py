"""What a config may declare about a run: an accepted violation, and a companion that another stack holds."""

from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class Waiver:
    """An accepted violation: who answers for it, why, and until when."""

    rule: str
    urn: str
    """Glob over the resource's URN: `*`, `?`, `[...]`."""
    reason: str
    owner: str
    expires: date
    """The last day on which it holds (UTC)."""

    def covers(self, rule: str, urn: str) -> bool:
        """Whether it is about this rule and this resource, expired or not."""
        return rule == self.rule and fnmatchcase(urn, self.urn)


@dataclass(frozen=True)
class Companion:
    """A companion resource that another stack holds, such as the bucket policy of a bucket of this stack."""

    rule: str
    urn: str
    """Glob over the URN of the resource of this stack."""
    stack: str
    """Where the companion is: organisation/project/stack."""
