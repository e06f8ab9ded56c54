"""Objects through the twin's Kubernetes provider against `kubectl apply --server-side` of the same ones.

Both work on a real API server of their own, in one run. The provider is driven as the engine drives it: by its
protocol, with the engine's parallelism; and once more by the engine itself, whose own share is shown apart.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from tests.bench import twin
from tests.support import control_plane
from tests.support.control_plane import ControlPlane
from tests.support.project import Project
from tools import toolchain
from twin.providers.wire import encode

COUNT = 1000
PARALLEL = 4 * (os.cpu_count() or 1)
"""As many as the engine runs at once. Source: pulumi/pulumi, pkg/cmd/pulumi: defaultParallel()."""
TOKEN = "kubernetes:core/v1:ConfigMap"
ENGINE_COUNT = 300
"""The engine writes the whole state after each step, so that its own share grows with the square."""
PROGRAM = """\
import pulumi
from pulumi_kubernetes import Provider, core

cluster = Provider("cluster", kubeconfig={kubeconfig!r})
for index in range({count}):
    core.v1.ConfigMap(
        f"settings-{{index}}", metadata={{"name": f"settings-{{index}}", "labels": {{"app": "bench"}}}},
        data={{"index": str(index), "text": "x" * 200}}, opts=pulumi.ResourceOptions(provider=cluster),
    )
"""
CLONE = Path(__file__).parents[2]


@dataclass(frozen=True)
class Measured:
    """Seconds for all objects together."""

    what: str
    provider: float
    kubectl: float

    @property
    def ratio(self) -> float:
        """Of the provider to kubectl."""
        return self.provider / self.kubectl


def config_map(index: int) -> dict[str, Any]:
    """One of the objects."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": f"settings-{index}", "namespace": "default", "labels": {"app": "bench"}},
        "data": {"index": str(index), "text": "x" * 200},
    }


def measure(count: int = COUNT) -> list[Measured]:
    """Create, find unchanged, delete."""
    with tempfile.TemporaryDirectory() as folder, control_plane.running(Path(folder)) as plane:
        objects = Path(folder) / "objects.json"
        items = [config_map(index) for index in range(count)]
        objects.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
        apply = ("apply", "--server-side", "-f", str(objects))
        kubectl = [
            _kubectl(plane, *apply),
            _kubectl(plane, *apply),
            _kubectl(plane, "delete", "--wait=false", "-f", str(objects)),
        ]
        with provider(plane) as stub:
            ours = _through(stub, count)
    words = (f"{count} ConfigMaps made", f"{count} found unchanged", f"{count} deleted")
    return [Measured(*one) for one in zip(words, ours, kubectl, strict=True)]


def through_the_engine(count: int = ENGINE_COUNT) -> tuple[twin.Spent, float]:
    """An `up` of so many ConfigMaps from nothing, and the seconds that kubectl takes for the same ones."""
    with tempfile.TemporaryDirectory() as folder, control_plane.running(Path(folder) / "plane") as plane:
        project = Project.make(Path(folder) / "project")
        try:
            (project.root / "stacks").unlink()
            (project.root / "stacks").mkdir()
            program = PROGRAM.format(kubeconfig=json.dumps(plane.kubeconfig()), count=count)
            (project.root / "stacks/__main__.py").write_text(program)
            project.groundwork("twin", "start")
            spent = twin.spent(project, count)
        finally:
            project.stop()
        objects = Path(folder) / "objects.json"
        items = [config_map(index) | {"metadata": {"name": f"others-{index}"}} for index in range(count)]
        objects.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
        return spent, _kubectl(plane, "apply", "--server-side", "-f", str(objects))


def _kubectl(plane: ControlPlane, *arguments: str) -> float:
    command = [str(toolchain.locate().kubernetes_bin / "kubectl"), f"--kubeconfig={plane.written()}", *arguments]
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


@contextlib.contextmanager
def provider(plane: ControlPlane) -> Iterator[Any]:
    """A configured provider process."""
    command = [sys.executable, "-P", "-m", "twin.providers.kubernetes"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(CLONE)}, text=True)
    try:
        assert process.stdout is not None
        channel = grpc.insecure_channel(f"127.0.0.1:{process.stdout.readline().strip()}")
        stub = provider_pb2_grpc.ResourceProviderStub(channel)
        stub.Configure(provider_pb2.ConfigureRequest(args=encode({"kubeconfig": json.dumps(plane.kubeconfig())})))
        yield stub
        channel.close()
    finally:
        process.terminate()
        process.wait()


def _through(stub: Any, count: int) -> list[float]:
    made: dict[int, Any] = {}
    checked: dict[int, Any] = {}

    def check(index: int) -> Any:
        news = encode(config_map(index))
        return stub.Check(provider_pb2.CheckRequest(urn=_urn(index), type=TOKEN, news=news, randomSeed=b"s")).inputs

    def create(index: int) -> None:
        checked[index] = check(index)
        made[index] = stub.Create(provider_pb2.CreateRequest(urn=_urn(index), type=TOKEN, properties=checked[index]))

    def diff(index: int) -> None:
        answer = stub.Diff(
            provider_pb2.DiffRequest(
                id=made[index].id, urn=_urn(index), type=TOKEN, olds=made[index].properties,
                old_inputs=checked[index], news=check(index),
            )
        )  # fmt: skip
        assert answer.changes == provider_pb2.DiffResponse.DIFF_NONE

    def delete(index: int) -> None:
        stub.Delete(
            provider_pb2.DeleteRequest(
                id=made[index].id, urn=_urn(index), type=TOKEN, properties=made[index].properties,
                old_inputs=checked[index],
            )
        )  # fmt: skip

    return [_timed(work, count) for work in (create, diff, delete)]


def _timed(work: Callable[[int], None], count: int) -> float:
    began = time.perf_counter()
    with ThreadPoolExecutor(PARALLEL) as threads:
        list(threads.map(work, range(count)))
    return time.perf_counter() - began


def _urn(index: int) -> str:
    return f"urn:pulumi:dev::groundwork::{TOKEN}::settings-{index}"
