import multiprocessing
import time
from pathlib import Path

import pytest

from tests.unit.tools.support import Said
from tools.cache import MARKER, Entry, cache_root, exclusive, key_of
from tools.errors import ToolchainError

ENTRY = Entry("engine", "0123")


def build(folder: Path) -> None:
    (folder / "made").write_text("whole")


def test_a_finished_entry_is_not_built_again(cache: Path, said: Said) -> None:
    ENTRY.ensure(build, said.say)
    ENTRY.ensure(lambda folder: pytest.fail(f"built {folder} again"), said.say)
    assert (cache / "engine" / "0123" / "made").read_text() == "whole"


def test_an_entry_without_its_marker_is_the_rest_of_a_killed_build_and_is_built_from_empty(
    cache: Path, said: Said
) -> None:
    rest = cache / "engine" / "0123" / "half"
    rest.parent.mkdir(parents=True)
    rest.touch()
    ENTRY.ensure(build, said.say)
    assert ENTRY.is_complete
    assert not rest.exists()
    assert "interrupted" in str(said)


def test_a_build_that_fails_leaves_nothing_that_looks_finished(cache: Path, said: Said) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise ToolchainError("no network")

    with pytest.raises(ToolchainError, match="no network"):
        ENTRY.ensure(fail, said.say)
    assert not (cache / "engine" / "0123").exists()
    ENTRY.ensure(build, said.say)
    assert ENTRY.is_complete


def _slow_build(started: str) -> None:
    def build_slowly(folder: Path) -> None:
        with Path(started).open("a") as log:
            log.write("built\n")
        time.sleep(0.5)
        build(folder)

    ENTRY.ensure(build_slowly, Said().say)


def test_two_installs_at_once_build_once(cache: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    context = multiprocessing.get_context("spawn")  # a fork of a process with threads may hang
    both = [context.Process(target=_slow_build, args=(str(log),)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(30)
    assert [process.exitcode for process in both] == [0, 0]
    assert log.read_text() == "built\n"
    assert (cache / "engine" / "0123" / MARKER).exists()


def test_a_cache_that_cannot_be_written_is_an_error_that_says_how_to_move_it(
    said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc")  # not writable for root either
    with (
        pytest.raises(ToolchainError, match=r"Cannot write to /proc/groundwork.*XDG_CACHE_HOME"),
        exclusive(cache_root() / "a.lock", said.say),
    ):
        pass


def test_a_relative_cache_folder_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "here")
    assert cache_root() == Path.home() / ".cache" / "groundwork"


def test_a_key_tells_parts_apart() -> None:
    assert key_of("ab", "c") != key_of("a", "bc")
    assert key_of("a") == key_of(b"a")
