"""Kubernetes minor versions that can be asked for, and the version of each add-on that goes with each of them.

An add-on without a version takes EKS' default of the day, so that the same program builds two different clusters. The
tables below are what EKS itself resolved or listed:

- 1.35: the defaults that `aws eks describe-addon-versions --kubernetes-version 1.35` listed on 4 August 2026; the
  snapshot controller from a set of 1.35 that was updated with the same command in the same month; the default of
  `aws-secrets-store-csi-driver-provider` from a cluster that was upgraded to 1.35.
- 1.36: `vpc-cni`, `kube-proxy`, `coredns` and `eks-pod-identity-agent` are what a 1.36 cluster resolved to on
  16 September 2026, `metrics-server` is the default that the same command listed for 1.36; `aws-ebs-csi-driver` is
  what a published 1.36 cluster pins. The snapshot controller is that of 1.35: no list for 1.36 was found.
  `aws-secrets-store-csi-driver-provider` is what a published set for 1.36 pins.

All of it was read in public repositories, none was asked of a live account: before the first deployment run
`aws eks describe-addon-versions --kubernetes-version 1.36`, as docs/first-deployment.md says.
1.34 has no table, because no new cluster should begin there; the upgrade check knows all versions.

Source: EKS user guide, "Amazon EKS add-ons", "Kubernetes versions on Amazon EKS"; Kubernetes, "Version skew policy".
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias

AddonName: TypeAlias = Literal[
    "aws-ebs-csi-driver",
    "aws-secrets-store-csi-driver-provider",
    "coredns",
    "eks-pod-identity-agent",
    "kube-proxy",
    "metrics-server",
    "snapshot-controller",
    "vpc-cni",
]
KubernetesVersion: TypeAlias = Literal["1.35", "1.36"]
NodeVersion: TypeAlias = Literal["1.33", "1.34", "1.35", "1.36"]

ADDON_VERSIONS: Mapping[KubernetesVersion, Mapping[AddonName, str]] = {
    "1.35": {
        "aws-ebs-csi-driver": "v1.63.1-eksbuild.1",
        "aws-secrets-store-csi-driver-provider": "v3.1.3-eksbuild.1",
        "coredns": "v1.13.2-eksbuild.11",
        "eks-pod-identity-agent": "v1.3.10-eksbuild.3",
        "kube-proxy": "v1.35.3-eksbuild.17",
        "metrics-server": "v0.9.0-eksbuild.5",
        "snapshot-controller": "v8.6.0-eksbuild.4",
        "vpc-cni": "v1.22.3-eksbuild.1",
    },
    "1.36": {
        "aws-ebs-csi-driver": "v1.63.1-eksbuild.1",
        "aws-secrets-store-csi-driver-provider": "v3.1.3-eksbuild.1",
        "coredns": "v1.14.3-eksbuild.16",
        "eks-pod-identity-agent": "v1.3.10-eksbuild.3",
        "kube-proxy": "v1.36.0-eksbuild.21",
        "metrics-server": "v0.9.0-eksbuild.11",
        "snapshot-controller": "v8.6.0-eksbuild.4",
        "vpc-cni": "v1.22.4-eksbuild.3",
    },
}

OLDEST_NODES = 3
"""How many minor versions the nodes may be behind the control plane; they are never ahead of it."""


def minor(version: str) -> int:
    """Return the minor number of a version such as `1.36`: Kubernetes has had one major number. Raises `ValueError`."""
    major, _, rest = version.partition(".")
    if major != "1":
        raise ValueError(f"{version!r} is no version of Kubernetes: 1.36 is one")
    return int(rest)
