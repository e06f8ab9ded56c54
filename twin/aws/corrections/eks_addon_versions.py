"""EKS: the add-ons that can be installed in the twin, and their versions for each Kubernetes version.

The newest one of a Kubernetes version is its default here, and is what EKS listed for 1.35 and 1.36. The older ones are
there so that an update can be tried; no list of EKS' was at hand for them.

Source: `aws eks describe-addon-versions` of August and September 2026, read in public repositories; EKS user guide,
"AWS add-ons", for the service accounts and the policies that go with them.
"""

from dataclasses import dataclass

from twin.aws.corrections.remembered import Fields

_ALL = ("1.33", "1.34", "1.35", "1.36")


@dataclass(frozen=True)
class KnownAddon:
    """An add-on of EKS."""

    type: str
    versions: dict[str, tuple[str, ...]]
    """From the newest to the oldest, with the Kubernetes versions that each is for."""
    roles: dict[str, tuple[str, ...]]
    """The service accounts that may get a role, and the managed policies that EKS recommends for them."""
    namespace: str = "kube-system"
    """Where it is installed when nobody says where."""

    def for_cluster(self, version: str) -> list[str]:
        """The versions for a Kubernetes version, the default first."""
        return [name for name, kubernetes in self.versions.items() if version in kubernetes]


_POLICY = "arn:aws:iam::aws:policy/"
ADDONS = {
    "aws-ebs-csi-driver": KnownAddon(
        "storage",
        {"v1.63.1-eksbuild.1": _ALL, "v1.62.0-eksbuild.1": _ALL},
        {"ebs-csi-controller-sa": (f"{_POLICY}service-role/AmazonEBSCSIDriverPolicy",)},
    ),
    "aws-secrets-store-csi-driver-provider": KnownAddon(
        "security", {"v3.1.3-eksbuild.1": _ALL, "v2.2.2-eksbuild.1": _ALL}, {}, "aws-secrets-manager"
    ),
    "coredns": KnownAddon(
        "networking",
        {
            "v1.14.3-eksbuild.16": ("1.36",),
            "v1.14.2-eksbuild.4": ("1.36",),
            "v1.13.2-eksbuild.11": ("1.33", "1.34", "1.35"),
            "v1.13.1-eksbuild.1": ("1.33", "1.34", "1.35"),
        },
        {},
    ),
    "eks-pod-identity-agent": KnownAddon("security", {"v1.3.10-eksbuild.3": _ALL, "v1.3.10-eksbuild.2": _ALL}, {}),
    "kube-proxy": KnownAddon(
        "networking",
        {
            "v1.36.0-eksbuild.21": ("1.36",),
            "v1.35.3-eksbuild.17": ("1.35", "1.36"),
            "v1.34.1-eksbuild.2": ("1.34", "1.35", "1.36"),
            "v1.33.5-eksbuild.2": ("1.33", "1.34", "1.35", "1.36"),
        },
        {},
    ),
    "metrics-server": KnownAddon(
        "observability", {"v0.9.0-eksbuild.11": ("1.36",), "v0.9.0-eksbuild.5": _ALL, "v0.8.0-eksbuild.6": _ALL}, {}
    ),
    "snapshot-controller": KnownAddon("storage", {"v8.6.0-eksbuild.4": _ALL, "v8.3.0-eksbuild.1": _ALL}, {}),
    "vpc-cni": KnownAddon(
        "networking",
        {"v1.22.4-eksbuild.3": ("1.36",), "v1.22.3-eksbuild.1": _ALL, "v1.21.1-eksbuild.1": _ALL},
        {"aws-node": (f"{_POLICY}AmazonEKS_CNI_Policy",)},
    ),
}


def shown(name: str, kubernetes: str | None) -> Fields | None:
    """An add-on as DescribeAddonVersions shows it; None when it has no version for the Kubernetes version."""
    known = ADDONS[name]
    versions = known.for_cluster(kubernetes) if kubernetes else list(known.versions)
    if not versions:
        return None
    return {
        "addonName": name,
        "type": known.type,
        "owner": "aws",
        "publisher": "eks",
        "defaultNamespace": known.namespace,
        "addonVersions": [_version(known, version, kubernetes) for version in versions],
    }


def _version(known: KnownAddon, version: str, kubernetes: str | None) -> Fields:
    return {
        "addonVersion": version,
        "architecture": ["amd64", "arm64"],
        "computeTypes": ["ec2"],
        "requiresConfiguration": False,
        "requiresIamPermissions": bool(known.roles),
        "compatibilities": [
            {
                "clusterVersion": cluster,
                "platformVersions": ["*"],
                "defaultVersion": known.for_cluster(cluster)[0] == version,
            }
            for cluster in known.versions[version]
            if kubernetes in (None, cluster)
        ],
    }
