"""EKS: clusters, and what they have: node groups, add-ons, and who may use them."""

import json
from collections.abc import Mapping
from typing import Any

from tests.contracts.providers.aws.examples import REGION, Example, World
from tests.contracts.providers.aws.examples.ec2 import group, subnet, vpc

_POLICY = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"


def role(world: World, service: str = "eks") -> str:
    """A role that a service may take."""
    taken = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [taken]})
    iam = world.client("iam")
    made: str = iam.create_role(RoleName=world.name("role"), AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    return made


def subnets(world: World) -> list[str]:
    vpc_id = vpc(world)
    return [subnet(world, vpc_id, 1, f"{REGION}a"), subnet(world, vpc_id, 2, f"{REGION}b")]


_CLUSTERS: dict[int, str] = {}


def cluster(world: World) -> str:
    """A cluster that is ready, one for all examples: it costs a control plane."""
    if id(world) not in _CLUSTERS:
        _CLUSTERS[id(world)] = _cluster(world)
    return _CLUSTERS[id(world)]


def _cluster(world: World) -> str:
    eks, name = world.client("eks"), world.name("cluster")
    eks.create_cluster(
        name=name,
        roleArn=role(world),
        resourcesVpcConfig={"subnetIds": subnets(world)},
        version="1.36",
        accessConfig={"authenticationMode": "API"},
    )
    eks.get_waiter("cluster_active").wait(name=name, WaiterConfig={"Delay": 1})
    return name


def _cluster_inputs(world: World) -> dict[str, Any]:
    return {
        "name": world.name("cluster"),
        "roleArn": role(world),
        "version": "1.35",
        "vpcConfig": {
            "subnetIds": subnets(world),
            "endpointPrivateAccess": True,
            "endpointPublicAccess": False,
        },
        "accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False},
        "enabledClusterLogTypes": ["api", "audit"],
    }


def _key(world: World) -> str:
    made: str = world.client("kms").create_key()["KeyMetadata"]["Arn"]
    return made


def _open_endpoint(world: World) -> dict[str, Any]:
    """The endpoint for one range, and another security group, of the VPC that the newest cluster is in."""
    eks = world.client("eks")
    name = next(name for name in eks.list_clusters()["clusters"] if name != _CLUSTERS.get(id(world)))
    network = eks.describe_cluster(name=name)["cluster"]["resourcesVpcConfig"]
    return {
        "vpcConfig": {
            "subnetIds": network["subnetIds"],
            "endpointPrivateAccess": True,
            "endpointPublicAccess": True,
            "publicAccessCidrs": ["198.51.100.0/24"],
            "securityGroupIds": [group(world, network["vpcId"])],
        }
    }


def _cluster_holds(world: World, name: str, inputs: Mapping[str, Any]) -> None:
    there = world.client("eks").describe_cluster(name=name)["cluster"]
    assert there["status"] == "ACTIVE"
    assert there["version"] == inputs["version"]
    assert there["roleArn"] == inputs["roleArn"]
    network = inputs["vpcConfig"]
    for name in ("endpointPrivateAccess", "endpointPublicAccess"):
        assert there["resourcesVpcConfig"][name] == network[name], name
    assert sorted(there["resourcesVpcConfig"]["subnetIds"]) == sorted(network["subnetIds"])
    logged = [kind for setup in there["logging"]["clusterLogging"] if setup["enabled"] for kind in setup["types"]]
    assert sorted(logged) == sorted(inputs.get("enabledClusterLogTypes", []))
    assert there["accessConfig"]["authenticationMode"] == inputs["accessConfig"]["authenticationMode"]
    assert there.get("encryptionConfig", []) == ([inputs["encryptionConfig"]] if "encryptionConfig" in inputs else [])
    assert there["deletionProtection"] is inputs.get("deletionProtection", False)
    assert there["tags"] == inputs["tagsAll"]


def _node_group_inputs(world: World) -> dict[str, Any]:
    return {
        "clusterName": cluster(world),
        "nodeGroupName": world.name("nodes"),
        "nodeRoleArn": role(world, "ec2"),
        "subnetIds": subnets(world),
        "instanceTypes": ["t4g.large"],
        "scalingConfig": {"minSize": 1, "maxSize": 3, "desiredSize": 2},
        "labels": {"groundwork.io/node-pool": "system"},
        "taints": [{"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}],
    }


def _templated_inputs(world: World) -> dict[str, Any]:
    made = world.client("ec2").create_launch_template(
        LaunchTemplateName=world.name("template"), LaunchTemplateData={"EbsOptimized": True}
    )
    template = made["LaunchTemplate"]["LaunchTemplateId"]
    return {
        "clusterName": cluster(world),
        "nodeRoleArn": role(world, "ec2"),
        "subnetIds": subnets(world),
        "instanceTypes": ["g5.xlarge"],
        "capacityType": "SPOT",
        "version": "1.35",
        "launchTemplate": {"id": template, "version": "1"},
        "scalingConfig": {"minSize": 0, "maxSize": 3, "desiredSize": 0},
    }


def _next_version(world: World) -> dict[str, Any]:
    ec2 = world.client("ec2")
    [template] = ec2.describe_launch_templates()["LaunchTemplates"][-1:]
    named = {"LaunchTemplateId": template["LaunchTemplateId"]}
    ec2.create_launch_template_version(**named, SourceVersion="1", LaunchTemplateData={"DisableApiStop": True})
    return {"launchTemplate": {"id": template["LaunchTemplateId"], "version": "2"}}


def _node_group_holds(world: World, group_id: str, inputs: Mapping[str, Any]) -> None:
    cluster_name, _, name = group_id.partition(":")
    there = world.client("eks").describe_nodegroup(clusterName=cluster_name, nodegroupName=name)["nodegroup"]
    assert there["status"] == "ACTIVE"
    assert there["scalingConfig"] == inputs["scalingConfig"]
    assert there.get("labels", {}) == inputs.get("labels", {})
    assert there.get("taints", []) == inputs.get("taints", [])
    assert there["nodeRole"] == inputs["nodeRoleArn"]
    if "launchTemplate" in inputs:
        assert there["launchTemplate"]["version"] == inputs["launchTemplate"]["version"]
    assert there["tags"] == inputs["tagsAll"]


def _addon_inputs(world: World) -> dict[str, Any]:
    return {
        "clusterName": cluster(world),
        "addonName": "vpc-cni",
        "configurationValues": '{"enableNetworkPolicy": "true"}',
        "resolveConflictsOnCreate": "OVERWRITE",
    }


def _addon_role(world: World) -> list[dict[str, str]]:
    return [{"serviceAccount": "aws-node", "roleArn": role(world, "pods.eks")}]


def _addon_holds(world: World, addon_id: str, inputs: Mapping[str, Any]) -> None:
    cluster_name, _, name = addon_id.partition(":")
    there = world.client("eks").describe_addon(clusterName=cluster_name, addonName=name)["addon"]
    assert there["status"] == "ACTIVE"
    assert there.get("configurationValues") == inputs.get("configurationValues")
    assert there["addonVersion"] == inputs.get("addonVersion", there["addonVersion"])
    found = [
        world.client("eks").describe_pod_identity_association(
            clusterName=cluster_name, associationId=arn.rpartition("/")[2]
        )["association"]
        for arn in there.get("podIdentityAssociations", [])
    ]
    roles = {one["serviceAccount"]: one["roleArn"] for one in inputs.get("podIdentityAssociations", [])}
    assert {one["serviceAccount"]: one["roleArn"] for one in found} == roles
    assert there["tags"] == inputs["tagsAll"]


def _entry_inputs(world: World) -> dict[str, Any]:
    return {"clusterName": cluster(world), "principalArn": role(world), "kubernetesGroups": ["groundwork:auditor"]}


def _entry_holds(world: World, entry_id: str, inputs: Mapping[str, Any]) -> None:
    cluster_name, _, principal = entry_id.partition(":")
    entry = world.client("eks").describe_access_entry(clusterName=cluster_name, principalArn=principal)["accessEntry"]
    assert sorted(entry["kubernetesGroups"]) == sorted(inputs["kubernetesGroups"])
    assert entry["type"] == "STANDARD"
    assert entry["tags"] == inputs["tagsAll"]


def _policy_inputs(world: World) -> dict[str, Any]:
    name, principal = cluster(world), role(world)
    world.client("eks").create_access_entry(clusterName=name, principalArn=principal)
    return {
        "clusterName": name,
        "principalArn": principal,
        "policyArn": _POLICY,
        "accessScope": {"type": "namespace", "namespaces": ["team-vision"]},
    }


def _policy_holds(world: World, association_id: str, inputs: Mapping[str, Any]) -> None:
    cluster_name, principal, policy = association_id.split("#")
    eks = world.client("eks")
    found = eks.list_associated_access_policies(clusterName=cluster_name, principalArn=principal)
    [there] = found["associatedAccessPolicies"]
    assert there["policyArn"] == policy
    assert there["accessScope"] == inputs["accessScope"]


def _pod_role_inputs(world: World) -> dict[str, Any]:
    return {
        "clusterName": cluster(world),
        "namespace": "team-vision",
        "serviceAccount": "trainer",
        "roleArn": role(world, "pods.eks"),
    }


def _pod_role_holds(world: World, association_id: str, inputs: Mapping[str, Any]) -> None:
    found = world.client("eks").describe_pod_identity_association(
        clusterName=inputs["clusterName"], associationId=association_id
    )
    assert found["association"]["roleArn"] == inputs["roleArn"]
    assert found["association"]["namespace"] == inputs["namespace"]
    assert found["association"]["tags"] == inputs["tagsAll"]


EXAMPLES = (
    Example(
        "aws:eks/cluster:Cluster",
        inputs=_cluster_inputs,
        holds=_cluster_holds,
        updates=(
            {"version": "1.36"},
            {"enabledClusterLogTypes": ["audit", "scheduler"], "upgradePolicy": {"supportType": "STANDARD"}},
            _open_endpoint,
            lambda world: {"encryptionConfig": {"provider": {"keyArn": _key(world)}, "resources": ["secrets"]}},
            {"deletionProtection": True, "zonalShiftConfig": {"enabled": True}},
            {"deletionProtection": False, "zonalShiftConfig": {"enabled": False}, "tags": {"more": "1"}},
        ),
    ),
    Example(
        "aws:eks/nodeGroup:NodeGroup",
        inputs=_node_group_inputs,
        holds=_node_group_holds,
        updates=(
            {"scalingConfig": {"minSize": 0, "maxSize": 4, "desiredSize": 1}},
            {"labels": {"groundwork.io/node-pool": "other"}, "taints": None},
            {"updateConfig": {"maxUnavailablePercentage": 50}, "nodeRepairConfig": {"enabled": True}},
            {"tags": {"more": "1"}},
        ),
    ),
    Example(
        "aws:eks/nodeGroup:NodeGroup",
        inputs=_templated_inputs,
        holds=_node_group_holds,
        updates=(_next_version, {"version": "1.36", "forceUpdateVersion": True}),
        not_imported=frozenset({"forceUpdateVersion"}),
        case="from a launch template",
    ),
    Example(
        "aws:eks/addon:Addon",
        inputs=_addon_inputs,
        holds=_addon_holds,
        updates=(
            {"configurationValues": '{"enableNetworkPolicy": "false"}', "resolveConflictsOnUpdate": "PRESERVE"},
            {"addonVersion": "v1.22.3-eksbuild.1"},
            {"tags": {"more": "1"}},
        ),
        not_imported=frozenset({"resolveConflictsOnCreate", "resolveConflictsOnUpdate"}),
    ),
    Example(
        "aws:eks/addon:Addon",
        inputs=lambda world: {
            "clusterName": cluster(world),
            "addonName": "vpc-cni",
            "addonVersion": "v1.21.1-eksbuild.1",
            "podIdentityAssociations": _addon_role(world),
            "preserve": False,
        },
        holds=_addon_holds,
        updates=(lambda world: {"podIdentityAssociations": _addon_role(world)}, {"podIdentityAssociations": None}),
        case="with a role",
    ),
    Example(
        "aws:eks/accessEntry:AccessEntry",
        inputs=_entry_inputs,
        holds=_entry_holds,
        updates=({"kubernetesGroups": ["groundwork:auditor", "viewers"]}, {"tags": {"more": "1"}}),
    ),
    Example("aws:eks/accessPolicyAssociation:AccessPolicyAssociation", inputs=_policy_inputs, holds=_policy_holds),
    Example(
        "aws:eks/podIdentityAssociation:PodIdentityAssociation",
        inputs=_pod_role_inputs,
        holds=_pod_role_holds,
        updates=(lambda world: {"roleArn": role(world, "pods.eks")}, {"tags": {"more": "1"}}),
        import_id="{clusterName},{id}",
    ),
)
