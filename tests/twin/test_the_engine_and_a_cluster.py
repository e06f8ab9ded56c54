"""The real engine, the twin's AWS provider and an EKS cluster with a control plane: what people do with node pools."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.engine import Engine
from twin.aws.faults import Fault, plan

CLUSTER = """\
from pulumi_aws import autoscaling, eks


def role(name, service):
    taken = {"Effect": "Allow", "Principal": {"Service": service}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
    document = pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [taken]})
    return iam.Role(name, name=name, assume_role_policy=document, opts=on_aws())


network = ec2.Vpc("network", cidr_block="10.5.0.0/16", tags={"Name": "cluster"}, opts=on_aws())
subnets = [
    ec2.Subnet(
        f"subnet-{zone}", vpc_id=network.id, cidr_block=f"10.5.{i}.0/24", availability_zone=f"eu-west-1{zone}",
        tags={"Name": zone}, opts=on_aws(),
    ).id
    for i, zone in enumerate("ab")
]
cluster = eks.Cluster(
    "cluster", name="engine", version="1.35", role_arn=role("control-plane", "eks.amazonaws.com").arn,
    vpc_config={"subnet_ids": subnets, "endpoint_private_access": True},
    access_config={"authentication_mode": "API", "bootstrap_cluster_creator_admin_permissions": False}, opts=on_aws(),
)
node_role = role("node-role", "ec2.amazonaws.com")
auditor = role("auditor", "ec2.amazonaws.com")
pods = role("pods", "pods.eks.amazonaws.com")
"""

POOL = """\
template = ec2.LaunchTemplate(
    "template", name="engine-nodes", update_default_version=True, opts=on_aws(),
    block_device_mappings=[{{"device_name": "/dev/xvda", "ebs": {{"volume_size": {disk}, "encrypted": "true"}}}}],
)
nodes = eks.NodeGroup(
    "nodes", cluster_name=cluster.name, node_group_name="nodes", node_role_arn=node_role.arn, subnet_ids=subnets,
    instance_types=["{type}"], labels={{"pool": "{label}"}},
    scaling_config={{"min_size": 0, "max_size": 4, "desired_size": 1}},
    launch_template={{"id": template.id, "version": template.latest_version.apply(str)}},
    opts=on_aws(ignore_changes=["scalingConfig.desiredSize"]),
)
autoscaling.Tag(
    "tag", autoscaling_group_name=nodes.resources[0].autoscaling_groups[0].name, opts=on_aws(),
    tag={{"key": "k8s.io/cluster-autoscaler/enabled", "value": "{label}", "propagate_at_launch": False}},
)
eks.Addon("proxy", cluster_name=cluster.name, addon_name="kube-proxy", opts=on_aws())
entry = eks.AccessEntry("entry", cluster_name=cluster.name, principal_arn=auditor.arn, opts=on_aws())
eks.AccessPolicyAssociation(
    "policy", cluster_name=cluster.name, principal_arn=entry.principal_arn, access_scope={{"type": "cluster"}},
    policy_arn="arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy", opts=on_aws(),
)
eks.PodIdentityAssociation(
    "association", cluster_name=cluster.name, namespace="team-vision", service_account="trainer", role_arn=pods.arn,
    opts=on_aws(),
)
ec2.Tag("subnet-tag", resource_id=subnets[0], key="kubernetes.io/role/internal-elb", value="1", opts=on_aws())
"""

WANTED = {"disk": 20, "type": "t4g.large", "label": "one"}
PARTS = ("template", "nodes", "tag", "proxy", "entry", "policy", "association", "subnet-tag")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A twin of its own, with a cluster."""
    made = Engine.make(tmp_path_factory.mktemp("engine") / "project")
    try:
        made.up(CLUSTER)
        yield made
    finally:
        made.project.stop()


@pytest.fixture(scope="module")
def pooled(engine: Engine) -> Engine:
    """The same with a node group and all else; made while the connection breaks off right after each is made."""
    breaks = [
        Fault("ec2", "CreateLaunchTemplate", "closed", after=True),
        *(
            Fault("eks", name, "closed", after=True)
            for name in ("CreateNodegroup", "CreateAddon", "CreateAccessEntry", "CreatePodIdentityAssociation")
        ),
    ]
    plan(engine.project.root / ".twin", breaks)
    assert sorted(engine.up(program())) == sorted(("create", name) for name in PARTS)
    assert not (engine.project.root / ".twin" / "faults.json").exists(), "not every fault has struck"
    return engine


def program(**changed: Any) -> str:
    """The program with its pool, changed so."""
    return CLUSTER + POOL.format(**{**WANTED, **changed})


def node_group(engine: Engine) -> dict[str, Any]:
    return dict(engine.aws.client("eks").describe_nodegroup(clusterName="engine", nodegroupName="nodes")["nodegroup"])


def scale(engine: Engine, desired: int) -> None:
    """What an autoscaler does."""
    [group] = node_group(engine)["resources"]["autoScalingGroups"]
    engine.aws.client("autoscaling").set_desired_capacity(AutoScalingGroupName=group["name"], DesiredCapacity=desired)


def test_what_broke_off_while_it_was_made_is_found_and_made_once(pooled: Engine) -> None:
    eks = pooled.aws.client("eks")
    group = node_group(pooled)
    assert group["status"] == "ACTIVE"
    assert group["launchTemplate"]["id"] == pooled.state()["template"]["id"]
    associations = eks.list_pod_identity_associations(clusterName="engine")["associations"]
    assert [one["associationId"] for one in associations] == [pooled.state()["association"]["id"]]
    templates = pooled.aws.client("ec2").describe_launch_templates()["LaunchTemplates"]
    assert [one["LaunchTemplateId"] for one in templates] == [pooled.state()["template"]["id"]]
    pooled.no_change()


def test_a_change_of_the_launch_template_is_shown_to_reach_the_nodes_and_leaves_the_desired_size(
    pooled: Engine,
) -> None:
    scale(pooled, 2)
    pooled.declare(program(disk=30))
    shown = json.loads(pooled.pulumi("preview", "--json").stdout)["steps"]
    assert {step["urn"].rpartition("::")[2] for step in shown if step["op"] == "update"} == {"template", "nodes"}

    assert pooled.up(program(disk=30)) == [("update", "template"), ("update", "nodes")]
    assert node_group(pooled)["launchTemplate"]["version"] == "2"
    assert node_group(pooled)["scalingConfig"]["desiredSize"] == 2
    pooled.no_change()
    assert ("update", "nodes") in pooled.up(program(disk=30, label="two"))
    group = node_group(pooled)
    assert (group["labels"], group["scalingConfig"]["desiredSize"]) == ({"pool": "two"}, 2)
    pooled.no_change()


def test_another_instance_type_replaces_the_node_group_by_one_of_the_same_name(pooled: Engine) -> None:
    before = node_group(pooled)["nodegroupArn"]
    order = pooled.up(program(type="m7g.large"))
    assert order.index(("delete-replaced", "nodes")) < order.index(("create-replacement", "nodes"))
    group = node_group(pooled)
    assert group["nodegroupArn"] != before
    assert group["instanceTypes"] == ["m7g.large"]
    pooled.no_change()
    pooled.up(program())
