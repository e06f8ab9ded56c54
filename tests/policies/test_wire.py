"""Every case of every rule over the wire, with all rules loaded: the servicer of the pack against the SDK's."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.policies.harness import R, written
from tests.policies.spec import Case
from tests.policies.specs import SPECS
from tests.policies.test_rules import standard
from tests.support.pack import MANDATORY, STOCK, RunningPack, resource, running_pack


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningPack, RunningPack]]:
    """The pack as it is, and one on the SDK's own servicer."""
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
def test_the_wire_gives_the_same_verdicts_and_the_packs_servicer_changes_none(
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
