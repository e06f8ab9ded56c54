"""Which pods run on this machine: a file in the folder of each, so that others find it and `twin stop` ends it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from twin import processes
from twin.pods.files import write
from twin.state import ProcessId

_RECORD = "pod.json"


@dataclass(frozen=True)
class LocalPod:
    """A pod that runs here."""

    namespace: str
    name: str
    workload: str
    """`Deployment/tracking-server`: what it is a pod of."""
    address: str
    labels: Mapping[str, str]
    ports: Mapping[str, int]
    """Of its containers, by name, for those that have one."""
    runner: ProcessId
    """The process that looks after it."""
    containers: Mapping[str, ProcessId] = field(default_factory=dict)


def save(folder: Path, pod: LocalPod) -> None:
    """Write down what runs, before it is of use to anybody: an interrupted start leaves no process unknown."""
    write(folder / _RECORD, json.dumps(asdict(pod), indent=1).encode())


def is_known(folder: Path) -> bool:
    """Whether nobody has ended the pod of this folder."""
    return (folder / _RECORD).exists()


def forget(folder: Path) -> None:
    """The pod of this folder has ended."""
    (folder / _RECORD).unlink(missing_ok=True)


def known(root: Path, cluster: str = "*") -> Iterator[tuple[Path, LocalPod]]:
    """Every pod that was started and not forgotten, with its folder, `root`/cluster/namespace/pod.

    `cluster` is the name of a cluster's folder, for the pods of that one alone.
    """
    for file in sorted(root.glob(f"{cluster}/*/*/{_RECORD}")):
        try:
            held = json.loads(file.read_text())
            runner = ProcessId(**held.pop("runner"))
            containers = {name: ProcessId(**one) for name, one in held.pop("containers").items()}
        except (OSError, ValueError, KeyError, TypeError):  # it ended just now
            continue
        yield file.parent, LocalPod(**held, runner=runner, containers=containers)


def running(root: Path, cluster: str = "*") -> Sequence[LocalPod]:
    """The pods whose runner lives, of one cluster as in `known`."""
    return [pod for _, pod in known(root, cluster) if processes.find(pod.runner) is not None]


def end_all(root: Path, runner: int | None = None) -> None:
    """End the containers of every pod below `root`. Whoever looks after one sees that it was forgotten, and ends.

    `runner` is a process id, for the pods that this process looks after alone.
    """
    for folder, pod in known(root):
        if runner in (None, pod.runner.pid):
            forget(folder)
            for process in pod.containers.values():
                processes.stop(process)


def bury(root: Path) -> None:
    """End what is left of pods whose runner has died."""
    for folder, pod in known(root):
        if processes.find(pod.runner) is None:
            forget(folder)
            for process in pod.containers.values():
                processes.stop(process)
