"""A GPU node of dev, and what stands in for NVIDIA's exporter of GPU metrics: there is no GPU on this machine.

The DaemonSet's pod is in the cluster, and Prometheus finds it by its annotations, as any. What answers at its address
is a stand-in, which says of each pod with a GPU what the exporter would: its series and labels are those of NVIDIA's
README. How busy a GPU is, is the test's to say.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import psutil

from tests.support.project import Project
from tests.support.waiting import eventually
from tests.twin import team_work
from tests.twin.gpu_nodes import end_gpu_nodes
from twin.kubernetes.client import Client
from twin.kubernetes.controllers.loop import World
from twin.places import Places
from twin.pods import addresses, records
from twin.pods.records import LocalPod
from twin.state import ProcessId

NAMESPACE, EXPORTER, PORT = "kube-system", "dcgm-exporter", 9400
SECONDS, BUSY = 180.0, 97


@dataclass
class Gpus:
    """The GPUs of one node."""

    api: Client
    node: str
    utilization: int = BUSY
    """Of each, in percent."""

    @contextmanager
    def idle(self) -> Iterator[None]:
        """Nobody uses them, for a while."""
        self.utilization = 0
        try:
            yield
        finally:
            self.utilization = BUSY

    def page(self) -> str:
        """What the exporter would say now."""
        labels = 'gpu="{}",UUID="GPU-{}",device="nvidia{}",modelName="NVIDIA A10G",Hostname="{}"'
        pods = self.api.list("v1", "Pod", fieldSelector=f"spec.nodeName={self.node}")
        having = [pod for pod in pods if _wants_gpu(pod) and pod["status"].get("phase") == "Running"]
        lines = ["# TYPE DCGM_FI_DEV_GPU_UTIL gauge"]
        for number, pod in enumerate(having):
            whose = f'namespace="{pod["metadata"]["namespace"]}",pod="{pod["metadata"]["name"]}",container="main"'
            of = labels.format(number, number, number, self.node)
            lines.append(f"DCGM_FI_DEV_GPU_UTIL{{{of},{whose}}} {self.utilization}")
        return "\n".join([*lines, ""])


@contextmanager
def busy_pod(project: Project, world: World, namespace: str, name: str) -> Iterator[Gpus]:
    """A pod with a GPU on a node of its own, which the autoscaler gets; at the end neither is there, as before."""
    api = world.api
    manifest = team_work.pod(namespace, name, "training")
    manifest["spec"] |= {"containers": [team_work.container(gpus=1)], "tolerations": [team_work.TOLERATION]}
    api.create(manifest)
    try:
        node = eventually(lambda: _node_of(api, namespace, name), "the pod has a GPU", SECONDS)
        yield Gpus(api, node)
    finally:
        api.delete("v1", "Pod", name, namespace)
        end_gpu_nodes(project.account(), world.cluster, api)


@contextmanager
def exporter(project: Project, world: World, gpus: Gpus) -> Iterator[None]:
    """The stand-in, where the pod of the exporter on that node would answer."""
    pod = eventually(lambda: _exporter_on(world.api, gpus.node), "the exporter's pod has its place", SECONDS)
    name = pod["metadata"]["name"]
    folder = Places(clone=project.root, root=project.root / ".twin").pods / world.folder.name / NAMESPACE / name
    address, held = addresses.claim(str(folder), [PORT])
    own = psutil.Process()
    server = ThreadingHTTPServer((address, PORT), _handler(gpus))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    runner = ProcessId.of(own)
    labels = pod["metadata"]["labels"]
    records.save(folder, LocalPod(NAMESPACE, name, f"DaemonSet/{EXPORTER}", address, labels, {"metrics": PORT}, runner))
    try:
        yield
    finally:
        records.forget(folder)
        server.shutdown()
        server.server_close()
        held.close()


def _handler(gpus: Gpus) -> type[BaseHTTPRequestHandler]:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(gpus.page().encode())

        def log_message(self, *_: object) -> None:
            """Scrapes are no news."""

    return Page


def _node_of(api: Client, namespace: str, name: str) -> str | None:
    pod = api.get("v1", "Pod", name, namespace) or {}
    return pod["spec"]["nodeName"] if pod.get("status", {}).get("phase") == "Running" else None


def _exporter_on(api: Client, node: str) -> dict[str, Any] | None:
    pods = api.list("v1", "Pod", NAMESPACE, f"app.kubernetes.io/name={EXPORTER}")
    return next((one for one in pods if one["spec"].get("nodeName") == node and one["status"].get("podIP")), None)


def _wants_gpu(pod: dict[str, Any]) -> bool:
    return any(team_work.GPU in (one["resources"].get("limits") or {}) for one in pod["spec"]["containers"])
