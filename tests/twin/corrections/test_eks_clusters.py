"""EKS clusters against the EKS API reference: what is shown and refused, and the API server behind the endpoint."""

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.waiting import eventually
from tests.twin.corrections.clusters import (
    PATIENT,
    START_SECONDS,
    Caller,
    described,
    refusal,
    service_role,
    subnet_ids,
    wait_for,
)
from tests.twin.corrections.server import ACCOUNT, REGION, Twin, allow, contents
from twin.kubernetes.control_plane import running

NAME = "groundwork-test"


@pytest.fixture(scope="module")
def eks(twin: Twin) -> Any:
    return twin.client("eks")


@pytest.fixture(scope="module")
def role(twin: Twin) -> str:
    return service_role(twin, "cluster", "eks.amazonaws.com")


@pytest.fixture(scope="module")
def subnets(twin: Twin) -> list[str]:
    return subnet_ids(twin, "10.9")


@pytest.fixture(scope="module")
def asked(twin: Twin, role: str, subnets: list[str], key: dict[str, str]) -> dict[str, Any]:
    return {
        "name": NAME,
        "version": "1.34",
        "roleArn": role,
        "resourcesVpcConfig": {
            "subnetIds": subnets,
            "endpointPublicAccess": False,
            "endpointPrivateAccess": True,
        },
        "accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False},
        "encryptionConfig": [{"resources": ["secrets"], "provider": {"keyArn": key["Arn"]}}],
        "logging": {"clusterLogging": [{"types": ["audit", "api"], "enabled": True}]},
        "upgradePolicy": {"supportType": "STANDARD"},
        "zonalShiftConfig": {"enabled": True},
        "deletionProtection": True,
        "tags": {"environment": "test"},
    }


@pytest.fixture(scope="module")
def cluster(eks: Any, asked: dict[str, Any]) -> dict[str, Any]:
    made = eks.create_cluster(**asked)["cluster"]
    assert made["status"] == "CREATING"
    assert made["certificateAuthority"] == {}
    assert "endpoint" not in made
    return wait_for(eks, NAME)


def folder(twin: Twin, name: str = NAME) -> Path:
    return twin.root / "kubernetes" / f"{ACCOUNT}-{REGION}-{name}"


def admin(twin: Twin, *arguments: str) -> str:
    """kubectl as the twin itself."""
    kubectl, config = str(twin.kubernetes_bin / "kubectl"), str(folder(twin) / "admin.kubeconfig")
    command = [kubectl, "--kubeconfig", config, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_cluster_shows_what_was_asked_for(cluster: dict[str, Any], asked: dict[str, Any], subnets: list[str]) -> None:
    for name in ("version", "roleArn", "accessConfig", "encryptionConfig", "upgradePolicy", "zonalShiftConfig", "tags"):
        assert cluster[name] == asked[name], name
    assert cluster["deletionProtection"] is True
    network = cluster["resourcesVpcConfig"]
    assert (network["endpointPublicAccess"], network["endpointPrivateAccess"]) == (False, True)
    assert network["subnetIds"] == subnets
    assert cluster["logging"]["clusterLogging"] == [
        {"types": ["api", "audit"], "enabled": True},
        {"types": ["authenticator", "controllerManager", "scheduler"], "enabled": False},
    ]
    assert cluster["kubernetesNetworkConfig"]["serviceIpv4Cidr"] == "172.20.0.0/16"  # the VPC is in 10/8
    assert cluster["identity"]["oidc"]["issuer"].startswith("https://")
    assert cluster["health"] == {"issues": []}


def test_the_security_group_is_there_for_nodes_and_databases(twin: Twin, cluster: dict[str, Any]) -> None:
    ec2 = twin.client("ec2")
    group_id, vpc_id = (cluster["resourcesVpcConfig"][name] for name in ("clusterSecurityGroupId", "vpcId"))
    [group] = ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"]
    assert group["VpcId"] == vpc_id
    assert {tag["Key"]: tag["Value"] for tag in group["Tags"]}["aws:eks:cluster-name"] == NAME
    [rule] = group["IpPermissions"]
    assert [pair["GroupId"] for pair in rule["UserIdGroupPairs"]] == [group_id]
    database = ec2.create_security_group(GroupName="database", Description="d", VpcId=vpc_id)["GroupId"]
    peer = [{"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "UserIdGroupPairs": [{"GroupId": group_id}]}]
    ec2.authorize_security_group_ingress(GroupId=database, IpPermissions=peer)


def test_nobody_is_told_more_than_that_the_server_is_well(cluster: dict[str, Any]) -> None:
    nobody = Caller(cluster)
    assert nobody.status("/readyz") == 200
    for path in ("/api", "/version", "/openapi/v3", "/api/v1/namespaces", "/metrics"):
        assert nobody.status(path) == 401, path


def test_secrets_are_encrypted_in_etcd(twin: Twin, cluster: dict[str, Any]) -> None:
    admin(twin, "create", "secret", "generic", "hidden", "--from-literal=password=never-on-disk")
    admin(twin, "create", "configmap", "shown", "--from-literal=text=plainly-on-disk")
    written = b"".join(contents(folder(twin) / "etcd"))
    assert b"plainly-on-disk" in written
    assert b"never-on-disk" not in written
    log = (folder(twin) / "audit" / "audit.log").read_text()
    assert '"name":"hidden"' in log
    assert base64.b64encode(b"never-on-disk").decode() not in log


def test_admission_is_that_of_eks(twin: Twin, cluster: dict[str, Any]) -> None:
    admin(twin, "create", "namespace", "guarded")
    admin(twin, "label", "namespace", "guarded", "pod-security.kubernetes.io/enforce=restricted")
    admin(twin, "wait", "--for=create", "--namespace=guarded", "--timeout=60s", "serviceaccount/default")
    pod = ["run", "shell", "--image=busybox", "--namespace=guarded"]
    with pytest.raises(AssertionError, match='violates PodSecurity "restricted'):
        admin(twin, *pod)
    assert "validatingadmissionpolicies" in admin(twin, "api-resources", "--api-group=admissionregistration.k8s.io")


def test_a_job_is_seen_at_work_and_completes(twin: Twin, cluster: dict[str, Any], tmp_path: Path) -> None:
    node = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": "simulated", "annotations": {"kwok.x-k8s.io/node": "fake"}},
        "status": {"allocatable": {"cpu": "1", "memory": "1Gi", "pods": "10"}},
    }
    template = {
        "metadata": {"annotations": {"groundwork.io/twin-runs-for": "10s"}},
        "spec": {"restartPolicy": "Never", "containers": [{"name": "train", "image": "train"}]},
    }
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "train"}, "spec": {"template": template}}
    (tmp_path / "all.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": [node, job]}))
    admin(twin, "apply", "-f", str(tmp_path / "all.json"))
    wait = ("wait", "--timeout=60s")
    admin(twin, *wait, "--for=jsonpath={.status.active}=1", "job/train")  # else there may be no pod to wait for yet
    admin(twin, *wait, "--for=jsonpath={.status.phase}=Running", "pod", "--selector=job-name=train")
    admin(twin, *wait, "--for=condition=complete", "job/train")
    admin(twin, "delete", "job/train", "node/simulated")


def test_a_version_is_raised_one_minor_at_a_time(eks: Any, cluster: dict[str, Any]) -> None:
    assert cluster["version"] == "1.34"
    wanted = "InvalidParameterException: Unsupported Kubernetes minor version update from 1.34 to 1.36"
    assert refusal(eks.update_cluster_version, name=NAME, version="1.36") == wanted
    wanted = "InvalidParameterException: Unsupported Kubernetes minor version update from 1.34 to 1.33"
    assert refusal(eks.update_cluster_version, name=NAME, version="1.33") == wanted
    assert "unsupported Kubernetes version" in refusal(eks.update_cluster_version, name=NAME, version="1.5")
    update = eks.update_cluster_version(name=NAME, version="1.35")["update"]
    assert (update["type"], update["status"]) == ("VersionUpdate", "InProgress")
    assert wait_for(eks, NAME)["version"] == "1.35"
    assert eks.describe_update(name=NAME, updateId=update["id"])["update"]["status"] == "Successful"
    assert update["id"] in eks.list_updates(name=NAME)["updateIds"]


def test_one_update_comes_after_the_other(eks: Any, cluster: dict[str, Any]) -> None:
    def under_way() -> tuple[str, str] | None:
        """Status and refusal during an update: it takes a second, which may pass before anybody asks."""
        now = wait_for(eks, NAME)["upgradePolicy"]["supportType"]
        eks.update_cluster_config(
            name=NAME, upgradePolicy={"supportType": "STANDARD" if now == "EXTENDED" else "EXTENDED"}
        )
        status = str(described(eks, NAME)["status"])
        said = refusal(eks.update_cluster_version, name=NAME, version="1.5")  # which would be refused in any case
        return None if "unsupported Kubernetes version" in said else (status, said)

    status, said = eventually(under_way, "an update that is still under way when another is asked for")
    assert status == "UPDATING"
    assert "ResourceInUseException" in said
    wait_for(eks, NAME)


def test_a_configuration_is_changed_one_part_at_a_time(eks: Any, cluster: dict[str, Any]) -> None:
    def update(**change: Any) -> str:
        made = eks.update_cluster_config(name=NAME, **change)["update"]
        wait_for(eks, NAME)
        return str(made["type"])

    two = {"logging": {"clusterLogging": []}, "upgradePolicy": {"supportType": "EXTENDED"}}
    assert "InvalidParameterException" in refusal(eks.update_cluster_config, name=NAME, **two)
    on = {"clusterLogging": [{"types": ["scheduler"], "enabled": True}]}
    assert update(logging=on) == "LoggingUpdate"
    shown = described(eks, NAME)["logging"]["clusterLogging"]
    assert shown[0] == {"types": ["api", "audit", "scheduler"], "enabled": True}
    assert "already at the desired" in refusal(eks.update_cluster_config, name=NAME, logging=on)
    assert update(resourcesVpcConfig={"endpointPublicAccess": True, "publicAccessCidrs": ["198.51.100.0/24"]})
    network = described(eks, NAME)["resourcesVpcConfig"]
    assert (network["endpointPublicAccess"], network["publicAccessCidrs"]) == (True, ["198.51.100.0/24"])
    neither = {"endpointPublicAccess": False, "endpointPrivateAccess": False}
    refused = refusal(eks.update_cluster_config, name=NAME, resourcesVpcConfig=neither)
    assert "cannot be disabled at the same time" in refused
    back = {"authenticationMode": "CONFIG_MAP"}
    assert "from API to CONFIG_MAP" in refusal(eks.update_cluster_config, name=NAME, accessConfig=back)


def test_tags_are_those_of_now(eks: Any, cluster: dict[str, Any]) -> None:
    eks.tag_resource(resourceArn=cluster["arn"], tags={"a": "1", "b": "2", "c": "3"})
    assert described(eks, NAME)["tags"] == {"environment": "test", "a": "1", "b": "2", "c": "3"}
    eks.untag_resource(resourceArn=cluster["arn"], tagKeys=["a", "b"])
    assert described(eks, NAME)["tags"] == {"environment": "test", "c": "3"}


def test_what_eks_refuses_to_make(
    twin: Twin, eks: Any, asked: dict[str, Any], subnets: list[str], cluster: dict[str, Any]
) -> None:
    def refused(**change: Any) -> str:
        return refusal(eks.create_cluster, **asked | {"name": "another"} | change)

    assert "unsupported Kubernetes version 1.12" in refused(version="1.12")
    assert "at least two different AZs" in refused(resourcesVpcConfig={"subnetIds": subnets[:1]})
    assert "InvalidParameterException" in refused(resourcesVpcConfig={"subnetIds": [*subnets, "subnet-0"]})
    assert "could not be assumed" in refused(roleArn=f"arn:aws:iam::{ACCOUNT}:role/nobody")
    nodes = service_role(twin, "not-eks", "ec2.amazonaws.com")
    assert "could not be assumed" in refused(roleArn=nodes)
    gone = {"resources": ["secrets"], "provider": {"keyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/none"}}
    assert "is not valid" in refused(encryptionConfig=[gone])
    assert "another" not in eks.list_clusters()["clusters"]


def test_who_may_call_is_decided_by_iam(twin: Twin, asked: dict[str, Any], cluster: dict[str, Any]) -> None:
    arn = cluster["arn"]
    reader = twin.client("eks", twin.role("reader", allow(arn, "eks:DescribeCluster", "eks:ListUpdates")))
    assert reader.describe_cluster(name=NAME)["cluster"]["name"] == NAME
    assert reader.list_updates(name=NAME)
    upgrade = {"name": NAME, "version": "1.36"}
    assert "AccessDenied" in refusal(reader.update_cluster_version, **upgrade)
    assert "AccessDenied" in refusal(reader.delete_cluster, name=NAME), "it is told that the cluster is protected"
    maker = twin.client("eks", twin.role("maker", allow("*", "eks:CreateCluster")))
    refused = refusal(maker.create_cluster, **asked | {"name": "another"})
    assert "iam:PassRole" in refused


def test_a_cluster_survives_its_server(twin: Twin, eks: Any, cluster: dict[str, Any]) -> None:
    admin(twin, "create", "namespace", "kept")
    before = described(eks, NAME)
    kept = twin.root / "aws" / "state" / "eks.json"
    # What a kill may cost is what was changed a moment ago, such as the tags that another test has given.
    eventually(lambda: json.dumps(before["tags"]) in kept.read_text() or None, "the state on disk to hold the tags")
    twin.kill()
    twin.start()
    Caller(before).becomes(200, "/readyz", START_SECONDS)
    assert "kept" in admin(twin, "get", "namespaces", "--output=name")
    assert described(twin.client("eks"), NAME) == before


def test_a_cluster_goes_when_nothing_keeps_it(twin: Twin, asked: dict[str, Any]) -> None:
    eks, name = twin.client("eks"), "short-lived"
    eks.create_cluster(**asked | {"name": name})
    cluster = wait_for(eks, name)
    assert "deletion protection" in refusal(eks.delete_cluster, name=name)
    eks.update_cluster_config(name=name, deletionProtection=False)
    owned = {"clusterName": name, "nodegroupName": "system"}
    nodes = service_role(twin, "nodes", "ec2.amazonaws.com")
    sizes = {"minSize": 0, "maxSize": 1, "desiredSize": 0}
    subnets = cluster["resourcesVpcConfig"]["subnetIds"]
    eks.create_nodegroup(**owned, subnets=subnets, nodeRole=nodes, scalingConfig=sizes)
    assert refusal(eks.delete_cluster, name=name) == "ResourceInUseException: Cluster has nodegroups attached"
    eks.get_waiter("nodegroup_active").wait(**owned, WaiterConfig=PATIENT)
    eks.delete_nodegroup(**owned)
    eks.get_waiter("nodegroup_deleted").wait(**owned, WaiterConfig=PATIENT)
    assert eks.delete_cluster(name=name)["cluster"]["status"] == "DELETING"
    assert "No cluster found" in refusal(eks.describe_cluster, name=name)
    assert not folder(twin, name).exists()
    assert not list(running(folder(twin, name)))
    group = cluster["resourcesVpcConfig"]["clusterSecurityGroupId"]
    assert "InvalidGroup.NotFound" in refusal(twin.client("ec2").describe_security_groups, GroupIds=[group])
