"""Following a log that a program is still writing."""

from pathlib import Path

import psutil
import pytest

from twin import processes
from twin.state import ProcessId


def test_a_process_is_found_after_the_clock_was_set(monkeypatch: pytest.MonkeyPatch) -> None:
    known, moved = ProcessId.of(psutil.Process()), psutil.boot_time() + 3600
    monkeypatch.setattr("psutil._psplatform.boot_time", lambda: moved)
    assert psutil.boot_time() == moved
    found = processes.find(known)
    assert found is not None
    assert found.pid == known.pid


def test_a_line_that_is_being_written_is_given_whole_once_it_is(tmp_path: Path) -> None:
    log, rest = tmp_path / "log", ["nd\nthi", "rd\n"]
    log.write_text("first\nseco")

    def wanted() -> bool:
        if not rest:
            return False
        with log.open("a") as file:
            file.write(rest.pop(0))
        return True

    assert list(processes.follow(log, wanted)) == ["first", "second", "third"]


def test_of_a_log_that_nobody_follows_the_part_of_a_line_is_given_too(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("first\nseco")
    assert list(processes.follow(log, lambda: False)) == ["first", "seco"]
