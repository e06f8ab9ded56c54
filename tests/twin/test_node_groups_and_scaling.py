"""Nodes of managed node groups, the autoscaler, GPUs and spot interruptions, on a real control plane.

The tests share one cluster and run in any order; each removes the node groups that it has made.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.cluster.autoscaler_rules import IN_CLUSTER
from components.labels import NODE_POOL
from tests.support.waiting import eventually
from tests.twin.clusters import DISCOVERY, GPU_LABELS, GPU_TAINT, NAME, Cluster, role
from tests.twin.corrections.conftest import kubernetes_bin, postgres_bin, twin  # noqa: F401  # fixtures
from tests.twin.corrections.server import ACCOUNT, REGION, Twin
from tests.twin.workloads import (
    MOVES,
    TOLERATION,
    autoscaler,
    autoscaler_rights,
    budget,
    device_plugin,
    gpu_service,
    service,
    training_job,
)
from twin.environment import Target
from twin.kubernetes.interruption import interrupt
from twin.kubernetes.nodes import ZONE, instance_id
from twin.places import Places

SYSTEM: dict[str, Any] = {"instanceTypes": ["t4g.large"], "labels": {NODE_POOL: "system"}}
GPUS: dict[str, Any] = {
    "instanceTypes": ["g5.xlarge"],
    "capacityType": "SPOT",
    "labels": GPU_LABELS,
    "taints": [GPU_TAINT],
}


@pytest.fixture(scope="module")
def cluster(twin: Twin) -> Cluster:  # noqa: F811
    made = Cluster.make(twin)
    made.node_group("system", (2, 4, 2), **SYSTEM)
    return made


@pytest.fixture
def gpus(cluster: Cluster) -> Iterator[str]:
    """An empty GPU node group that the autoscaler finds; the name of its Auto Scaling group."""
    cluster.make_objects(device_plugin())
    name = cluster.node_group("gpu", (0, 4, 0), **GPUS)
    cluster.tag(name, DISCOVERY)
    yield name
    cluster.remove_group("gpu")


@pytest.fixture
def scaling(cluster: Cluster) -> Iterator[str]:
    """The platform's autoscaler with its identity; the name of its role."""
    eks = cluster.twin.client("eks")
    arn = role(cluster.twin, "autoscaler", {})
    _grant(cluster, autoscaler_rights())
    eks.create_addon(clusterName=NAME, addonName="eks-pod-identity-agent")
    made = eks.create_pod_identity_association(
        clusterName=NAME, namespace="kube-system", serviceAccount="cluster-autoscaler", roleArn=arn
    )["association"]
    cluster.make_objects(*autoscaler())
    yield "autoscaler"
    for manifest in reversed(autoscaler()):
        metadata = manifest["metadata"]
        cluster.api.delete(manifest["apiVersion"], manifest["kind"], metadata["name"], metadata.get("namespace"))
    eks.delete_pod_identity_association(clusterName=NAME, associationId=made["associationId"])
    eks.delete_addon(clusterName=NAME, addonName="eks-pod-identity-agent")
    iam = cluster.twin.client("iam")
    for policy in iam.list_role_policies(RoleName="autoscaler")["PolicyNames"]:
        iam.delete_role_policy(RoleName="autoscaler", PolicyName=policy)
    iam.delete_role(RoleName="autoscaler")


def _grant(cluster: Cluster, document: str) -> None:
    iam = cluster.twin.client("iam")
    iam.put_role_policy(RoleName="autoscaler", PolicyName="rights", PolicyDocument=document)


def _running(cluster: Cluster, name: str, count: int) -> list[dict[str, Any]] | None:
    pods = cluster.api.list("v1", "Pod", "default", f"app={name}")
    running = [
        pod for pod in pods if pod["status"]["phase"] == "Running" and "deletionTimestamp" not in pod["metadata"]
    ]
    return running if len(running) == count == len(pods) else None


def test_the_nodes_of_a_group_are_spread_over_its_zones(cluster: Cluster) -> None:
    nodes = cluster.nodes("system")
    assert Counter(node["metadata"]["labels"][ZONE] for node in nodes) == {f"{REGION}a": 1, f"{REGION}b": 1}
    instances = cluster.twin.client("ec2").describe_instances(InstanceIds=[instance_id(node) for node in nodes])
    told = {one["PrivateDnsName"] for held in instances["Reservations"] for one in held["Instances"]}
    assert told == {node["metadata"]["name"] for node in nodes}
    assert {node["status"]["nodeInfo"]["kubeletVersion"] for node in nodes} == {"v1.36.3-eks"}
    assert {node["status"]["allocatable"]["pods"] for node in nodes} == {"35"}


def test_a_changed_size_adds_and_drains_nodes(cluster: Cluster) -> None:
    eks = cluster.twin.client("eks")
    cluster.make_objects(service("web", 4), budget("web", maxUnavailable=1))
    eks.update_nodegroup_config(clusterName=NAME, nodegroupName="system", scalingConfig={"desiredSize": 4})
    eventually(lambda: len(cluster.nodes("system")) == 4, "four nodes")
    eventually(lambda: _running(cluster, "web", 4), "four pods")
    eks.update_nodegroup_config(clusterName=NAME, nodegroupName="system", scalingConfig={"desiredSize": 2})
    eventually(lambda: len(cluster.nodes("system", ready=False)) == 2, "two nodes")
    there = {node["metadata"]["name"] for node in cluster.nodes("system")}
    pods = eventually(lambda: _running(cluster, "web", 4), "four pods on the nodes that stayed")
    assert {pod["spec"]["nodeName"] for pod in pods} <= there
    cluster.api.delete("apps/v1", "Deployment", "web", "default", propagationPolicy="Foreground")
    cluster.api.delete("policy/v1", "PodDisruptionBudget", "web", "default")


def test_a_pod_without_toleration_never_runs_on_a_gpu_node(cluster: Cluster, gpus: str) -> None:
    scaling = cluster.twin.client("autoscaling")
    scaling.set_desired_capacity(AutoScalingGroupName=gpus, DesiredCapacity=1)
    [node] = eventually(lambda: cluster.nodes("gpu"), "a GPU node")
    name = node["metadata"]["name"]
    cluster.make_objects(service("bare", 6), service("eager", 1, nodeSelector={"workload": "gpu"}))
    eventually(lambda: _running(cluster, "bare", 6), "the pods run")
    assert name not in {pod["spec"]["nodeName"] for pod in _running(cluster, "bare", 6) or ()}
    said = eventually(lambda: _why_nowhere(cluster, "eager"), "why")
    assert "1 node(s) had untolerated taint" in said
    for each in ("bare", "eager"):
        cluster.api.delete("apps/v1", "Deployment", each, "default", propagationPolicy="Foreground")


def test_gpus_are_there_once_the_device_plugin_runs(cluster: Cluster, gpus: str) -> None:
    cluster.api.delete("apps/v1", "DaemonSet", "nvidia-device-plugin", "kube-system", propagationPolicy="Foreground")
    cluster.twin.client("autoscaling").set_desired_capacity(AutoScalingGroupName=gpus, DesiredCapacity=1)
    [node] = eventually(lambda: cluster.nodes("gpu"), "a GPU node")
    assert "nvidia.com/gpu" not in node["status"]["allocatable"]
    cluster.make_objects(device_plugin())

    def announced() -> bool:
        return any(one["status"]["allocatable"].get("nvidia.com/gpu") == "1" for one in cluster.nodes("gpu"))

    eventually(announced, "the node announces its GPU")


def test_a_gpu_job_scales_the_pool_from_zero_to_one_and_back(cluster: Cluster, gpus: str, scaling: str) -> None:
    """With the platform's autoscaler and its rights, and a pod on the node that has to be moved away."""
    cluster.make_objects(training_job("train"))
    eventually(lambda: cluster.desired(gpus) == 1, "the group grows")
    node = eventually(lambda: _node_of_job(cluster, "train"), "the Job's pod has a node")
    cluster.make_objects(service("beside", 1, affinity=MOVES, tolerations=[TOLERATION]))
    [pod] = eventually(lambda: _running(cluster, "beside", 1), "a pod beside the Job's")
    assert pod["spec"]["nodeName"] == node, "else nothing has to be evicted"
    eventually(lambda: _succeeded(cluster, "train"), "the Job has ended")
    [said] = [one for one in cluster.events("TriggeredScaleUp") if gpus in one]
    assert said == f"pod triggered scale-up: [{{{gpus} 0->1 (max: 4)}}]"
    eventually(lambda: cluster.desired(gpus) == 0, "the group shrinks")
    eventually(lambda: not cluster.nodes("gpu", ready=False), "the node is gone")
    assert [one for one in cluster.events("ScaleDown") if one == "deleting pod for node scale down"]
    [moved] = eventually(lambda: _running(cluster, "beside", 1), "the pod runs elsewhere")
    assert moved["metadata"]["uid"] != pod["metadata"]["uid"]
    cluster.api.delete("batch/v1", "Job", "train", "default", propagationPolicy="Foreground")
    cluster.api.delete("apps/v1", "Deployment", "beside", "default", propagationPolicy="Foreground")


def test_without_the_right_nothing_scales_and_an_event_says_why(cluster: Cluster, gpus: str, scaling: str) -> None:
    _grant(cluster, autoscaler_rights(without="autoscaling:SetDesiredCapacity"))
    cluster.make_objects(training_job("refused"))
    [said, *_] = eventually(lambda: cluster.events("FailedToScaleUpGroup"), "an event")
    assert gpus in said
    assert "autoscaling:SetDesiredCapacity" in said
    assert cluster.desired(gpus) == 0
    _grant(cluster, autoscaler_rights())
    eventually(lambda: _succeeded(cluster, "refused"), "the Job has ended, once the right is there")
    cluster.api.delete("batch/v1", "Job", "refused", "default", propagationPolicy="Foreground")


def test_without_rbac_nothing_scales_and_an_event_says_why(cluster: Cluster, gpus: str, scaling: str) -> None:
    cluster.api.delete("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", IN_CLUSTER)
    cluster.make_objects(training_job("unseen"))
    said = eventually(
        lambda: [one for one in cluster.events("Failed", "kube-system") if "API server" in one], "an event"
    )
    assert "cluster-autoscaler" in said[0]
    assert cluster.desired(gpus) == 0
    cluster.api.delete("batch/v1", "Job", "unseen", "default", propagationPolicy="Foreground")


def test_a_spot_interruption_replaces_the_node_and_moves_its_pods(cluster: Cluster, gpus: str, tmp_path: Path) -> None:
    cluster.twin.client("autoscaling").set_desired_capacity(AutoScalingGroupName=gpus, DesiredCapacity=2)
    cluster.make_objects(gpu_service("serve", 2), budget("serve", maxUnavailable=1))
    before = {pod["metadata"]["name"] for pod in eventually(lambda: _running(cluster, "serve", 2), "both pods run")}
    interrupted = interrupt(Places(tmp_path, cluster.twin.root), Target(ACCOUNT, REGION), None)
    eventually(lambda: _names(cluster) and interrupted not in _names(cluster), "the node is gone")
    after = eventually(lambda: _running(cluster, "serve", 2), "both pods run again")
    assert len({pod["metadata"]["name"] for pod in after} & before) == 1
    assert interrupted not in {pod["spec"]["nodeName"] for pod in after}
    assert cluster.desired(gpus) == 2
    cluster.api.delete("apps/v1", "Deployment", "serve", "default", propagationPolicy="Foreground")
    cluster.api.delete("policy/v1", "PodDisruptionBudget", "serve", "default")


def test_an_update_replaces_every_node_a_few_at_a_time(cluster: Cluster) -> None:
    eks, ec2 = cluster.twin.client("eks"), cluster.twin.client("ec2")
    made = ec2.create_launch_template(LaunchTemplateName="workers", LaunchTemplateData={"InstanceType": "m6i.large"})
    template = {"id": made["LaunchTemplate"]["LaunchTemplateId"], "version": "1"}
    cluster.node_group("workers", (2, 3, 2), launchTemplate=template)
    before = {node["metadata"]["uid"] for node in cluster.nodes("workers")}
    ec2.create_launch_template_version(
        LaunchTemplateId=template["id"], SourceVersion="1", LaunchTemplateData={"InstanceType": "m7i.large"}
    )
    eks.update_nodegroup_version(clusterName=NAME, nodegroupName="workers", launchTemplate={**template, "version": "2"})
    assert cluster.group_with_status("workers", "UPDATING")
    fewest = 2

    def done() -> bool:
        nonlocal fewest
        fewest = min(fewest, len(cluster.nodes("workers")))
        return cluster.group_with_status("workers", "ACTIVE") is not None

    eventually(done, "the update is over")
    after = cluster.nodes("workers", ready=False)
    assert not before & {node["metadata"]["uid"] for node in after}
    assert {node["metadata"]["labels"]["node.kubernetes.io/instance-type"] for node in after} == {"m7i.large"}
    assert fewest >= 1
    cluster.remove_group("workers")


def test_an_unknown_instance_type_is_an_issue_of_the_group(cluster: Cluster) -> None:
    eks = cluster.twin.client("eks")
    eks.create_nodegroup(
        clusterName=NAME,
        nodegroupName="odd",
        subnets=cluster.subnet_ids,
        nodeRole=cluster.node_role,
        scalingConfig={"minSize": 1, "maxSize": 1, "desiredSize": 1},
        instanceTypes=["x9.huge"],
    )
    failed = eventually(lambda: cluster.group_with_status("odd", "CREATE_FAILED"), "the group has failed")
    [issue] = failed["health"]["issues"]
    assert issue["code"] == "AsgInstanceLaunchFailures"
    assert "x9.huge" in issue["message"]
    cluster.remove_group("odd")


def test_a_group_that_is_deleted_leaves_no_node(cluster: Cluster) -> None:
    cluster.node_group("brief", (1, 1, 1), instanceTypes=["m6i.large"])
    assert len(cluster.nodes("brief")) == 1
    cluster.remove_group("brief")
    assert not cluster.nodes("brief", ready=False)
    held = cluster.api.list("v1", "Pod")
    there = {node["metadata"]["name"] for node in cluster.api.list("v1", "Node")}
    assert {pod["spec"].get("nodeName") for pod in held} <= there | {None}


def _why_nowhere(cluster: Cluster, name: str) -> str | None:
    """Why a pod of a Deployment has no node: pods of other tests wait for nodes too, which have taints at first."""
    held = cluster.api.list("v1", "Event", "default", fieldSelector="reason=FailedScheduling")
    about = (one["message"] for one in held if one["involvedObject"]["name"].startswith(f"{name}-"))
    return next((message for message in about if "untolerated" in message), None)


def _succeeded(cluster: Cluster, name: str) -> bool:
    job = cluster.api.get("batch/v1", "Job", name, "default") or {}
    return bool(job.get("status", {}).get("succeeded"))


def _node_of_job(cluster: Cluster, name: str) -> str | None:
    pods = cluster.api.list("v1", "Pod", "default", f"batch.kubernetes.io/job-name={name}")
    return next((pod["spec"]["nodeName"] for pod in pods if pod["spec"].get("nodeName")), None)


def _names(cluster: Cluster) -> set[str]:
    return {node["metadata"]["name"] for node in cluster.nodes("gpu", ready=False)}
