"""Decides what `short_lived` changes in the process, and that errors are shown whole; its gain is measured."""

import gc
import sys
import traceback
from collections.abc import Iterator

import pytest

from stacks.process import FRAMES, short_lived


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    yield
    gc.enable()


def frames_at(depth: int) -> int:
    """Return how many frames the SDK would find below `depth` calls."""
    return frames_at(depth - 1) if depth else len(traceback.extract_stack())


def fail_at(depth: int) -> None:
    if depth:
        fail_at(depth - 1)
    raise LookupError


def test_a_stack_trace_of_the_program_holds_its_innermost_frames_only() -> None:
    assert frames_at(30) > FRAMES
    with short_lived():
        assert frames_at(30) == FRAMES
    assert frames_at(30) > FRAMES


def test_an_error_that_leaves_it_is_shown_with_all_frames() -> None:
    with pytest.raises(LookupError) as caught, short_lived():
        fail_at(30)
    shown = "".join(traceback.format_exception(caught.value))
    assert "raise LookupError" in shown
    assert shown.count("fail_at(depth - 1)") == 1 or "Previous line repeated" in shown
    assert not hasattr(sys, "tracebacklimit")


def test_a_limit_that_somebody_set_is_theirs_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "tracebacklimit", 7, raising=False)
    with short_lived():
        assert sys.tracebacklimit == FRAMES
    assert sys.tracebacklimit == 7


def test_the_collector_stays_off_until_the_process_ends() -> None:
    with short_lived():
        assert not gc.isenabled()
    assert not gc.isenabled(), "the SDK still works off what the program registered"
