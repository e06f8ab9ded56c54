"""The frame of the controllers: when it calls them, what becomes of their errors, and when it ends."""

import logging
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from twin.errors import TwinError
from twin.kubernetes.controllers import loop
from twin.kubernetes.controllers.activity import QUIET_AFTER_SECONDS, WATCHED, Activity
from twin.kubernetes.controllers.loop import CHANGED, RECORD, Rounds, World, cluster_of, only_one, run_until

SECONDS = 60


class _Fails:
    name = "fails"

    def __init__(self) -> None:
        self.error: Exception | None = ValueError("no")

    def reconcile(self, world: World) -> None:
        if self.error:
            raise self.error


class _Counts:
    name = "counts"
    called = 0

    def reconcile(self, world: World) -> None:
        self.called += 1


WORLD: World = None  # type: ignore[assignment]  # these controllers look at nothing


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / RECORD).write_text("{}")
    return tmp_path


def test_an_error_of_one_controller_is_logged_once_and_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    fails, counts = _Fails(), _Counts()
    rounds = Rounds([fails, counts])
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            rounds.run(WORLD)
        fails.error = None
        rounds.run(WORLD)
    assert counts.called == 4
    assert [record.getMessage() for record in caplog.records] == ["fails: ValueError: no", "fails: works again"]


def _run(
    folder: Path,
    ended: threading.Event,
    rounds: list[float],
    orphaned: bool = False,
    activity: Activity | None = None,
) -> threading.Thread:
    thread = threading.Thread(
        target=run_until,
        args=(ended, lambda: orphaned, lambda: rounds.append(time.monotonic()), folder, activity or Activity()),
    )
    thread.start()
    return thread


def _wait_for(rounds: list[float], count: int) -> None:
    end = time.monotonic() + SECONDS
    while len(rounds) < count:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_change_in_the_aws_api_starts_a_round_at_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "PERIOD_SECONDS", 60.0)
    rounds: list[float] = []
    ended = threading.Event()
    thread = _run(folder, ended, rounds)
    _wait_for(rounds, 1)
    (folder / CHANGED).touch()
    _wait_for(rounds, 2)
    ended.set()
    thread.join(SECONDS)
    assert not thread.is_alive()


def test_in_quiet_times_rounds_are_rare_until_something_happens_in_the_cluster(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "PERIOD_SECONDS", 0.0)
    monkeypatch.setattr(loop, "QUIET_PERIOD_SECONDS", 60.0)
    now = 0.0
    activity, ended, rounds = Activity(lambda: now), threading.Event(), list[float]()
    now = QUIET_AFTER_SECONDS + 1
    seen = _run(folder, ended, rounds, activity=activity)
    _wait_for(rounds, 1)
    time.sleep(5 * loop.CHANGED_SECONDS)
    assert len(rounds) == 1
    activity.note()
    _wait_for(rounds, 3)
    ended.set()
    seen.join(SECONDS)


class _Api:
    """An API server in which one pod changes, and which then breaks off."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def watch(self, api_version: str, kind: str, **_: object) -> Iterator[tuple[str, dict[str, object]]]:
        self.asked.append(kind)
        if kind == "Pod" and self.asked.count("Pod") == 1:
            yield "MODIFIED", {}
        threading.Event().wait()


def test_whatever_happens_to_what_controllers_look_after_ends_the_quiet() -> None:
    now = 0.0
    activity, api = Activity(lambda: now), _Api()
    now = QUIET_AFTER_SECONDS + 1
    assert activity.is_quiet
    activity.watch(api)  # type: ignore[arg-type]
    end = time.monotonic() + SECONDS
    while activity.is_quiet or set(api.asked) != {kind for _, kind in WATCHED}:
        assert time.monotonic() < end, api.asked
        time.sleep(0.01)


def test_it_ends_when_the_cluster_is_gone_or_whoever_started_it(folder: Path) -> None:
    rounds: list[float] = []
    orphan = _run(folder, threading.Event(), rounds, orphaned=True)
    orphan.join(SECONDS)
    assert not orphan.is_alive()
    assert not rounds
    (folder / RECORD).unlink()
    bereft = _run(folder, threading.Event(), rounds)
    bereft.join(SECONDS)
    assert not bereft.is_alive()
    assert not rounds


def test_there_are_never_two_for_one_cluster(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "TAKE_OVER_SECONDS", 0.2)
    with only_one(folder):
        with pytest.raises(TwinError, match="run already"), only_one(folder):
            pass
        assert oct(os.stat(folder / "controllers.lock").st_mode & 0o777) == "0o600"
    with only_one(folder):  # the lock went with the one that held it
        pass


def test_a_folder_names_its_cluster() -> None:
    assert cluster_of(Path("/twin/kubernetes/000000000001-eu-west-1-groundwork-prod")) == "groundwork-prod"
