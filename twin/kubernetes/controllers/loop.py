"""The frame of the controllers: when each is called, what becomes of its errors, and when the process ends.

A controller compares what should be with what is and makes one step, as those of Kubernetes do: it waits for nothing,
is called again soon, and finds its way from whatever state it meets, because the process may be killed at any time.
"""

import fcntl
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from twin.account import Account
from twin.errors import TwinError
from twin.kubernetes.client import Client
from twin.kubernetes.controllers.activity import Activity

PERIOD_SECONDS = 1.0
"""Between two rounds. What happens inside the cluster is noticed this late at most."""
QUIET_PERIOD_SECONDS = 5.0
"""The same while nothing happens. A step that only time brings, such as the end of an idle node, comes this late."""
CHANGED_SECONDS = 0.1
"""How soon a change in the AWS API is noticed."""
TAKE_OVER_SECONDS = 15.0
"""How long a process waits for the one of the same cluster that is about to end."""
CHANGED = "changed"
"""File in a cluster's folder that the AWS API touches when something of this cluster has changed there."""
RECORD = "cluster.json"
"""File in a cluster's folder that is there as long as the cluster."""
_log = logging.getLogger("twin.kubernetes.controllers")


@dataclass(frozen=True)
class World:
    """What a controller works with."""

    aws: Account
    """The root of the cluster's account."""
    api: Client
    """The cluster's API server, as an administrator."""
    cluster: str
    """Name of the EKS cluster."""
    folder: Path
    """The cluster's folder in the twin."""


class Controller(Protocol):
    """One controller. What it remembers between two calls may be lost at any time."""

    name: str
    """As logs show it."""

    def reconcile(self, world: World) -> None:
        """Make one step, without waiting. An exception is logged, and the next call comes as always."""


class Rounds:
    """Calls each controller once a round."""

    def __init__(self, controllers: Sequence[Controller]) -> None:
        self._controllers = controllers
        self._complaints: dict[str, str] = {}

    def run(self, world: World) -> None:
        """One round. An error that stays the same is logged once, not every second."""
        for controller in self._controllers:
            try:
                controller.reconcile(world)
            except Exception as error:
                self._complain(controller.name, error)
            else:
                if self._complaints.pop(controller.name, None):
                    _log.info("%s: works again", controller.name)

    def _complain(self, name: str, error: Exception) -> None:
        said = f"{type(error).__name__}: {error}"
        if self._complaints.get(name) != said:
            self._complaints[name] = said
            _log.error("%s: %s", name, said, exc_info=error)


def run_until(
    ended: threading.Event, orphaned: Callable[[], bool], rounds: Callable[[], None], folder: Path, activity: Activity
) -> None:
    """Run a round whenever something has changed in the AWS API or a period has passed: a longer one in quiet times.

    Returns when `ended` is set, when the process that started this one is gone, or when the cluster's folder is.
    """
    seen: float | None = None
    last_round = -QUIET_PERIOD_SECONDS
    while not ended.wait(CHANGED_SECONDS):
        if orphaned():
            _log.info("the AWS API is gone")
            return
        if not (folder / RECORD).exists():
            _log.info("the cluster is gone")
            return
        changed = _touched(folder / CHANGED)
        if changed != seen:
            activity.note()
        elif time.monotonic() < last_round + (QUIET_PERIOD_SECONDS if activity.is_quiet else PERIOD_SECONDS):
            continue
        seen = changed  # before the round: what changes during it is looked at again
        rounds()
        last_round = time.monotonic()


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the lock of this cluster's controllers; a process that is about to end is waited for.

    Raises TwinError when another one goes on.
    """
    handle = os.open(folder / "controllers.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        end = time.monotonic() + TAKE_OVER_SECONDS
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > end:
                    raise TwinError(f"The controllers of {folder.name} run already.") from None
                time.sleep(CHANGED_SECONDS)
        yield
    finally:
        os.close(handle)


def world_of(folder: Path, variables: Mapping[str, str]) -> World:
    """The world of a cluster's folder, for a process with these environment variables."""
    return World(
        aws=Account.of(variables),
        api=Client.of(folder / "admin.kubeconfig", attempts=1),  # the next round is the next attempt
        cluster=cluster_of(folder),
        folder=folder,
    )


def cluster_of(folder: Path) -> str:
    """The name of the EKS cluster of a folder `<account>-<region>-<cluster>`.

    >>> cluster_of(Path("000000000000-eu-west-1-groundwork-dev"))
    'groundwork-dev'
    """
    # A region is three words: eu-west-1. (us-gov-west-1 and its like, of four, are accounts of another partition.)
    return folder.name.split("-", 4)[4]


def _touched(file: Path) -> float | None:
    try:
        return file.stat().st_mtime
    except FileNotFoundError:
        return None
