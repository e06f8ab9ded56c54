"""EKS add-ons, each pinned to the version that `components.cluster.versions` names for the cluster's minor version.

In two parts, because nodes stand between them: what a node needs before it is ready, and what needs nodes to run on.
An upgrade goes control plane, network add-ons, nodes, node add-ons; a teardown the other way round.

The CNI and the CSI driver have roles of their own through Pod Identity: a node has neither's rights, so a pod that got
at its node's role could not change the network or the disks. The storage class is Kubernetes' and made elsewhere.

Source: EKS user guide, "Amazon EKS add-ons", "Limit pod traffic with Kubernetes network policies"; EBS CSI driver,
"Set up driver permissions", its example policy; EKS API, CreateAddon; Secrets Store CSI driver and its AWS provider,
the values of their charts and the configuration that the provider's own tests give the add-on.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi_aws import eks

from components.cluster.pod_role import PodRole, PodRoleArgs
from components.cluster.versions import ADDON_VERSIONS, AddonName, KubernetesVersion
from components.labels import GPU
from components.model import Model, Wire
from components.naming import cluster_name
from components.policy_document import Statement, allow

NAMESPACE = "kube-system"
CNI_POLICY_ARN = "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"


class _Place(Model):
    """Where add-ons of either part are."""

    account_id: str
    """The account of the cluster."""
    region: str
    """Where the cluster and its volumes are."""
    environment: str
    """Part of the names of the roles of the CNI and the CSI driver."""
    boundary_arn: Wire
    """The permissions boundary of the environment, for those roles."""
    version: KubernetesVersion
    """The minor version of the cluster, which the versions of the add-ons go by."""


class NetworkAddonsArgs(_Place):
    """What the add-ons before the nodes are wired to."""

    cluster_name: Wire
    """The cluster, once people get in."""


class NetworkAddons(pulumi.ComponentResource):
    """`eks-pod-identity-agent`, `vpc-cni` and `kube-proxy`: without them a node never becomes ready."""

    cluster_name: pulumi.Output[str]
    """Known once the add-ons are there: node pools take the cluster's name from here."""

    def __init__(self, name: str, args: NetworkAddonsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:cluster:NetworkAddons", name, None, opts)
        cni = PodRole(
            f"{name}-cni",
            PodRoleArgs(
                account_id=args.account_id,
                region=args.region,
                environment=args.environment,
                boundary_arn=args.boundary_arn,
                cluster_name=args.cluster_name,
                namespace=NAMESPACE,
                service_account="aws-node",
                policy_arns={"policy": CNI_POLICY_ARN},
            ),
            pulumi.ResourceOptions(parent=self),
        )
        agent = _addon(self, name, args.cluster_name, args.version, "eks-pod-identity-agent")
        made = [
            agent,
            _addon(self, name, args.cluster_name, args.version, "kube-proxy"),
            _addon(
                self,
                name,
                args.cluster_name,
                args.version,
                "vpc-cni",
                {"enableNetworkPolicy": "true"},
                [agent, cni],
            ),
        ]
        self.cluster_name = _once(made)
        self.register_outputs({"cluster_name": self.cluster_name})


class NodeAddonsArgs(_Place):
    """What the add-ons that run on nodes are wired to."""

    cluster_name: Wire
    """The cluster, once nodes of the system pool are ready."""


class NodeAddons(pulumi.ComponentResource):
    """`coredns`, `metrics-server`, and the CSI drivers of disks, snapshots and secrets."""

    cluster_name: pulumi.Output[str]
    """Known once the add-ons are there: what is made inside the cluster takes its name from here."""

    def __init__(self, name: str, args: NodeAddonsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:cluster:NodeAddons", name, None, opts)
        csi = PodRole(
            f"{name}-csi",
            PodRoleArgs(
                account_id=args.account_id,
                region=args.region,
                environment=args.environment,
                boundary_arn=args.boundary_arn,
                cluster_name=args.cluster_name,
                namespace=NAMESPACE,
                service_account="ebs-csi-controller-sa",
                statements=csi_statements(args.account_id, args.region, args.environment),
            ),
            pulumi.ResourceOptions(parent=self),
        )
        snapshots = _addon(self, name, args.cluster_name, args.version, "snapshot-controller")
        made = [
            _addon(self, name, args.cluster_name, args.version, "coredns"),
            _addon(self, name, args.cluster_name, args.version, "metrics-server"),
            snapshots,
            _addon(
                self,
                name,
                args.cluster_name,
                args.version,
                "aws-ebs-csi-driver",
                depends_on=[csi, snapshots],  # the driver looks for the snapshot resources when it starts
            ),
            _addon(
                self,
                name,
                args.cluster_name,
                args.version,
                "aws-secrets-store-csi-driver-provider",
                secrets_store_configuration(),
                # EKS' own choice would be a namespace without a Pod Security level, which admission refuses to change.
                namespace=NAMESPACE,
            ),
        ]
        self.cluster_name = _once(made)
        self.register_outputs({"cluster_name": self.cluster_name})


def secrets_store_configuration() -> Mapping[str, Any]:
    """Return how secrets are mounted: as files alone, renewed while a pod runs, on GPU nodes too.

    No Secret of the cluster is ever made of one. The driver asks for tokens of the pod and hands them to the provider,
    which so needs no right to make tokens of its own.
    """
    gpu_nodes = [{"key": GPU, "operator": "Exists", "effect": "NoSchedule"}]
    return {
        "secrets-store-csi-driver": {
            "enableSecretRotation": True,
            "rotationPollInterval": "2m",
            "syncSecret": {"enabled": False},
            "tokenRequests": [{"audience": audience} for audience in ("pods.eks.amazonaws.com", "sts.amazonaws.com")],
            "tolerations": gpu_nodes,
        },
        "tolerations": gpu_nodes,
    }


def csi_statements(account_id: str, region: str, environment: str) -> tuple[Statement, ...]:
    """Return what the CSI driver may do: volumes and snapshots that it made itself, and their attachment to nodes."""
    ec2 = f"arn:aws:ec2:{region}:{account_id}"
    volumes, snapshots, nodes = f"{ec2}:volume/*", f"arn:aws:ec2:{region}::snapshot/*", f"{ec2}:instance/*"
    # The driver puts this tag on every volume and snapshot that it makes.
    made_by_driver = {"StringEquals": {"aws:RequestTag/ebs.csi.aws.com/cluster": "true"}}
    driver_made = {"StringEquals": {"aws:ResourceTag/ebs.csi.aws.com/cluster": "true"}}
    nodes_of_cluster = {"StringEquals": {"aws:ResourceTag/eks:cluster-name": cluster_name(environment)}}
    return (
        allow(
            "FindVolumes",  # Describe calls know no resource
            actions=[
                "ec2:DescribeAvailabilityZones",
                "ec2:DescribeInstances",
                "ec2:DescribeSnapshots",
                "ec2:DescribeTags",
                "ec2:DescribeVolumes",
                "ec2:DescribeVolumesModifications",
                "ec2:DescribeVolumeStatus",
            ],
            resources=["*"],
        ),
        allow("MakeVolumes", actions=["ec2:CreateVolume"], resources=[volumes], conditions=made_by_driver),
        allow("RestoreVolumes", actions=["ec2:CreateVolume"], resources=[snapshots], conditions=driver_made),
        allow("MakeSnapshots", actions=["ec2:CreateSnapshot"], resources=[snapshots], conditions=made_by_driver),
        allow("SnapshotVolumes", actions=["ec2:CreateSnapshot"], resources=[volumes], conditions=driver_made),
        allow(
            "TagWhatItMakes",
            actions=["ec2:CreateTags"],
            resources=[volumes, snapshots],
            conditions={"StringEquals": {"ec2:CreateAction": ["CreateSnapshot", "CreateVolume"]}},
        ),
        allow(
            "ChangeVolumes",
            actions=[
                "ec2:AttachVolume",
                "ec2:DeleteVolume",
                "ec2:DetachVolume",
                "ec2:ModifyVolume",
            ],
            resources=[volumes],
            conditions=driver_made,
        ),
        allow("DeleteSnapshots", actions=["ec2:DeleteSnapshot"], resources=[snapshots], conditions=driver_made),
        allow(
            "AttachToNodes",
            actions=["ec2:AttachVolume", "ec2:DetachVolume"],
            resources=[nodes],
            conditions=nodes_of_cluster,
        ),
    )


def _addon(
    component: pulumi.ComponentResource,
    name: str,
    cluster: Wire,
    version: KubernetesVersion,
    addon: AddonName,
    configuration: Mapping[str, Any] | None = None,
    depends_on: Sequence[pulumi.Resource] = (),
    namespace: str | None = None,
) -> eks.Addon:
    """Make one add-on. Whatever somebody changed in the cluster by hand is put back: the program is what counts."""
    return eks.Addon(
        f"{name}-{addon}",
        cluster_name=cluster,
        addon_name=addon,
        addon_version=ADDON_VERSIONS[version][addon],
        configuration_values=json.dumps(configuration, sort_keys=True, separators=(",", ":"))
        if configuration
        else None,
        namespace_config={"namespace": namespace} if namespace else None,
        resolve_conflicts_on_create="OVERWRITE",
        resolve_conflicts_on_update="OVERWRITE",
        opts=pulumi.ResourceOptions(parent=component, depends_on=list(depends_on)),
    )


def _once(addons: Sequence[eks.Addon]) -> pulumi.Output[str]:
    """Return the cluster's name, with a dependency on all of the add-ons."""
    return pulumi.Output.all(*(addon.cluster_name for addon in addons)).apply(lambda names: str(names[0]))
