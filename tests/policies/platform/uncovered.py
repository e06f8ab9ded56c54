"""What a reason is for which no rule of the catalogue is meant to notice a weakening.

`EQUIVALENT`: nothing is weaker than before. `READING`: the catalogue, or its reading, accepts what is left. `OUTSIDE`:
the catalogue has no rule about it. A survivor without a reason is a defect of a rule.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from tests.policies.platform.mutants import Mutant


class Why(StrEnum):
    """Why a survivor is none of the rules'."""

    EQUIVALENT = "equivalent"
    READING = "accepted by the catalogue or its reading"
    OUTSIDE = "outside the catalogue"


EQUIVALENT, READING, OUTSIDE = Why


@dataclass(frozen=True)
class Uncovered:
    """Mutants that may survive."""

    operator: str
    """Glob."""
    type: str
    """Glob over the token without `aws:` or `kubernetes:`."""
    path: str
    """Glob, in which [ and ] stand for themselves."""
    why: Why
    reason: str
    when: Callable[[Mutant], bool] = lambda _: True
    """What else must be so."""

    def covers(self, mutant: Mutant) -> bool:
        """Whether it is about a mutant."""
        token = mutant.before.type.partition(":")[2]
        return (
            fnmatchcase(mutant.operator, self.operator.replace("[", "[[]"))
            and fnmatchcase(token, self.type)
            and fnmatchcase(mutant.path, self.path.replace("[", "[[]"))
            and self.when(mutant)
        )
