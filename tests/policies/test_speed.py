"""Records what the pack costs, without a limit: seconds are of the machine, and a busy one must not fail a test."""

import pytest

from tests.bench import policies as bench


def test_the_cost_of_the_pack_is_recorded(
    record_property: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "ROUNDS", 1)
    monkeypatch.setattr(bench, "STACKS", (40, 80))
    measured = bench.measure()
    assert any("pack / SDK's servicer" in name for name in measured)
    for name, value in measured.items():
        record_property(name, value)  # type: ignore[operator]
