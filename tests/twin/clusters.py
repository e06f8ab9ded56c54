"""An EKS cluster of a twin that holds nothing else: its control plane and its node groups."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.support.waiting import eventually
from tests.twin.corrections.server import ACCOUNT, REGION, Twin
from twin.kubernetes.client import Client
from twin.kubernetes.nodes import GROUP, is_ready

NAME = "groundwork-test"
DISCOVERY = {"k8s.io/cluster-autoscaler/enabled": "true", f"k8s.io/cluster-autoscaler/{NAME}": "owned"}
GPU_TAINT = {"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}
GPU_LABELS = {"workload": "gpu", "k8s.amazonaws.com/accelerator": "nvidia-a10g"}
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": ["eks.amazonaws.com", "ec2.amazonaws.com", "pods.eks.amazonaws.com"]},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
        }
    ],
}


@dataclass
class Cluster:
    """A cluster that is ACTIVE."""

    twin: Twin
    api: Client
    subnet_ids: list[str]
    node_role: str

    @classmethod
    def make(cls, twin: Twin) -> "Cluster":
        """A cluster in two zones, with no node."""
        ec2, eks = twin.client("ec2"), twin.client("eks")
        vpc_id = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
        subnet_ids = [
            ec2.create_subnet(VpcId=vpc_id, CidrBlock=f"10.7.{i}.0/24", AvailabilityZone=REGION + zone)["Subnet"][
                "SubnetId"
            ]
            for i, zone in enumerate("ab")
        ]
        eks.create_cluster(
            name=NAME,
            roleArn=role(twin, "cluster", {}),
            resourcesVpcConfig={"subnetIds": subnet_ids},
            accessConfig={"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False},
        )
        eks.get_waiter("cluster_active").wait(name=NAME, WaiterConfig={"Delay": 1, "MaxAttempts": 120})
        kubeconfig = twin.root / "kubernetes" / f"{ACCOUNT}-{REGION}-{NAME}" / "admin.kubeconfig"
        may_ask = {"eks-auth:AssumeRoleForPodIdentity": "*"}
        return cls(twin, Client.of(kubeconfig), subnet_ids, role(twin, "nodes", may_ask))

    def node_group(self, name: str, sizes: tuple[int, int, int], **given: Any) -> str:
        """Make a node group of (least, most, desired) nodes, wait for it; the name of its Auto Scaling group."""
        least, most, desired = sizes
        eks = self.twin.client("eks")
        eks.create_nodegroup(
            clusterName=NAME,
            nodegroupName=name,
            subnets=self.subnet_ids,
            nodeRole=self.node_role,
            scalingConfig={"minSize": least, "maxSize": most, "desiredSize": desired},
            **given,
        )
        found = eventually(lambda: self.group_with_status(name, "ACTIVE"), f"node group {name} is active")
        return str(found["resources"]["autoScalingGroups"][0]["name"])

    def group_with_status(self, name: str, status: str) -> dict[str, Any] | None:
        """The node group, when it has this status."""
        found = self.twin.client("eks").describe_nodegroup(clusterName=NAME, nodegroupName=name)["nodegroup"]
        return dict(found) if found["status"] == status else None

    def remove_group(self, name: str) -> None:
        """Delete a node group and wait until it is gone."""
        eks = self.twin.client("eks")
        eks.delete_nodegroup(clusterName=NAME, nodegroupName=name)
        eks.get_waiter("nodegroup_deleted").wait(
            clusterName=NAME, nodegroupName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 120}
        )

    def nodes(self, group: str, *, ready: bool = True) -> list[dict[str, Any]]:
        """The nodes of a group; those that are Ready alone, unless asked otherwise."""
        held = self.api.list("v1", "Node", None, f"{GROUP}={group}")
        return [node for node in held if is_ready(node) or not ready]

    def tag(self, auto_scaling_group: str, tags: Mapping[str, str]) -> None:
        """Put tags on an Auto Scaling group."""
        self.twin.client("autoscaling").create_or_update_tags(
            Tags=[
                {
                    "ResourceId": auto_scaling_group,
                    "ResourceType": "auto-scaling-group",
                    "Key": key,
                    "Value": value,
                    "PropagateAtLaunch": False,
                }
                for key, value in tags.items()
            ]
        )

    def desired(self, auto_scaling_group: str) -> int:
        """The desired size of an Auto Scaling group."""
        scaling = self.twin.client("autoscaling")
        found = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[auto_scaling_group])
        return int(found["AutoScalingGroups"][0]["DesiredCapacity"])

    def make_objects(self, *manifests: Mapping[str, Any]) -> None:
        """Apply manifests."""
        for manifest in manifests:
            self.api.apply(manifest, manager="test")

    def events(self, reason: str, namespace: str | None = None) -> list[str]:
        """The messages of all events with this reason."""
        held = self.api.list("v1", "Event", namespace)
        return [event["message"] for event in held if event.get("reason") == reason]


def role(twin: Twin, name: str, allowed: Mapping[str, str]) -> str:
    """A new role that may do each action on a resource; its ARN."""
    iam = twin.client("iam")
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(_TRUST))["Role"]["Arn"]
    allow(twin, name, allowed)
    return str(arn)


def allow(twin: Twin, name: str, allowed: Mapping[str, str]) -> None:
    """Let a role do these actions, and no others."""
    statements = [{"Effect": "Allow", "Action": action, "Resource": where} for action, where in allowed.items()]
    nothing = [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements or nothing})
    twin.client("iam").put_role_policy(RoleName=name, PolicyName="test", PolicyDocument=document)
