"""What the twin keeps of one cluster between two starts: `cluster.json` in the cluster's folder, mode 0600."""

import base64
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from twin import loopback_ports

RECORD = "cluster.json"
PORTS = ("etcd", "etcd-peer", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
"""Who listens, each on a loopback port of its own."""


@dataclass(frozen=True)
class ClusterRecord:
    """One EKS cluster, as its control plane has to know it."""

    name: str
    account: str
    region: str
    service_cidr: str
    """The addresses of services, such as `10.100.0.0/16`."""
    issuer: str
    """Who issues the tokens of service accounts: the cluster's OIDC issuer, as DescribeCluster shows it."""
    ports: Mapping[str, int]
    webhook_secret: str = field(repr=False)
    """By which the AWS API knows this cluster's API server, when it asks who a token's owner is and what they may."""
    encryption_key: str | None = field(default=None, repr=False)
    """Encrypts secrets in etcd: 32 bytes in base64, when the cluster has an encryption configuration."""

    @classmethod
    def new(cls, *, name: str, account: str, region: str, service_cidr: str, issuer: str) -> "ClusterRecord":
        """A cluster with ports and a secret of its own."""
        ports = dict(zip(PORTS, loopback_ports.free(len(PORTS)), strict=True))
        return cls(name, account, region, service_cidr, issuer, ports, secrets.token_urlsafe(32))

    @property
    def folder_name(self) -> str:
        """The name of its folder: a cluster's name is unique in its account and region only."""
        return f"{self.account}-{self.region}-{self.name}"

    @property
    def endpoint(self) -> str:
        """The API server's URL."""
        return f"https://127.0.0.1:{self.ports['kube-apiserver']}"

    def encrypted(self) -> "ClusterRecord":
        """The same cluster with a key for its secrets; a key that it has is kept."""
        key = self.encryption_key or base64.b64encode(secrets.token_bytes(32)).decode()
        return replace(self, encryption_key=key)

    def with_free_ports(self) -> "ClusterRecord":
        """The same cluster with another port where another program has taken one."""
        taken = [program for program, port in self.ports.items() if not loopback_ports.is_free(port)]
        if not taken:
            return self
        others = loopback_ports.free(len(taken), self.ports.values())
        return replace(self, ports={**self.ports, **dict(zip(taken, others, strict=True))})

    def save(self, folder: Path) -> None:
        """Write it whole or not at all. The folder is made with mode 0700."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = folder / f"{RECORD}.tmp"
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(asdict(self), indent=1))
        os.replace(draft, folder / RECORD)

    @classmethod
    def load(cls, folder: Path) -> "ClusterRecord":
        """What is kept of the cluster in this folder. Raises OSError when nothing is."""
        return cls(**json.loads((folder / RECORD).read_text()))
