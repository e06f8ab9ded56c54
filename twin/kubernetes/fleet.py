"""The clusters of a twin: one control plane for each EKS cluster, in which state each is, and its life.

Work on one cluster is done one after the other, in a thread, while the cluster says `CREATING`. Programs that end are
started again; all of them are started again with the emulator, from what `cluster.json` says.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from pathlib import Path

from twin.errors import TwinError
from twin.kubernetes.cluster_record import RECORD, ClusterRecord
from twin.kubernetes.control_plane import ControlPlane, ControlPlaneError

CHANGED = "changed"
"""File in a cluster's folder that is touched whenever something of the cluster has changed in the AWS API."""
LOOK_SECONDS = 0.5
"""Between two looks at whether every program still runs."""
_log = logging.getLogger("twin.kubernetes")


class _Cluster:
    def __init__(self, plane: ControlPlane, record: ClusterRecord, status: str) -> None:
        self.plane, self.record, self.status = plane, record, status
        self.lock = asyncio.Lock()


class ClusterFleet:
    """All clusters under one directory, by the names of their folders: `<account>-<region>-<cluster>`."""

    def __init__(self, directory: Path, plane_for: Callable[[Path, ClusterRecord], ControlPlane]) -> None:
        """`plane_for` makes the control plane of a folder."""
        self._directory, self._plane_for = directory, plane_for
        self._clusters: dict[str, _Cluster] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._watcher: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    # --- the emulator's own start and end ---

    async def open(self) -> None:
        """Begin to start every cluster that there was. `groundwork twin start` waits for their programs."""
        for path in sorted(self._directory.glob(f"*/{RECORD}")):
            record = ClusterRecord.load(path.parent)
            # On AWS a cluster that was made stays ACTIVE, whatever its programs do.
            self._clusters[path.parent.name] = _Cluster(self._plane_for(path.parent, record), record, "ACTIVE")
            self._begin(path.parent.name)
        self._watcher = asyncio.create_task(self._watch())

    async def close(self) -> None:
        """Stop every cluster; `open` starts them again."""
        self._closing.set()
        for cluster in self._clusters.values():
            cluster.plane.give_up()
        if self._watcher is not None:
            await self._watcher
        for task in list(self._tasks):
            await task
        await asyncio.gather(*(self._stop(cluster) for cluster in self._clusters.values()))

    # --- one cluster ---

    def create(self, record: ClusterRecord) -> None:
        """Begin to make a cluster; its status is `CREATING` until its API server is ready."""
        folder = self._directory / record.folder_name
        record.save(folder)
        self._clusters[record.folder_name] = _Cluster(self._plane_for(folder, record), record, "CREATING")
        self._begin(record.folder_name)

    def encrypt(self, name: str) -> None:
        """Encrypt secrets from now on: begins to start the cluster again with a key."""
        cluster = self._clusters[name]
        cluster.record = cluster.record.encrypted()
        cluster.record.save(cluster.plane.files.folder)
        self._begin(name)

    async def delete(self, name: str) -> None:
        """End a cluster's programs and remove all it has; one that is not there is no error."""
        cluster = self._clusters.get(name)
        if cluster is None:
            return
        cluster.status = "DELETING"
        cluster.plane.give_up()
        async with cluster.lock:
            await asyncio.to_thread(cluster.plane.remove)
        del self._clusters[name]

    def status(self, name: str) -> str | None:
        """The status as EKS words it; None for a name that has no cluster."""
        cluster = self._clusters.get(name)
        return cluster.status if cluster else None

    def record(self, name: str) -> ClusterRecord:
        """What is kept of a cluster: its endpoint, its secret. Raises KeyError."""
        return self._clusters[name].record

    def authority(self, name: str) -> bytes | None:
        """Certificate of the cluster's authority, PEM; None when it is not made yet. Raises KeyError."""
        file = self._clusters[name].plane.files.authority
        return file.read_bytes() if file.exists() else None

    def touch_all(self, prefix: str) -> None:
        """Let the controllers of the clusters whose names begin so look at AWS now.

        Not of one that is deleted: a file that comes while its folder is removed would keep the folder.
        """
        for name, cluster in self._clusters.items():
            if name.startswith(prefix) and cluster.status != "DELETING" and cluster.plane.files.folder.exists():
                (cluster.plane.files.folder / CHANGED).touch(mode=0o600)

    # --- how ---

    def _begin(self, name: str) -> None:
        task = asyncio.create_task(self._start(self._clusters[name]))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _start(self, cluster: _Cluster) -> None:
        async with cluster.lock:
            if cluster.status == "DELETING" or self._closing.is_set():
                return
            try:
                cluster.record = await asyncio.to_thread(cluster.plane.start, cluster.record)
                status = "ACTIVE"
            except (ControlPlaneError, TwinError, OSError) as error:
                _log.error("%s: %s", cluster.record.folder_name, error)
                await asyncio.to_thread(cluster.plane.stop)
                status = "FAILED"
            if cluster.status != "DELETING":
                cluster.status = status

    async def _stop(self, cluster: _Cluster) -> None:
        async with cluster.lock:
            await asyncio.to_thread(cluster.plane.stop)

    async def _watch(self) -> None:
        while not self._closing.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), LOOK_SECONDS)
            for cluster in list(self._clusters.values()):
                if cluster.lock.locked() or self._closing.is_set():
                    continue
                async with cluster.lock:
                    try:
                        if cluster.status == "ACTIVE":
                            await asyncio.to_thread(cluster.plane.heal, cluster.record)
                    except OSError as error:
                        _log.error("%s: %s", cluster.record.folder_name, error)
