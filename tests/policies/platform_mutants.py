"""Our own platform, weakened one property at a time: `python -m tests.policies.platform_mutants` runs all mutants.

It prints how many a rule notices, which rules do, and why the others may survive; it ends with 1 when one survives that
no reason covers, or when a reason covers nothing.
"""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TextIO

from tests.policies.platform.mutants import Judge, Mutant, mutants
from tests.policies.platform.reasons import UNCOVERED, excuse
from tests.policies.platform.uncovered import Uncovered
from tests.support.registrations import resources, settings_of
from tests.support.stack_files import ENVIRONMENTS


@dataclass
class Tally:
    """What became of the mutants."""

    caught: Counter[str] = field(default_factory=Counter)
    """By the first rule that noticed."""
    excused: Counter[Uncovered] = field(default_factory=Counter)
    defects: list[Mutant] = field(default_factory=list)
    """Survivors that a rule should have noticed."""

    @property
    def total(self) -> int:
        """All mutants."""
        return self.caught.total() + self.excused.total() + len(self.defects)

    @property
    def score(self) -> float:
        """The share of those that the catalogue covers which a rule notices."""
        covered = self.caught.total() + len(self.defects)
        return self.caught.total() / covered if covered else 1.0


def every_mutant() -> Iterator[tuple[Judge, Mutant]]:
    """Yield the mutants of all environments, each with the rules that judge it."""
    for environment in ENVIRONMENTS:
        settings = settings_of(environment)
        judge = Judge(resources(environment), settings)
        for mutant in mutants(environment, resources(environment), settings.required_tags):
            yield judge, mutant


def tally(judged: Iterable[tuple[Judge, Mutant]]) -> Tally:
    """Judge mutants."""
    result = Tally()
    for judge, mutant in judged:
        if rule := judge.caught_by(mutant):
            result.caught[rule] += 1
        elif reason := excuse(mutant):
            result.excused[reason] += 1
        else:
            result.defects.append(mutant)
    return result


def report(result: Tally, out: TextIO) -> None:
    """Print what became of the mutants."""
    print(
        f"{result.total} mutants: {result.caught.total()} noticed by {len(result.caught)} rules, "
        f"{result.excused.total()} not covered, {len(result.defects)} missed; score {result.score:.1%}",
        file=out,
    )
    by_why: Counter[str] = Counter()
    for entry, number in result.excused.items():
        by_why[entry.why] += number
    print("not covered: " + ", ".join(f"{number} {why}" for why, number in by_why.most_common()), file=out)
    for entry, number in result.excused.most_common():
        print(f"{number:6}  {entry.operator}  {entry.type}  {entry.path}: {entry.reason}", file=out)
    print("noticed by: " + ", ".join(f"{rule} {number}" for rule, number in sorted(result.caught.items())), file=out)
    for mutant in result.defects:
        print(f"missed: {mutant}", file=out)


if __name__ == "__main__":
    found = tally(every_mutant())
    report(found, sys.stdout)
    unused = [entry for entry in UNCOVERED if not found.excused[entry]]
    for entry in unused:
        sys.stdout.write(f"this reason covers nothing: {entry.operator}  {entry.type}  {entry.path}\n")
    sys.exit(1 if found.defects or unused else 0)
