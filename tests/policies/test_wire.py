"""Every case of every rule once more, over the wire and with all rules loaded, with and without the memo."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.policies.harness import R, written
from tests.policies.spec import Case
from tests.policies.specs import SPECS
from tests.policies.test_rules import standard
from tests.support.pack import MANDATORY, POLICIES, RunningPack, resource, running_pack

STOCK = f"""
import sys
from datetime import date

sys.path.insert(0, {str(POLICIES.parent)!r})
from pulumi_policy import PolicyPack
from policies.pack import policies
from policies.rules import RULES

PolicyPack(name="stock", policies=policies(RULES, date(2026, 6, 1)))
"""


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningPack, RunningPack]]:
    """The pack as it is, and one on the SDK's own functions."""
    folder: Path = tmp_path_factory.mktemp("stock")
    (folder / "__main__.py").write_text(STOCK)
    with running_pack() as fast, running_pack(folder) as stock:
        yield fast, stock


def said(pack: RunningPack, case: Case) -> list[tuple[str, str]]:
    """Return policy and message of all diagnostics of both passes."""
    found = []
    everything: dict[str, R] = {}
    for item in case.resources:
        options = {"protect": item.protect} | ({"parent": item.parent} if item.parent else {})
        found += pack.analyze(item.type, item.name, written(item.props), **options)
        everything |= {target.urn: target for targets in item.depends.values() for target in targets}
    everything |= {item.urn: item for item in case.resources}
    listed = []
    for item in everything.values():
        depends = {key: [target.urn for target in targets] for key, targets in item.depends.items()}
        listed.append(resource(item.type, item.name, written({**item.props, **item.outputs}), depends))
        listed[-1].options.protect = item.protect
    found += pack.analyze_stack(listed)
    return [(diagnostic.policyName, diagnostic.message) for diagnostic in found]


@pytest.mark.parametrize("rule", SPECS)
def test_the_wire_gives_the_same_verdicts_and_the_memo_changes_none(
    rule: str, packs: tuple[RunningPack, RunningPack]
) -> None:
    spec = SPECS[rule]
    for case in (*standard(spec), *spec.extra):
        for pack in packs:
            pack.configure({"pack-settings": (MANDATORY, spec.settings_of(case))})
        if any(item.default_tags for item in case.resources):
            continue  # the driver sends no provider; the harness does
        fast, stock = (said(pack, case) for pack in packs)
        assert fast == stock, case.id
        assert (rule in {policy for policy, _ in fast}) == (case.verdict != "pass"), case.id
