"""A real control plane for a test: etcd, kube-apiserver and kube-controller-manager, and nothing of AWS."""

import base64
import contextlib
import json
import secrets
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools import toolchain
from twin import loopback_ports
from twin.certificates import issue
from twin.kubernetes.client import ApiError, Client

_START_SECONDS = 60
CONTROLLERS = "*,-node-ipam-controller,-node-route-controller,-service-lb-controller,-cloud-node-lifecycle-controller"


@dataclass(frozen=True)
class ControlPlane:
    """Where it is and how to be its administrator."""

    url: str
    authority: str
    token: str
    folder: Path

    def kubeconfig(self, **user: Any) -> dict[str, Any]:
        """A kubeconfig of the administrator, or of a user with these fields."""
        data = base64.b64encode(self.authority.encode()).decode()
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
            "clusters": [{"name": "test", "cluster": {"server": self.url, "certificate-authority-data": data}}],
            "users": [{"name": "test", "user": user or {"token": self.token}}],
        }

    def client(self) -> Client:
        """The administrator's client."""
        return Client.of(self.kubeconfig())

    def written(self) -> Path:
        """The administrator's kubeconfig as a file, for kubectl."""
        path = self.folder / "kubeconfig"
        path.write_text(json.dumps(self.kubeconfig()))
        return path


@contextlib.contextmanager
def running(folder: Path, *, controllers: bool = True) -> Iterator[ControlPlane]:
    """Start the programs, wait until the API server is ready, end them in the end."""
    binaries = toolchain.locate().kubernetes_bin
    folder.mkdir(parents=True, exist_ok=True)
    certificate = issue(["127.0.0.1", "localhost"], folder / "certificates")
    token = secrets.token_urlsafe(16)
    (folder / "tokens.csv").write_text(f"{token},administrator,administrator,system:masters\n")
    etcd, peer, api = loopback_ports.free(3)
    plane = ControlPlane(f"https://127.0.0.1:{api}", (folder / "certificates" / "ca.pem").read_text(), token, folder)
    processes: list[subprocess.Popen[bytes]] = []

    def start(program: str, *arguments: str) -> None:
        with (folder / f"{program}.log").open("wb") as log:
            processes.append(subprocess.Popen([binaries / program, *arguments], stdout=log, stderr=log))

    try:
        start(
            "etcd", f"--data-dir={folder / 'etcd'}", f"--listen-client-urls=http://127.0.0.1:{etcd}",
            f"--advertise-client-urls=http://127.0.0.1:{etcd}", f"--listen-peer-urls=http://127.0.0.1:{peer}",
            f"--initial-advertise-peer-urls=http://127.0.0.1:{peer}",
            f"--initial-cluster=default=http://127.0.0.1:{peer}", "--unsafe-no-fsync",
        )  # fmt: skip
        start(
            "kube-apiserver", f"--etcd-servers=http://127.0.0.1:{etcd}", "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1", f"--secure-port={api}", f"--tls-cert-file={certificate.certificate}",
            f"--tls-private-key-file={certificate.key}",
            f"--token-auth-file={folder / 'tokens.csv'}",
            "--authorization-mode=RBAC", "--service-cluster-ip-range=10.96.0.0/16",
            f"--service-account-key-file={certificate.certificate}",
            f"--service-account-signing-key-file={certificate.key}",
            "--service-account-issuer=https://kubernetes.default.svc", "--endpoint-reconciler-type=none",
            "--allow-privileged",  # as EKS has it: what refuses a privileged pod are policies
        )  # fmt: skip
        _wait(plane, processes)
        if controllers:
            start(
                "kube-controller-manager", f"--kubeconfig={plane.written()}", f"--controllers={CONTROLLERS}",
                "--secure-port=0", "--leader-elect=false",
            )  # fmt: skip
        yield plane
    finally:
        for process in reversed(processes):
            process.kill()
        for process in processes:
            process.wait()


def _wait(plane: ControlPlane, processes: list[subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    client = Client.of(plane.kubeconfig(), attempts=1)
    while True:
        try:
            if client.raw("GET", "/readyz") == "ok":
                return
        except ApiError as error:
            ended = [process.args for process in processes if process.poll() is not None]
            if ended or time.monotonic() > deadline:
                raise AssertionError(f"no API server: {error}; ended: {ended}; logs in {plane.folder}") from error
        time.sleep(0.1)
