"""A pod that runs as processes: init containers in order, sidecars, the others, and their end in the reverse order.

Source: Kubernetes documentation, "Init Containers", "Sidecar Containers", "Pod Lifecycle" (termination).
"""

import contextlib
import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil

from twin.pods import records
from twin.pods.container import Container
from twin.pods.errors import PodError
from twin.pods.files import write
from twin.pods.preparation import Prepared
from twin.pods.records import LocalPod
from twin.pods.volumes import Token
from twin.state import ProcessId

PARTS = ("volumes", "containers")
"""Of a pod's folder: gone with the pod. Its logs stay."""
_LOOK_SECONDS = 0.1
_KEEPER_SECONDS = 1.0
_REFRESH_SECONDS = 5.0
"""How often files are compared with the cluster's config maps and secrets; kubelet takes a minute or two."""
_RENEWED_AT = 0.8
"""Part of its lifetime after which kubelet renews a token."""
_KILL_SECONDS = 5.0
_LAST_ROUND_SECONDS = 5.0
"""How long whoever renews files may take for those that it is at: the API server may never answer."""
_SETTLED_SECONDS = 1.0
"""How long all have to be ready: one without a probe is so as soon as it runs, and may end the moment after."""
_LOOPBACK = ("127.", "::1", "::ffff:127.")
Manifest = Mapping[str, Any]
Ends = Callable[[], None]


class RunningPod:
    """The processes of one pod."""

    def __init__(
        self,
        pod: Manifest,
        folder: Path,
        local: LocalPod,
        prepared: Prepared,
        token: Callable[[Token], str],
        ends: Sequence[Ends],
    ) -> None:
        """`token` makes a service account token; `ends` is what there is to do after the last process has ended."""
        self.namespace, self.name = local.namespace, local.name
        self.address = local.address
        """Where its containers listen."""
        self.ports = local.ports
        """Of its containers, by name."""
        self.logs = {name: command.log for name, command in prepared.commands.items()}
        """Of each container."""
        self._pod, self._folder, self._local = pod, folder, local
        self._prepared, self._token, self._ends = prepared, token, ends
        self._sidecars: list[Container] = []
        self._containers: list[Container] = []
        self._problem: PodError | None = None
        """Why it was stopped by whoever looks after it."""
        self._renewals: dict[Token, float] = {}
        self._stopping, self._ending, self._stopped = threading.Lock(), threading.Event(), threading.Event()
        self._keeper = threading.Thread(target=self._keep, name=f"pod {self.name}", daemon=True)

    def start(self, tries: int) -> None:
        """Run the init containers and start the others. One that fails as often as `tries` ends the attempt.

        Raises PodError, with the end of the log. Whatever happens, `stop` is to be called.
        """
        records.save(self._folder, self._local)
        for token in self._prepared.tokens:
            self._renew(token)
        self._keeper.start()
        for manifest in self._pod["spec"].get("initContainers", ()):
            if manifest.get("restartPolicy") == "Always":
                sidecar = self._started(manifest["name"], "Always", self._sidecars)
                self._until(lambda s=sidecar: s.has_started, tries)  # type: ignore[misc]
            else:
                policy = "Never" if self._restart_policy == "Never" else "OnFailure"
                container = self._started(manifest["name"], policy, self._containers)
                self._until(container.over.is_set, tries)
                self._containers.remove(container)
                if container.exit_code != 0:
                    raise self._failure(container)
        for manifest in self._pod["spec"]["containers"]:
            self._started(manifest["name"], self._restart_policy, self._containers)

    def wait_ready(self, seconds: float, tries: int) -> None:
        """Return once every container is ready by its own probe, and none listens beyond loopback. Raises PodError."""
        everything, since = [*self._sidecars, *self._containers], float("inf")

        def settled() -> bool:
            nonlocal since
            since = min(since, time.monotonic()) if all(one.is_ready for one in everything) else float("inf")
            return time.monotonic() - since >= _SETTLED_SECONDS

        self._until(settled, tries, seconds)
        self._refuse_open_ports()

    def wait(self, tries: int | None = None, seconds: float | None = None) -> int:
        """The exit code once every container but sidecars has ended, or was ended: the first that is not 0.

        `tries`: how often one may fail before that is the answer. Raises PodError after so many `seconds`.
        """

        def ended() -> bool:
            over = all(one.over.is_set() for one in self._containers)
            tried = tries is not None and any(one.exits >= tries and one.exit_code for one in self._containers)
            return over or self._stopped.is_set() or tried

        self._until(ended, None, seconds)
        return next((one.exit_code for one in self._containers if one.exit_code), 0)

    def failure(self) -> PodError | None:
        """The error that the first container is that has failed; None when none has."""
        return next((self._failure(one) for one in self._containers if one.exit_code), None)

    def stop(self) -> None:
        """End every process: first the containers, then the sidecars from the last to the first."""
        self._ending.set()
        with self._stopping:
            if self._stopped.is_set():
                return
            grace = float(self._pod["spec"].get("terminationGracePeriodSeconds", 30))
            for one in self._containers:
                one.stop(grace)
            for one in self._containers:
                one.over.wait(grace + _KILL_SECONDS)
            for one in reversed(self._sidecars):
                one.stop(grace)
                one.over.wait(grace + _KILL_SECONDS)
            if self._keeper.is_alive() and self._keeper is not threading.current_thread():
                self._keeper.join(_LAST_ROUND_SECONDS)  # or it would write again what is removed here
            for part in PARTS:
                shutil.rmtree(self._folder / part, ignore_errors=True)
            records.forget(self._folder)
            for end in self._ends:  # the last of them lets another runner have the folder
                end()
            self._stopped.set()

    def __enter__(self) -> "RunningPod":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def _restart_policy(self) -> str:
        return str(self._pod["spec"].get("restartPolicy", "Always"))

    def _started(self, name: str, policy: str, among: list[Container]) -> Container:
        container = Container(
            self._prepared.commands[name], policy, self._remember, lambda: records.is_known(self._folder)
        )
        container.start()
        among.append(container)
        return container

    def _remember(self, container: str, process: ProcessId) -> None:
        self._local = replace(self._local, containers={**self._local.containers, container: process})
        records.save(self._folder, self._local)

    def _until(self, done: Callable[[], bool], tries: int | None, seconds: float | None = None) -> None:
        end = time.monotonic() + seconds if seconds is not None else None
        wrong: PodError | None = None
        while wrong is None and not done():
            if self._stopped.wait(_LOOK_SECONDS) and not done():
                wrong = PodError(f"Pod {self.namespace}/{self.name} was stopped.")
            elif tries is not None:
                wrong = self._given_up(tries)
            if wrong is None and end is not None and time.monotonic() > end:
                wrong = self._overdue(seconds or 0.0)
        if self._problem is not None:  # and what else went wrong has come of that
            self.stop()
            raise self._problem
        if wrong is not None:
            raise wrong

    def _given_up(self, tries: int) -> PodError | None:
        """The failure of the first container that is not tried again, or has been tried often enough."""
        for one in (*self._sidecars, *self._containers):
            if one.exit_code and (one.exits >= tries or one.over.is_set()):
                return self._failure(one)
        return None

    def _overdue(self, seconds: float) -> PodError:
        waiting = [one for one in (*self._sidecars, *self._containers) if not one.is_ready]
        what = "; ".join(f"container {one.name}: {one.problem}" for one in waiting) or "it has not ended"
        logs = "\n".join(one.end_of_log() for one in waiting)
        return PodError(f"Pod {self.namespace}/{self.name} after {seconds:.0f} s: {what}.\n{logs}".rstrip())

    def _failure(self, container: Container) -> PodError:
        times = f" {container.exits} times, the last time" if container.exits > 1 else ""
        return PodError(
            f"Container {container.name} of pod {self.namespace}/{self.name} has ended{times} with exit code "
            f"{container.exit_code}. {container.end_of_log()}"
        )

    def _refuse_open_ports(self) -> None:
        """What listens on every interface would be open to the network that the machine is in."""
        for name, process in self._local.containers.items():
            with contextlib.suppress(psutil.Error):
                family = psutil.Process(process.pid)
                for one in (family, *family.children(recursive=True)):
                    for connection in one.net_connections("inet"):
                        if connection.status == psutil.CONN_LISTEN and not connection.laddr.ip.startswith(_LOOPBACK):
                            where = f"{connection.laddr.ip}:{connection.laddr.port}"
                            raise PodError(
                                f"Container {name} listens on {where}, which others on the network may reach. "
                                "Let its manifest say 0.0.0.0, which becomes the pod's own address, or $(POD_IP)."
                            )

    def _renew(self, token: Token) -> None:
        write(token.file, self._token(token).encode())
        self._renewals[token] = time.monotonic() + token.seconds * _RENEWED_AT

    def _keep(self) -> None:
        """Renew tokens and files; stop the pod when it opens itself to the network, or was ended, as by `twin stop`."""
        refreshed = time.monotonic()
        while not self._ending.wait(_KEEPER_SECONDS):
            try:
                self._refuse_open_ports()
            except PodError as error:
                self._problem = error
            if self._problem is not None or not records.is_known(self._folder):
                self.stop()
                return
            # The next round is the next attempt: the API server may be away for a moment.
            for token, due in list(self._renewals.items()):
                if time.monotonic() > due:
                    with contextlib.suppress(Exception):
                        self._renew(token)
            if time.monotonic() > refreshed + _REFRESH_SECONDS:
                with contextlib.suppress(Exception):
                    self._prepared.refresh()
                refreshed = time.monotonic()
