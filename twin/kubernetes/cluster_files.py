"""The files of one cluster: certificates, kubeconfigs, and what the API server is told by file.

All are written anew at each start, except keys: what was signed with them stays valid. No file is readable by others.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from twin import certificates
from twin.kubernetes.cluster_record import ClusterRecord

ADMINISTRATORS = "system:masters"
WEBHOOKS = "/_groundwork/kubernetes"
"""Below this path the AWS API answers the API servers."""
CACHE_SECONDS = 1
"""How long an API server believes an answer: what is revoked in AWS is revoked in the cluster so soon."""
PRINCIPAL = "canonicalArn"
"""Under this name EKS tells an API server whose access entry let somebody in: in a user's extra fields."""
_HEALTH = ("/livez", "/readyz", "/healthz")


@dataclass(frozen=True)
class AwsEndpoint:
    """Where the AWS API of the twin answers, for the programs of a cluster."""

    url: str
    authority: Path
    """Certificate of the authority that signed its certificate."""


@dataclass(frozen=True)
class ClusterFiles:
    """The paths in one cluster's folder."""

    folder: Path

    @property
    def certificates(self) -> Path:
        """The cluster's own authority and what it signed."""
        return self.folder / "certificates"

    @property
    def etcd_certificates(self) -> Path:
        """etcd's authority is another one: no client certificate of the cluster opens etcd."""
        return self.folder / "certificates" / "etcd"

    @property
    def authority(self) -> Path:
        """The certificate that DescribeCluster shows."""
        return self.certificates / "ca.pem"

    @property
    def etcd(self) -> Path:
        """etcd's data."""
        return self.folder / "etcd"

    @property
    def admin_kubeconfig(self) -> Path:
        """For the twin itself; people come in with `aws eks get-token`."""
        return self.folder / "admin.kubeconfig"

    @property
    def audit_log(self) -> Path:
        """A JSON document for each event."""
        return self.folder / "audit" / "audit.log"

    def log(self, program: str) -> Path:
        """What a program writes."""
        return self.folder / "logs" / f"{program}.log"

    def kubeconfig(self, program: str) -> Path:
        """By which a program reaches the API server."""
        return self.folder / "configuration" / f"{program}.kubeconfig"

    def configuration(self, name: str) -> Path:
        """A file that a program is told something by."""
        return self.folder / "configuration" / name

    def write(self, record: ClusterRecord, aws: AwsEndpoint) -> None:
        """Write every file that the programs read."""
        for folder in (self.etcd, self.audit_log.parent, self.folder / "logs", self.folder / "configuration"):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._issue()
        self._write_kubeconfigs(record)
        webhook = f"{aws.url}{WEBHOOKS}/{record.folder_name}"
        for name in ("authenticate", "authorize"):
            document = kubeconfig(f"{webhook}/{name}", aws.authority, {"token": record.webhook_secret})
            _write(self.configuration(f"{name}.kubeconfig"), document)
        _write(self.configuration("authentication.yaml"), AUTHENTICATION)
        _write(self.configuration("authorization.yaml"), authorization(self.configuration("authorize.kubeconfig")))
        _write(self.configuration("audit.yaml"), AUDIT)
        if record.encryption_key is not None:
            _write(self.configuration("encryption.yaml"), encryption(record.encryption_key))

    def _issue(self) -> None:
        service = "kubernetes.default.svc.cluster.local"
        names = ["127.0.0.1", "localhost", *(service.rsplit(".", n)[0] for n in (4, 3, 2)), service]
        certificates.issue(names, self.certificates, "kube-apiserver")
        certificates.issue(["127.0.0.1"], self.etcd_certificates, "etcd")
        certificates.issue_client("kube-apiserver", None, self.etcd_certificates, "kube-apiserver")
        if not (key := self.certificates / "service-accounts.key").exists():
            _write_key(key, self.certificates / "service-accounts.pem")

    def _write_kubeconfigs(self, record: ClusterRecord) -> None:
        clients: Mapping[str, tuple[str, str | None]] = {
            "admin": ("groundwork-twin", ADMINISTRATORS),
            "kube-controller-manager": ("system:kube-controller-manager", None),
            "kube-scheduler": ("system:kube-scheduler", None),
            "kwok": ("system:kwok", ADMINISTRATORS),  # it plays every kubelet at once
        }
        for name, (user, group) in clients.items():
            issued = certificates.issue_client(user, group, self.certificates, name)
            credentials = {
                "client-certificate-data": _base64(issued.certificate),
                "client-key-data": _base64(issued.key),
            }
            target = self.admin_kubeconfig if name == "admin" else self.kubeconfig(name)
            _write(target, kubeconfig(record.endpoint, self.authority, credentials))


def kubeconfig(server: str, authority: Path, user: Mapping[str, str]) -> Mapping[str, Any]:
    """The document by which a client of Kubernetes, or of one of its webhooks, finds its server."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": "cluster", "cluster": {"server": server, "certificate-authority-data": _base64(authority)}}
        ],
        "users": [{"name": "user", "user": dict(user)}],
        "contexts": [{"name": "default", "context": {"cluster": "cluster", "user": "user"}}],
        "current-context": "default",
    }


AUTHENTICATION: Mapping[str, Any] = {
    "apiVersion": "apiserver.config.k8s.io/v1",
    "kind": "AuthenticationConfiguration",
    "anonymous": {"enabled": True, "conditions": [{"path": path} for path in _HEALTH]},
}
"""Who does not say who they are may ask for the server's health alone.

Source: EKS user guide, "Kubernetes versions", 1.32: anonymous authentication.
"""


def authorization(webhook: Path) -> Mapping[str, Any]:
    """Who may what. Of those whom AWS has let in, AWS is asked first: what their access policies allow, they may.

    An API server believes for 10 s, by no option less, as whom a token lets somebody in. So AWS also denies, before
    RBAC is asked, who has no access entry any more or has other groups by now.
    """
    asked = {
        "authorizedTTL": f"{CACHE_SECONDS}s",
        "unauthorizedTTL": f"{CACHE_SECONDS}s",
        "timeout": "10s",
        "subjectAccessReviewVersion": "v1",
        "matchConditionSubjectAccessReviewVersion": "v1",
        "failurePolicy": "Deny",
        "connectionInfo": {"type": "KubeConfigFile", "kubeConfigFile": str(webhook)},
        "matchConditions": [{"expression": f"has(request.extra) && '{PRINCIPAL}' in request.extra"}],
    }
    return {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AuthorizationConfiguration",
        "authorizers": [
            {"type": "Node", "name": "node"},
            {"type": "Webhook", "name": "access-entries", "webhook": asked},
            {"type": "RBAC", "name": "rbac"},
        ],
    }


def _rule(level: str, **what: Any) -> dict[str, Any]:
    return {"level": level, **what}


_PROGRAMS = ["system:apiserver", "system:kube-controller-manager", "system:kube-scheduler", "system:kwok"]
_READS = ["get", "list", "watch"]
_WRITES = ["create", "update", "patch", "delete", "deletecollection"]
_HELD_BACK = [
    {"group": "", "resources": ["secrets", "configmaps", "serviceaccounts/token"]},
    {"group": "authentication.k8s.io", "resources": ["tokenreviews"]},
]
AUDIT: Mapping[str, Any] = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        _rule("None", nonResourceURLs=[f"{path}*" for path in _HEALTH]),
        _rule("None", users=_PROGRAMS, verbs=_READS),
        _rule("None", userGroups=["system:serviceaccounts:kube-system"], verbs=_READS),
        _rule("None", resources=[{"group": "coordination.k8s.io", "resources": ["leases"]}]),
        _rule("None", resources=[{"group": "", "resources": ["events"]}]),
        _rule("Metadata", resources=_HELD_BACK),  # who and what, never the content
        _rule("RequestResponse", verbs=_WRITES, userGroups=["system:authenticated"], omitManagedFields=True),
        _rule("Metadata"),
    ],
}
"""What is written down of each request. Secrets, config maps and tokens never have their content in the log."""


def encryption(key: str) -> Mapping[str, Any]:
    """Secrets are encrypted in etcd with this key, which stands in for the KMS key; older ones stay readable."""
    providers = [{"aescbc": {"keys": [{"name": "key", "secret": key}]}}, {"identity": {}}]
    return {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "EncryptionConfiguration",
        "resources": [{"resources": ["secrets"], "providers": providers}],
    }


def _write(path: Path, document: Mapping[str, Any] | Sequence[Any]) -> None:
    """JSON is YAML, which is what these programs read."""
    path.touch(mode=0o600)
    path.write_text(json.dumps(document, indent=1))


def _base64(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()


def _write_key(private: Path, public: Path) -> None:
    """The pair by which tokens of service accounts are signed: RSA, as on EKS."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private.touch(mode=0o600)
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    public.write_bytes(
        key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
