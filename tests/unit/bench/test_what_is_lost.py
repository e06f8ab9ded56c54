"""Decides that a bench in which something was lost fails, and records nothing; no server is started for it."""

import sys
from pathlib import Path

import pytest

from tests.bench import __main__ as bench
from tests.bench import tracking
from tests.bench.tracking import Loaded

OTHERS = ("_header", "_components", "_growth", "_policies", "_twin", "_previews", "_kubernetes")


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a bench that measures the tracking server alone records it."""
    for section in OTHERS:
        monkeypatch.setattr(bench, section, list)
    monkeypatch.setattr(bench, "CLONE", tmp_path)
    monkeypatch.setattr(bench, "RECORD", tmp_path / "benchmarks.md")
    monkeypatch.setattr(sys, "argv", ["bench", "--record"])
    return tmp_path / "benchmarks.md"


def test_a_lost_metric_ends_the_bench_with_what_was_lost(record: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracking, "measure", lambda: Loaded([1.0, 1.0], [1.0, 1.0], lost=1))
    with pytest.raises(SystemExit) as ended:
        bench.main()
    clients = 2 * 2 * tracking.CLIENTS
    assert ended.value.code == f"error: 1 of {clients} runs on the tracking servers lost a metric"
    assert not record.exists()


def test_a_bench_without_losses_is_recorded(record: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracking, "measure", lambda: Loaded([1.0, 1.0], [1.0, 1.0], lost=0))
    bench.main()
    assert f"| runs with a metric lost (target 0) | 0 of {4 * tracking.CLIENTS} |" in record.read_text()
