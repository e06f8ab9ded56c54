"""The mutation score of the rules: `python -m tests.policies.mutation`.

Each good resource of a rule's table is changed in one place. A mutant that the rule does not notice breaks nothing, and
is equivalent to the resource that it was made of, or it survives. The table says which, and why; each of these is
printed. The score is of all but the equivalent ones, the raw one of all. Exit code 1 below the target, and for a mutant
that is neither noticed nor accounted for.
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
    survivors: list[tuple[str, str, str]] = field(default_factory=list)
    """Rule, mutant, and why the rule does not notice it; empty where nobody has said so."""

    def of(self, family: str = "") -> tuple[float, float]:
        """Return the score and the raw score in per cent, of one family or of all."""
        made = self.made[family] if family else self.made.total()
        equivalent = sum(rule.startswith(family) for rule, _, _ in self.equivalent)
        noticed = made - equivalent - sum(rule.startswith(family) for rule, _, _ in self.survivors)
        return 100 * noticed / (made - equivalent), 100 * noticed / made


def score() -> Score:
    """Judge every mutant of every rule."""
    found = Score()
    for rule, spec in SPECS.items():
        for name, resource, resources in mutants(spec):
            found.made[rule.partition("-")[0]] += 1
            if judge(rule, *resources, settings=spec.settings).verdict == EXPECTED[name.split()[0]]:
                continue
            equivalent, survives = spec.accounted(name, resource)
            if equivalent:
                found.equivalent.append((rule, f"{name} of {resource}", equivalent))
            else:
                found.survivors.append((rule, f"{name} of {resource}", survives or ""))
    return found


def main() -> None:
    """Print the score, every survivor, and every equivalent mutant with its reason."""
    found = score()
    for rule, name, reason in found.equivalent:
        print(f"{rule}: {name}: equivalent: {reason}")
    for rule, name, reason in found.survivors:
        print(f"{rule}: {name}: SURVIVES: {reason or 'nobody has said why'}")
    for family in FAMILIES:
        noticed, raw = found.of(family)
        print(f"{family}: {noticed:.1f} per cent ({raw:.1f} raw) of {found.made[family]} mutants")
    noticed, raw = found.of()
    print(
        f"all: {noticed:.1f} per cent (target at least {TARGET:.0f}; {raw:.1f} raw) of {found.made.total()} mutants; "
        f"{len(found.survivors)} survive, {len(found.equivalent)} are equivalent"
    )
    raise SystemExit(noticed < TARGET or not all(reason for _, _, reason in found.survivors))


if __name__ == "__main__":
    main()
