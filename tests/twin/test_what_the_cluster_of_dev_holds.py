"""The cluster after an `up` of dev, read back with plain boto3 and from the API server, against what was promised."""

from typing import Any

import pytest

from components.cluster.versions import ADDON_VERSIONS
from components.registry import tracking_args, tracking_network
from components.scraping import MONITORING_NAMESPACE
from stacks.monitoring import QUOTA
from tests.support.cluster_objects import administrator
from tests.support.project import Project
from tests.support.waiting import eventually
from twin.account import Account
from twin.kubernetes.client import Client

LOGS = {"api", "audit", "authenticator", "controllerManager", "scheduler"}
AUTOSCALER = "k8s.io/cluster-autoscaler"
GPU = "nvidia.com/gpu"


@pytest.fixture(scope="module")
def settings(dev: Project) -> dict[str, Any]:
    return dev.settings()


@pytest.fixture(scope="module")
def api(dev: Project) -> Client:
    return administrator(dev)


@pytest.fixture(scope="module")
def cluster(account: Account, outputs: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = account.client("eks").describe_cluster(name=outputs["cluster_name"])["cluster"]
    return found


@pytest.fixture(scope="module")
def node_groups(account: Account, cluster: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Node groups by their pool in the settings."""
    eks, name = account.client("eks"), cluster["name"]
    groups = [
        eks.describe_nodegroup(clusterName=name, nodegroupName=group)["nodegroup"]
        for group in eks.list_nodegroups(clusterName=name)["nodegroups"]
    ]
    return {group["labels"]["groundwork.io/node-pool"]: group for group in groups}


@pytest.fixture(scope="module")
def our_key(account: Account, outputs: dict[str, Any]) -> str:
    described = account.client("kms").describe_key(KeyId=outputs["key_alias_confidential"])
    found: str = described["KeyMetadata"]["Arn"]
    return found


def test_the_control_plane_is_private_logged_and_keeps_secrets_with_our_key(
    cluster: dict[str, Any], settings: dict[str, Any], our_key: str
) -> None:
    assert cluster["status"] == "ACTIVE"
    assert cluster["version"] == settings["cluster"]["version"]
    assert cluster["resourcesVpcConfig"]["endpointPrivateAccess"] is True
    assert cluster["resourcesVpcConfig"]["endpointPublicAccess"] is False
    (logging,) = [entry for entry in cluster["logging"]["clusterLogging"] if entry["enabled"]]
    assert set(logging["types"]) == LOGS
    (encryption,) = cluster["encryptionConfig"]
    assert encryption == {"resources": ["secrets"], "provider": {"keyArn": our_key}}
    assert cluster["accessConfig"]["authenticationMode"] == "API"
    assert cluster["accessConfig"]["bootstrapClusterCreatorAdminPermissions"] is False
    assert cluster["upgradePolicy"]["supportType"] == settings["cluster"]["support_type"]


def test_only_who_was_named_gets_in(
    account: Account, cluster: dict[str, Any], settings: dict[str, Any], outputs: dict[str, Any]
) -> None:
    eks, name = account.client("eks"), cluster["name"]
    entries = set(eks.list_access_entries(clusterName=name, maxResults=100)["accessEntries"])
    named = {*settings["cluster"]["administrators"], outputs["role_github_deploy"], outputs["role_github_preview"]}
    people = {value for output, value in outputs.items() if output.startswith("platform_role_")} | {
        value for output, value in outputs.items() if output.startswith("team_") and "_role_" in output
    }
    people -= {value for output, value in outputs.items() if output.endswith(("_role_training", "_role_tensorboard"))}
    assert named <= entries
    nodes = {
        entry
        for entry in entries
        if eks.describe_access_entry(clusterName=name, principalArn=entry)["accessEntry"]["type"] == "EC2_LINUX"
    }
    assert entries - nodes == named | people
    administrators = {
        entry
        for entry in entries
        for policy in eks.list_associated_access_policies(clusterName=name, principalArn=entry)[
            "associatedAccessPolicies"
        ]
        if policy["policyArn"].endswith("/AmazonEKSClusterAdminPolicy")
    }
    assert administrators == {*settings["cluster"]["administrators"], outputs["role_github_deploy"]}


def test_nodes_give_their_role_to_no_pod_and_have_encrypted_volumes_no_address_and_no_key_pair(
    account: Account, node_groups: dict[str, dict[str, Any]], settings: dict[str, Any], our_key: str
) -> None:
    pools = settings["node_pools"] | settings["gpu_node_pools"]
    for pool, group in node_groups.items():
        template = group["launchTemplate"]
        (version,) = account.client("ec2").describe_launch_template_versions(
            LaunchTemplateId=template["id"], Versions=[template["version"]]
        )["LaunchTemplateVersions"]
        data = version["LaunchTemplateData"]
        assert data["MetadataOptions"]["HttpTokens"] == "required", pool
        assert data["MetadataOptions"]["HttpPutResponseHopLimit"] == 1, pool
        (volume,) = data["BlockDeviceMappings"]
        assert volume["Ebs"]["Encrypted"] is True, pool
        assert volume["Ebs"]["KmsKeyId"] == our_key, pool
        assert volume["Ebs"]["VolumeSize"] == pools[pool]["volume_size_gib"], pool
        assert "KeyName" not in data, pool
        assert not data.get("NetworkInterfaces"), "an interface of a template may have a public address"
        assert "remoteAccess" not in group, pool


def test_pools_have_the_bounds_machines_and_taints_of_the_settings(
    node_groups: dict[str, dict[str, Any]], settings: dict[str, Any], outputs: dict[str, Any], account: Account
) -> None:
    pools = settings["node_pools"] | settings["gpu_node_pools"]
    assert node_groups.keys() == pools.keys()
    for pool, group in node_groups.items():
        promised = pools[pool]
        assert group["status"] == "ACTIVE"
        assert group["version"] == settings["cluster"]["version"]
        assert group["instanceTypes"] == promised["instance_types"]
        assert group["capacityType"] == promised["capacity_type"]
        assert group["scalingConfig"]["minSize"] == promised["min_size"]
        assert group["scalingConfig"]["maxSize"] == promised["max_size"]
        private = account.client("ec2").describe_subnets(SubnetIds=group["subnets"])["Subnets"]
        assert not [subnet for subnet in private if subnet["MapPublicIpOnLaunch"]]
        assert {subnet["VpcId"] for subnet in private} == {outputs["vpc_id"]}
    for pool in settings["gpu_node_pools"]:
        assert node_groups[pool]["taints"] == [{"key": GPU, "value": "present", "effect": "NO_SCHEDULE"}]
        assert node_groups[pool]["labels"][f"{GPU}.present"] == "true"
        assert node_groups[pool]["labels"]["workload"] == "gpu"


def test_an_empty_gpu_pool_tells_the_autoscaler_what_a_node_of_it_would_be(
    account: Account, node_groups: dict[str, dict[str, Any]], cluster: dict[str, Any], settings: dict[str, Any]
) -> None:
    scaling = account.client("autoscaling")
    for pool, group in node_groups.items():
        (made,) = group["resources"]["autoScalingGroups"]
        (found,) = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[made["name"]])["AutoScalingGroups"]
        tags = {tag["Key"]: tag["Value"] for tag in found["Tags"]}
        assert tags[f"{AUTOSCALER}/enabled"] == "true"
        assert tags[f"{AUTOSCALER}/{cluster['name']}"] == "owned"
        for label, value in group["labels"].items():
            assert tags[f"{AUTOSCALER}/node-template/label/{label}"] == value
        if pool in settings["gpu_node_pools"]:
            assert found["DesiredCapacity"] == 0
            assert tags[f"{AUTOSCALER}/node-template/taint/{GPU}"] == "present:NoSchedule"
            assert tags[f"{AUTOSCALER}/node-template/resources/{GPU}"] == "1"


def test_every_addon_has_its_pinned_version_and_works(
    account: Account, cluster: dict[str, Any], settings: dict[str, Any]
) -> None:
    eks, name = account.client("eks"), cluster["name"]

    def addons() -> list[dict[str, Any]]:
        listed = eks.list_addons(clusterName=name)["addons"]
        return [eks.describe_addon(clusterName=name, addonName=addon)["addon"] for addon in listed]

    versions = {addon["addonName"]: addon["addonVersion"] for addon in addons()}
    assert versions == ADDON_VERSIONS[settings["cluster"]["version"]]
    # One is DEGRADED while a node comes or goes: until its pods are there, or elsewhere.
    eventually(lambda: {addon["status"] for addon in addons()} == {"ACTIVE"}, "every add-on is ACTIVE", 120)


def test_new_volumes_are_encrypted_with_our_key_whoever_asks(
    api: Client, settings: dict[str, Any], our_key: str
) -> None:
    default = "storageclass.kubernetes.io/is-default-class"
    (found,) = [
        item
        for item in api.list("storage.k8s.io/v1", "StorageClass")
        if item["metadata"].get("annotations", {}).get(default) == "true"
    ]
    assert found["provisioner"] == "ebs.csi.aws.com"
    assert found["parameters"]["encrypted"] == "true"
    assert found["parameters"]["kmsKeyId"] == our_key
    assert found["reclaimPolicy"] == settings["volumes"]["reclaim_policy"]


def guarded(settings: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The namespaces that people's pods run in with their quotas in the settings; MLflow's and monitoring's own."""
    found = {f"team-{team}": of["quota"] for team, of in settings["teams"].items()}
    for workload in settings["workloads"].values():
        found[workload["trust"]["namespace"]] = settings["namespaces"]["quota"]
    found[tracking_network.NAMESPACE] = tracking_args.QUOTA.model_dump()
    return found | {MONITORING_NAMESPACE: QUOTA.model_dump()}


def test_no_namespace_but_kubernetes_own_is_without_guard_rails(api: Client, settings: dict[str, Any]) -> None:
    own = {"default", "kube-system", "kube-public", "kube-node-lease"}
    assert {item["metadata"]["name"] for item in api.list("v1", "Namespace")} - own == guarded(settings).keys()
    for namespace, promised in guarded(settings).items():
        found = api.get("v1", "Namespace", namespace)
        assert found is not None
        assert found["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted", namespace
        deny = api.get("networking.k8s.io/v1", "NetworkPolicy", "default-deny", namespace)
        assert deny is not None
        assert deny["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}, namespace
        quota = api.get("v1", "ResourceQuota", "quota", namespace)
        assert quota is not None
        assert quota["spec"]["hard"][f"requests.{GPU}"] == str(promised["gpus"]), namespace
        assert quota["spec"]["hard"]["requests.cpu"] == str(promised["cpu"]), namespace
        assert quota["spec"]["hard"]["requests.memory"] == f"{promised['memory_gib']}Gi", namespace
        assert quota["spec"]["hard"]["pods"] == str(promised["pods"]), namespace
        ranges = api.list("v1", "LimitRange", namespace)
        assert ranges, namespace
        assert GPU not in str([item["spec"] for item in ranges]), "a limit of GPUs gives every pod one"
