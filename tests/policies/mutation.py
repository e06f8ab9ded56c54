"""The mutation score of the rules: `python -m tests.policies.mutation`.

Each good resource of a rule's table is changed in one place. A mutant that the rule does not notice survives. Where the
changed resource still satisfies the rule, the mutant is an equivalent one, and the table says why; each of these is
printed. The score is over the mutants that break something, the raw one over all. Exit code 1 below the target.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from policies.families import FAMILIES
from tests.policies.harness import judge
from tests.policies.specs import SPECS
from tests.policies.test_mutants import EXPECTED, mutants

TARGET: Final = 95.0


@dataclass
class Score:
    """How many mutants were made, which of them survive, and which of these are equivalent."""

    made: Counter[str] = field(default_factory=Counter)
    """By family."""
    equivalent: list[tuple[str, str, str]] = field(default_factory=list)
    """Rule, mutant, and why it breaks nothing."""
    survivors: list[tuple[str, str]] = field(default_factory=list)
    """Rule and mutant, without an excuse."""

    def of(self, family: str = "") -> tuple[float, float]:
        """Return the score and the raw score in per cent, of one family or of all."""
        made = self.made[family] if family else self.made.total()
        excused = sum(rule.startswith(family) for rule, _, _ in self.equivalent)
        alive = sum(rule.startswith(family) for rule, _ in self.survivors)
        killed = made - excused - alive
        return 100 * killed / (made - excused), 100 * killed / made


def score() -> Score:
    """Judge every mutant of every rule."""
    found = Score()
    for rule, spec in SPECS.items():
        for name, resource, resources in mutants(spec):
            found.made[rule.partition("-")[0]] += 1
            if judge(rule, *resources, settings=spec.settings).verdict == EXPECTED[name.split()[0]]:
                continue
            full_name = f"{name} of {resource}"
            if reason := spec.excused.get(full_name) or spec.excused.get(name):
                found.equivalent.append((rule, full_name, reason))
            else:
                found.survivors.append((rule, full_name))
    return found


def main() -> None:
    """Print the score, every survivor, and every equivalent mutant with its reason."""
    found = score()
    for rule, name, reason in found.equivalent:
        print(f"{rule}: {name}: equivalent: {reason}")
    for rule, name in found.survivors:
        print(f"{rule}: {name}: SURVIVES")
    for family in FAMILIES:
        noticed, raw = found.of(family)
        print(f"{family}: {noticed:.1f} per cent ({raw:.1f} raw) of {found.made[family]} mutants")
    noticed, raw = found.of()
    print(
        f"all: {noticed:.1f} per cent (target at least {TARGET:.0f}; {raw:.1f} raw) of {found.made.total()} mutants; "
        f"{len(found.survivors)} survive, {len(found.equivalent)} are equivalent, each with its reason"
    )
    raise SystemExit(noticed < TARGET)


if __name__ == "__main__":
    main()
