"""What the pack costs: recorded in seconds, which are of the machine, and limited in ratios, which are of the code.

A ratio is of processor time of the packs' own processes, in turns in one run, the least of several rounds: a busy
machine stretches both sides, and never makes the least one smaller. The limits are several times what is measured.
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.bench import policies as bench
from tests.support.pack import POLICIES, STOCK, RunningPack, running_pack
from tests.support.saved import export

ROUNDS = 3
EACH_AT_MOST = 0.5
"""Of what the SDK's own servicer takes to judge a resource; measured 0.14."""
STACK_AT_MOST = 0.2
"""The same for a stack pass; measured 0.011 for 1,000 resources and more for fewer."""
GROWTH_AT_MOST = 2.0
"""A resource of four times as many, against one of fewer: linear is 1, quadratic 4."""
SMALL, FOURFOLD, OF_BOTH = 1_000, 4_000, 150


@pytest.fixture(scope="module")
def pack() -> Iterator[RunningPack]:
    with running_pack(POLICIES) as running:
        yield running


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPack]:
    folder: Path = tmp_path_factory.mktemp("stock")
    (folder / "__main__.py").write_text(STOCK)
    with running_pack(folder) as running:
        yield running


def least(*works: Callable[[], bench.Spent]) -> tuple[float, ...]:
    """Return the least processor time of each, all having had as many turns."""
    rounds = [[work().processor for work in works] for _ in range(ROUNDS)]
    return tuple(map(min, zip(*rounds, strict=True)))


def test_a_resource_costs_a_fraction_of_what_the_sdk_takes(pack: RunningPack, stock: RunningPack) -> None:
    requests = [bench._request(resource) for resource in export("dev")["deployment"]["resources"]][::5]
    assert len(requests) > 60
    ours, theirs = least(partial(bench._asked, pack, requests), partial(bench._asked, stock, requests))
    assert ours <= EACH_AT_MOST * theirs


def test_a_stack_pass_costs_a_fraction_of_what_the_sdk_takes(pack: RunningPack, stock: RunningPack) -> None:
    program = export("dev")["deployment"]["resources"]
    resources = [bench._analyzed(one) for one in bench.copies(program, OF_BOTH)]
    ours, theirs = least(partial(bench._stack, pack, resources), partial(bench._stack, stock, resources))
    assert ours <= STACK_AT_MOST * theirs


def test_a_stack_pass_grows_with_the_stack_and_no_faster(pack: RunningPack) -> None:
    program = export("dev")["deployment"]["resources"]
    small, large = ([bench._analyzed(one) for one in bench.copies(program, size)] for size in (SMALL, FOURFOLD))
    assert (len(small), len(large)) == (SMALL, FOURFOLD)
    few, many = least(partial(bench._stack, pack, small), partial(bench._stack, pack, large))
    assert few > 5 * bench.TICK, "too little to be measured"
    assert many / FOURFOLD <= GROWTH_AT_MOST * few / SMALL


def test_the_cost_of_the_pack_is_recorded(
    record_property: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "ROUNDS", 1)
    monkeypatch.setattr(bench, "STACKS", (40, 80))
    measured = bench.measure()
    assert any("pack / SDK's servicer" in name for name in measured)
    for name, value in measured.items():
        record_property(name, value)  # type: ignore[operator]
