"""The programs of a cluster's control plane and the command that starts each. No secret is in an argument list.

Source: kubernetes.io, "Component tools"; etcd.io, "Configuration options"; kwok.sigs.k8s.io, "Options"; EKS user guide,
"View Amazon EKS platform versions" (admission controllers).
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from twin.kubernetes.cluster_files import CACHE_SECONDS, ClusterFiles
from twin.kubernetes.cluster_record import ClusterRecord

SIMULATED_NODE = "kwok.x-k8s.io/node=fake"
"""Annotation of the nodes that kwok plays; pods on others are left alone."""
OWN_STAGES = Path(__file__).with_name("stages.yaml")
_ADMISSION = ("NodeRestriction", "ExtendedResourceToleration")
"""What EKS enables beside kube-apiserver's defaults, among which are Pod Security and admission policies."""
_REPLACED_STAGES = ("pod-complete.yaml",)


@dataclass(frozen=True)
class Installed:
    """Where the programs are."""

    binaries: Path

    def stages(self) -> Sequence[Path]:
        """What kwok makes of nodes and pods: its own stages, but those that the twin has in another way."""
        shipped = sorted((self.binaries / "kwok-stages").glob("*.yaml"))
        return [*(stage for stage in shipped if stage.name not in _REPLACED_STAGES), OWN_STAGES]


def etcd(installed: Installed, files: ClusterFiles, record: ClusterRecord) -> Sequence[str]:
    """The store. It syncs to disk, so that a `kill -9` loses nothing that was acknowledged."""
    client, peer = (f"https://127.0.0.1:{record.ports[name]}" for name in ("etcd", "etcd-peer"))
    certificates = files.etcd_certificates
    return (
        str(installed.binaries / "etcd"),
        f"--data-dir={files.etcd}",
        "--name=default",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        f"--cert-file={certificates / 'etcd.pem'}",
        f"--key-file={certificates / 'etcd.key'}",
        f"--trusted-ca-file={certificates / 'ca.pem'}",
        "--client-cert-auth",
        f"--peer-cert-file={certificates / 'etcd.pem'}",
        f"--peer-key-file={certificates / 'etcd.key'}",
        f"--peer-trusted-ca-file={certificates / 'ca.pem'}",
        "--peer-client-cert-auth",
        "--enable-grpc-gateway=false",  # it would come to etcd with the server's certificate, and be refused
        "--auto-compaction-retention=1",
        "--log-level=warn",
    )


def kube_apiserver(installed: Installed, files: ClusterFiles, record: ClusterRecord) -> Sequence[str]:
    """The API server. Who a token's owner is and what access policies allow is asked of the AWS API."""
    own, store = files.certificates, files.etcd_certificates
    encryption = [f"--encryption-provider-config={files.configuration('encryption.yaml')}"]
    return (
        str(installed.binaries / "kube-apiserver"),
        "--bind-address=127.0.0.1",
        f"--secure-port={record.ports['kube-apiserver']}",
        "--advertise-address=127.0.0.1",
        "--endpoint-reconciler-type=none",  # a loopback address is no endpoint that Kubernetes would accept
        f"--tls-cert-file={own / 'kube-apiserver.pem'}",
        f"--tls-private-key-file={own / 'kube-apiserver.key'}",
        f"--client-ca-file={files.authority}",
        f"--etcd-servers=https://127.0.0.1:{record.ports['etcd']}",
        f"--etcd-cafile={store / 'ca.pem'}",
        f"--etcd-certfile={store / 'kube-apiserver.pem'}",
        f"--etcd-keyfile={store / 'kube-apiserver.key'}",
        f"--service-cluster-ip-range={record.service_cidr}",
        f"--service-account-issuer={record.issuer}",
        f"--service-account-key-file={own / 'service-accounts.pem'}",
        f"--service-account-signing-key-file={own / 'service-accounts.key'}",
        "--api-audiences=https://kubernetes.default.svc",
        f"--authentication-config={files.configuration('authentication.yaml')}",
        f"--authentication-token-webhook-config-file={files.configuration('authenticate.kubeconfig')}",
        "--authentication-token-webhook-version=v1",
        f"--authentication-token-webhook-cache-ttl={CACHE_SECONDS}s",
        f"--authorization-config={files.configuration('authorization.yaml')}",
        f"--enable-admission-plugins={','.join(_ADMISSION)}",
        f"--audit-policy-file={files.configuration('audit.yaml')}",
        f"--audit-log-path={files.audit_log}",
        "--audit-log-maxsize=20",
        "--audit-log-maxbackup=2",
        "--allow-privileged=true",  # as on EKS: Pod Security is what refuses privileged pods
        "--profiling=false",
        *(encryption if record.encryption_key is not None else ()),
    )


def kube_controller_manager(installed: Installed, files: ClusterFiles, record: ClusterRecord) -> Sequence[str]:
    """Kubernetes' own controllers, but those that would need a cloud or allocate addresses.

    Nor the one that writes into the status of admission policies what is odd about their expressions: it compiles each
    for every kind it may meet, which took 21 s of processor time once a cluster. The API server compiles them itself.
    """
    return (
        str(installed.binaries / "kube-controller-manager"),
        *_client_of(files, "kube-controller-manager"),
        f"--secure-port={record.ports['kube-controller-manager']}",
        f"--cluster-name={record.name}",
        f"--cluster-signing-cert-file={files.authority}",
        f"--cluster-signing-key-file={files.certificates / 'ca.key'}",
        f"--root-ca-file={files.authority}",
        f"--service-account-private-key-file={files.certificates / 'service-accounts.key'}",
        "--use-service-account-credentials=true",
        "--controllers=*,-node-ipam-controller,-node-route-controller,-service-lb-controller,"
        "-cloud-node-lifecycle-controller,-validatingadmissionpolicy-status-controller",
        "--kube-api-qps=50",
        "--kube-api-burst=100",
    )


def kube_scheduler(installed: Installed, files: ClusterFiles, record: ClusterRecord) -> Sequence[str]:
    """The scheduler, with Kubernetes' own profile."""
    return (
        str(installed.binaries / "kube-scheduler"),
        *_client_of(files, "kube-scheduler"),
        f"--secure-port={record.ports['kube-scheduler']}",
    )


def kwok(installed: Installed, files: ClusterFiles, _record: ClusterRecord) -> Sequence[str]:
    """The kubelets of all simulated nodes."""
    return (
        str(installed.binaries / "kwok"),
        f"--kubeconfig={files.kubeconfig('kwok')}",
        f"--manage-nodes-with-annotation-selector={SIMULATED_NODE}",
        "--node-lease-duration-seconds=40",
        *(f"--config={stage}" for stage in installed.stages()),
    )


def controllers(_installed: Installed, files: ClusterFiles, _record: ClusterRecord) -> Sequence[str]:
    """What stands in for EKS' own controllers: twin/kubernetes/controllers."""
    return (sys.executable, "-P", "-m", "twin.kubernetes.controllers", f"--cluster-folder={files.folder}")


def _client_of(files: ClusterFiles, program: str) -> Sequence[str]:
    config = files.kubeconfig(program)
    return (
        f"--kubeconfig={config}",
        "--authentication-skip-lookup=true",  # nobody asks them anything but their health
        "--bind-address=127.0.0.1",
        "--leader-elect=false",
        "--profiling=false",
    )


Command = Callable[[Installed, ClusterFiles, ClusterRecord], Sequence[str]]
PROGRAMS: Mapping[str, Command] = {
    "etcd": etcd,
    "kube-apiserver": kube_apiserver,
    "kube-controller-manager": kube_controller_manager,
    "kube-scheduler": kube_scheduler,
    "kwok": kwok,
    "controllers": controllers,
}
"""In the order of their start; from the third on they need the API server."""
API = ("etcd", "kube-apiserver")
"""Those that answer; the others work on what these hold."""


def program_of(command_line: Sequence[str], folder: Path) -> str | None:
    """Which program of the cluster in `folder` a process with this command line is; None for every other process."""
    if not any(argument.startswith("--") and _names(argument, folder) for argument in command_line[1:]):
        return None
    if "twin.kubernetes.controllers" in command_line:
        return "controllers"
    name = Path(command_line[0]).name
    return name if name in PROGRAMS else None


def _names(argument: str, folder: Path) -> bool:
    value = Path(argument.partition("=")[2])
    return value == folder or folder in value.parents
