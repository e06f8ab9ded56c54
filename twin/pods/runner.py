"""Runs Jobs, and pods of Deployments and StatefulSets, as processes of this machine."""

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tools import images
from tools.progress import Progress
from twin.account import Account
from twin.kubernetes import service_accounts
from twin.kubernetes.controllers.loop import World
from twin.pods import addresses, eviction, identity, network, records, supported, workloads
from twin.pods.container import FIRST_BACK_OFF_SECONDS, LONGEST_BACK_OFF_SECONDS
from twin.pods.errors import PodError
from twin.pods.files import make_folder
from twin.pods.pod import PARTS, RunningPod
from twin.pods.preparation import Preparation, Surroundings
from twin.pods.records import LocalPod
from twin.pods.volumes import Token
from twin.state import ProcessId

RDS_AUTHORITY = "/etc/groundwork/rds-ca.pem"
"""Where the images keep the authorities of RDS; here the twin's own stands in its place."""
PERSISTENT = ".persistent-volumes"
"""Beside the folders of namespaces, none of which is called so."""
POD_SECONDS = 60.0
"""How long the cluster may take to make a pod and to place it."""
TRIES = 3
"""How often a container may fail before a pod that is not ready is given up."""
USUAL_SECONDS = 10
Manifest = Mapping[str, Any]


@dataclass(frozen=True)
class JobResult:
    """How a Job has ended."""

    exit_code: int
    """0: it has succeeded."""
    attempts: int
    """How many pods, one after the other, it took."""
    reason: str
    """`Complete`, or Kubernetes' reason of the failure: `BackoffLimitExceeded`, `DeadlineExceeded`."""
    message: str
    """What was wrong, with the end of the log; empty when nothing was."""
    logs: Mapping[str, Path]
    """Of each container."""


class PodRunner:
    """Runs what a cluster of the twin holds."""

    def __init__(
        self, root: Path, world: World, progress: Progress, environment_of: Callable[[str], Path] | None = None
    ) -> None:
        """`root`: the folder of all pods, `Places.pods`; `environment_of`: tools/images.py, unless told otherwise."""
        self._root, self._world, self._progress = root, world, progress
        authority = world.aws.ca_bundle
        self._around = Surroundings(
            world,
            environment_of or (lambda name: images.environment(name, progress)),
            {RDS_AUTHORITY: Path(authority)} if authority else {},
            root / world.folder.name / PERSISTENT,
        )
        self._told = False

    def start(self, namespace: str, name: str, kind: str = "Deployment") -> RunningPod:
        """Run a pod of this Deployment or StatefulSet, and return once it is ready by its own probes.

        It is to be stopped. Raises PodError in the words of whoever refuses: kubelet's, the CSI driver's, AWS', the
        program's own log.
        """
        deployment = workloads.workload(self._world.api, kind, namespace, name)
        running = self._prepared(deployment)
        try:
            with self._progress.step(f"{namespace}/{name} as a process at {running.address}", USUAL_SECONDS):
                running.start(TRIES)
                running.wait_ready(float(deployment["spec"].get("progressDeadlineSeconds", 600)), TRIES)
        except BaseException:
            running.stop()
            raise
        return running

    def run_job(self, namespace: str, name: str) -> JobResult:
        """Run this Job to its end. Raises PodError for what cannot even be started."""
        job = workloads.workload(self._world.api, "Job", namespace, name)
        limit, in_place = job["spec"].get("backoffLimit", 6), _restarts_in_place(job)
        end, pause, attempt = time.monotonic() + workloads.deadline_seconds(job), FIRST_BACK_OFF_SECONDS, 0
        while True:
            attempt += 1
            code, message, logs = self._attempt(job, limit + 1 if in_place else 1, end)
            if code == 0:
                return JobResult(0, attempt, "Complete", "", logs)
            if time.monotonic() > end:
                return JobResult(code, attempt, "DeadlineExceeded", message, logs)
            if in_place or attempt > limit:
                return JobResult(code, attempt, "BackoffLimitExceeded", message, logs)
            time.sleep(min(pause, max(0.0, end - time.monotonic())))
            pause = min(pause * 2, LONGEST_BACK_OFF_SECONDS)

    def _attempt(self, job: Manifest, tries: int, end: float) -> tuple[int, str, Mapping[str, Path]]:
        """Run one pod of a Job: its exit code, what was wrong, the logs."""
        with self._prepared(job) as running, self._progress.step(f"{workloads.named(job)} as a process", USUAL_SECONDS):
            try:
                running.start(tries)
                code = running.wait(tries, max(0.0, end - time.monotonic()))
            except PodError as error:
                return 1, str(error), running.logs
            return code, "" if code == 0 else str(running.failure()), running.logs

    def _prepared(self, workload: Manifest) -> RunningPod:
        """A pod of this workload, ready to be started, in a folder that is held against others."""
        records.bury(self._root)
        pod, number, lock = self._take(workload)
        ends: list[Callable[[], None]] = [lambda: os.close(lock)]
        try:
            supported.check(pod)
            if not self._told:
                self._progress.say(supported.CANNOT_BE_HAD)
                self._told = True
            _clear(self._folder(pod))  # of a run that was killed
            return self._held(pod, workload, number, ends)
        except BaseException:
            _clear(self._folder(pod))
            for end in ends:
                end()
            raise

    def _held(self, pod: Manifest, workload: Manifest, number: int, ends: list[Callable[[], None]]) -> RunningPod:
        namespace, spec, folder = str(pod["metadata"]["namespace"]), pod["spec"], self._folder(pod)
        account = str(spec.get("serviceAccountName", "default"))
        ports = [port for container in _containers(spec) for port in container.get("ports", ())]
        of = f"{workload['kind']}/{workload['metadata']['name']}"
        who = f"{self._root} {self._world.cluster} {namespace} {of} {number}"
        address, listening = addresses.claim(who, [port["containerPort"] for port in ports])
        ends.insert(0, listening.close)
        exchange, agent_url = identity.exchanger(self._world, pod), ""
        if identity.is_associated(self._world, namespace, account):
            agent = identity.Agent(listening, exchange)
            ends[0], agent_url = agent.close, agent.url
        ends.insert(0, eviction.hold(self._world.api, pod, workload))

        def token(asked: Token) -> str:
            return service_accounts.token(
                self._world.api, namespace, account, audience=asked.audience, pod=pod, seconds=asked.seconds
            )

        def credentials() -> Account:
            return exchange(token(Token(folder, identity.AUDIENCE, identity.TOKEN_SECONDS))).account

        proxy = network.Proxy(address, network.Network(self._world, self._root).place)
        ends.insert(0, proxy.close)
        local = LocalPod(
            namespace=namespace,
            name=str(pod["metadata"]["name"]),
            workload=of,
            address=address,
            labels=pod["metadata"].get("labels") or {},
            ports={port["name"]: port["containerPort"] for port in ports if port.get("name")},
            runner=ProcessId.of(psutil.Process()),
        )
        preparation = Preparation(self._around, pod, folder, local, agent_url, proxy.variables)
        prepared = preparation.make(records.running(self._root), credentials)
        return RunningPod(pod, folder, local, prepared, token, ends)

    def _take(self, workload: Manifest) -> tuple[dict[str, Any], int, int]:
        """The first pod of a workload that does not run here yet, which one of them it is, and its lock.

        Waits for the cluster to make and place one. Raises PodError that says what keeps it from doing so.
        """
        what, end = workloads.named(workload), time.monotonic() + POD_SECONDS
        while True:
            found = workloads.pods(self._world.api, workload)
            placed = [pod for pod in found if pod["spec"].get("nodeName")]
            for number, pod in enumerate(placed):
                if (lock := _lock(self._folder(pod))) is not None:
                    return pod, number, lock
            if placed:
                names = ", ".join(pod["metadata"]["name"] for pod in placed)
                raise PodError(f"Every pod of {what} runs already: {names}.")
            if time.monotonic() > end:
                why = workloads.why_none(found)
                raise PodError(f"{what} has no pod with a place in the cluster after {POD_SECONDS:.0f} s: {why}.")
            time.sleep(0.5)

    def _folder(self, pod: Manifest) -> Path:
        metadata = pod["metadata"]
        return self._root / self._world.folder.name / str(metadata["namespace"]) / str(metadata["name"])


def _restarts_in_place(job: Manifest) -> bool:
    return bool(job["spec"]["template"]["spec"].get("restartPolicy") == "OnFailure")


def _containers(spec: Manifest) -> list[Manifest]:
    return [*spec.get("initContainers", ()), *spec["containers"]]


def _clear(folder: Path) -> None:
    for part in PARTS:
        shutil.rmtree(folder / part, ignore_errors=True)


def _lock(folder: Path) -> int | None:
    """Hold a pod's folder; None when another runner does. The kernel lets go of it when that dies, however it dies."""
    make_folder(folder)
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle
