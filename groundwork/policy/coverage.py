"""Which controls of which framework are checked by which rules and tests, and which by none."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from policies.examples import examples
from policies.frameworks import supported
from policies.frameworks.framework import Framework
from policies.rule import Rule

ON_THE_TWIN: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("800-53", "AC-3"): ("tests/twin/test_who_may_do_what.py", "tests/twin/test_what_the_api_server_refuses.py"),
    ("800-53", "AC-6"): ("tests/twin/test_identity_matrix.py",),
    ("800-53", "SC-8"): ("tests/twin/test_who_may_do_what.py",),
    ("800-53", "SC-28"): ("tests/twin/test_what_dev_holds.py",),
    ("EKS", "4.1.2"): ("tests/twin/test_identity_matrix.py",),
    ("EKS", "4.1.7"): ("tests/twin/test_what_the_cluster_of_dev_holds.py",),
    ("EKS", "4.2.1"): ("tests/twin/test_what_the_api_server_refuses.py",),
    ("EKS", "5.5.1"): ("tests/twin/test_the_control_plane.py",),
    ("PSS", "R"): ("tests/twin/test_what_the_api_server_refuses.py",),
}
"""Tests of the platform as it runs, by framework and control, beside those of the rules."""


@dataclass(frozen=True)
class Covered:
    """What looks at one control."""

    control: str
    about: str
    rules: tuple[str, ...]
    cases: int
    """Cases and mutants in the tables of those rules."""
    tests: tuple[str, ...]
    """Tests on the twin."""
    outside: str
    """Why no rule can decide it; empty where one could."""

    @property
    def gap(self) -> bool:
        """Whether something that could be checked is not."""
        return not self.rules and not self.tests and not self.outside


def coverage(framework: Framework, rules: Iterable[Rule]) -> list[Covered]:
    """Return what looks at each control of a framework."""
    known = examples()

    def cases(ids: Iterable[str]) -> int:
        return sum(known[id_].cases + known[id_].mutants for id_ in ids)

    return [
        Covered(
            control=control,
            about=framework.controls[control],
            rules=tuple(ids),
            cases=cases(ids),
            tests=ON_THE_TWIN.get((framework.key, control), ()),
            outside=framework.outside.get(control, ""),
        )
        for control, ids in supported(framework, rules).items()
    ]
