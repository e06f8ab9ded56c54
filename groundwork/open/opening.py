"""Runs a server of the platform on this machine until somebody ends it: a pod as its manifest describes it."""

import os
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from components.labels import TEAM
from groundwork.console import console
from groundwork.errors import GroundworkError
from groundwork.open import cluster, jobs
from groundwork.open.servers import Server
from groundwork.open.stopping import Stop, stoppable
from groundwork.open.told import Opened
from tools.progress import Progress
from twin.kubernetes.client import ApiError
from twin.kubernetes.controllers.loop import World
from twin.places import Places
from twin.pods import records
from twin.pods.pod import RunningPod
from twin.pods.runner import PodRunner

INTERRUPTED = 128
"""A shell's exit code of a program that a signal ended: this and the signal's number."""


def serve(server: Server, environment: str, team: str | None, progress: Progress) -> int:
    """Open the server, tell of it, and go on until a signal comes; return the exit code.

    Raises GroundworkError or TwinError, which say what to do, when it cannot be opened or ends by itself.
    """
    here, world = cluster.find(environment)
    try:
        opening = Opening(server, environment, team, here, world, progress)
        opening.check()
        return opening.serve()
    except ApiError as error:
        raise GroundworkError(f"The API server of {world.cluster}: {error.message}") from error


@dataclass(frozen=True)
class Opening:
    """One server of one environment that is opened."""

    server: Server
    environment: str
    team: str | None
    here: Places
    world: World
    progress: Progress

    @property
    def namespace(self) -> str:
        """Where its workload is."""
        return self.server.namespace.format(team=self.team)

    @property
    def title(self) -> str:
        """What it is called, with the team whose it is."""
        return f"{self.server.title} of {self.team}" if self.server.is_a_teams else self.server.title

    def check(self) -> None:
        """Raise GroundworkError for what keeps it from being opened, before anything is started."""
        self._check_team()
        if self._workload() is None:
            file, key = f"Pulumi.{self.environment}.yaml", self.server.setting
            if cluster.has_setting(self.here, self.environment, key):
                raise GroundworkError(
                    f"{self.environment} was built without {self.title}, or not to its end: "
                    f"groundwork up {self.environment}"
                )
            raise GroundworkError(
                f"{self.environment} has no {self.server.title}: {file} has no `{key}`. docs/settings.md says what "
                f"belongs there; then: groundwork up {self.environment}"
            )
        for pod in records.running(self.here.pods, self.world.folder.name):
            if (pod.namespace, pod.workload) == (self.namespace, f"{self.server.kind}/{self.server.workload}"):
                address = f"http://{pod.address}:{pod.ports[self.server.port]}"
                raise GroundworkError(
                    f"{self.title} is open already, at {address}, by process {pod.runner.pid}. Use that one, or end it "
                    f"first: kill {pod.runner.pid}"
                )

    def serve(self) -> int:
        """Run it until a signal comes; nothing of it is left when this returns or raises."""
        opened = False
        with stoppable() as request:
            try:
                runner = PodRunner(self.here.pods, self.world, self.progress)
                for component in self.server.before:
                    jobs.run(runner, self.world.api, self.namespace, component)
                with runner.start(self.namespace, self.server.workload, self.server.kind) as running:
                    for component in self.server.after:
                        jobs.run(runner, self.world.api, self.namespace, component)
                    self._tell(running)
                    opened = True
                    self._wait(running)
            except (Stop, OSError):  # the latter when the terminal has gone, and with it where to print
                if request.by is None:
                    raise
            finally:
                # The signal may have come while something was being stopped.
                records.end_all(self.here.pods, runner=os.getpid())
        _say(f"{self.title} is stopped ({request.by.name if request.by else ''}); no process of it is left.")
        return 0 if opened or request.by is None else INTERRUPTED + request.by

    def _workload(self) -> dict[str, Any] | None:
        return self.world.api.get("apps/v1", self.server.kind, self.server.workload, self.namespace)

    def _check_team(self) -> None:
        spaces = self.world.api.list("v1", "Namespace", None, TEAM)
        teams = sorted(space["metadata"]["labels"][TEAM] for space in spaces)
        known = ", ".join(teams) or "none"
        if self.team is None and self.server.is_a_teams:
            raise GroundworkError(f"Each team has its own {self.server.title}: give --team, one of {known}")
        if self.team is not None and self.team not in teams:
            raise GroundworkError(f"There is no team {self.team!r} in {self.environment}: there is {known}")

    def _tell(self, running: RunningPod) -> None:
        url = f"http://{running.address}:{running.ports[self.server.port]}"
        told = Opened(self.world.api, self.environment, self._workload() or {}, self.team, url)
        logs = next(iter(running.logs.values())).parent
        for line in (
            f"{self.title} is open in {self.environment}: {url}",
            *self.server.tell(told),
            f"Logs: {logs}. Ctrl-C ends it.",
        ):
            _say(line)

    def _wait(self, running: RunningPod) -> None:
        try:
            running.wait()
        except Stop:
            _say(f"Stopping {self.title} …")
            raise
        raise GroundworkError(f"{self.title} was ended by another command, such as `groundwork twin stop`.")


def _say(line: str) -> None:
    """A line for the person, as it is: it may be copied. Nobody may hear it: the terminal may have gone."""
    with suppress(OSError):
        console.print(line, soft_wrap=True, highlight=False, markup=False)
