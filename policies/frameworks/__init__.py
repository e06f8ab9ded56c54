"""The frameworks whose controls the rules support: what a control is about, and which controls no rule looks at.

A rule's control ids are the catalogue's. What a control says is put in our own words; the framework's text is what
counts. A rule *supports* a control: no set of rules makes anything compliant with a framework.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from policies.frameworks.aws import AISF, CIS_AWS, FSBP
from policies.frameworks.framework import Framework
from policies.frameworks.governance import AI_ACT, ISO_42001, NIST
from policies.frameworks.kubernetes import CIS_EKS, POD_SECURITY
from policies.rule import Rule

FRAMEWORKS: Final[Mapping[str, Framework]] = {
    framework.key: framework for framework in (FSBP, CIS_AWS, NIST, AISF, CIS_EKS, POD_SECURITY, AI_ACT, ISO_42001)
}
"""By the first part of a control id."""


def parts(control_id: str) -> tuple[tuple[Framework, str], ...]:
    """Return the controls that an id of a rule stands for, each with its framework.

    >>> [(framework.key, control) for framework, control in parts("800-53 SC-28/SC-8")]
    [('800-53', 'SC-28'), ('800-53', 'SC-8')]
    """
    for key, framework in FRAMEWORKS.items():
        rest = control_id.removeprefix(key)
        if rest != control_id and rest[0] in ":- ":
            return tuple((framework, control) for control in rest[1:].split("/"))
    raise ValueError(f"{control_id}: of no framework")


def in_words(control_id: str) -> tuple[str, ...]:
    """Return what an id of a rule stands for, a line for each control."""
    return tuple(
        f"{framework.title}, {control}: {framework.controls[control]}" for framework, control in parts(control_id)
    )


def supported(framework: Framework, rules: Iterable[Rule]) -> dict[str, list[str]]:
    """Return the ids of the rules that support each control of a framework, in the framework's order."""
    found: dict[str, list[str]] = {control: [] for control in framework.controls}
    for rule in rules:
        for control_id in rule.controls:
            for of, control in parts(control_id):
                if of is framework:
                    found[control].append(rule.id)
    return found
