"""Add-ons against the Amazon EKS API reference."""

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.waiting import eventually
from tests.twin.corrections.clusters import wait_for
from tests.twin.corrections.server import REGION, Twin

CLUSTER = "groundwork-addons"


@pytest.fixture(scope="module")
def eks(twin: Twin) -> Any:
    return twin.client("eks")


def role(twin: Twin, name: str, service: str) -> str:
    taken = {"Effect": "Allow", "Principal": {"Service": service}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [taken]})
    return str(twin.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"])


@pytest.fixture(scope="module")
def cluster(twin: Twin, eks: Any) -> str:
    ec2 = twin.client("ec2")
    vpc_id = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc_id, CidrBlock=f"10.8.{i}.0/24", AvailabilityZone=REGION + zone)["Subnet"][
            "SubnetId"
        ]
        for i, zone in enumerate("ab")
    ]
    made = role(twin, "control-plane", "eks.amazonaws.com")
    eks.create_cluster(name=CLUSTER, roleArn=made, resourcesVpcConfig={"subnetIds": subnets}, version="1.36")
    wait_for(eks, CLUSTER)
    return CLUSTER


@pytest.fixture(scope="module")
def pod_role(twin: Twin) -> str:
    return role(twin, "volumes", "pods.eks.amazonaws.com")


def described(eks: Any, name: str) -> dict[str, Any]:
    """The add-on once nothing is under way: at once where every node has its pod, and there are no nodes."""
    for _ in range(480):
        addon = dict(eks.describe_addon(clusterName=CLUSTER, addonName=name)["addon"])
        if addon["status"] not in ("CREATING", "UPDATING"):
            return addon
        time.sleep(0.25)
    raise AssertionError(f"{name} is {addon['status']}")


def refused(call: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as raised:
        call(**parameters)
    return f"{raised.value.response['Error']['Code']}: {raised.value.response['Error']['Message']}"


def test_an_addon_takes_the_default_version_and_keeps_its_configuration(eks: Any, cluster: str) -> None:
    """CreateAddon, DescribeAddon, UpdateAddon, DescribeUpdate, DeleteAddon."""
    named = {"clusterName": cluster, "addonName": "vpc-cni"}
    values = json.dumps({"enableNetworkPolicy": "true"})
    made = eks.create_addon(**named, configurationValues=values, tags={"owner": "mlops"})["addon"]
    assert (made["addonVersion"], made["configurationValues"]) == ("v1.22.4-eksbuild.3", values)
    assert (made["owner"], made["publisher"], made["namespaceConfig"]) == ("aws", "eks", {"namespace": "kube-system"})
    assert "serviceAccountRoleArn" not in made
    assert "podIdentityAssociations" not in made
    described(eks, "vpc-cni")

    def update_under_way() -> tuple[dict[str, Any], str] | None:
        """An update, and why another is refused: it takes a second, which may pass before the other comes."""
        update = eks.update_addon(**named, addonVersion="v1.22.3-eksbuild.1", resolveConflicts="PRESERVE")["update"]
        try:
            eks.update_addon(**named, addonVersion="v1.22.3-eksbuild.1")
        except ClientError as error:
            return dict(update), str(error)
        described(eks, "vpc-cni")
        return None

    update, said = eventually(update_under_way, "an update that is still under way when another is asked for")
    assert "is being updated" in said
    assert update["type"] == "AddonUpdate"
    assert {"type": "ResolveConflicts", "value": "PRESERVE"} in update["params"]
    while update["status"] == "InProgress":
        update = eks.describe_update(name=cluster, updateId=update["id"], addonName="vpc-cni")["update"]
        time.sleep(0.2)
    assert update["status"] == "Successful"
    shown = described(eks, "vpc-cni")
    assert (shown["addonVersion"], shown["configurationValues"]) == ("v1.22.3-eksbuild.1", values)
    eks.update_addon(**named, configurationValues="")
    assert "configurationValues" not in described(eks, "vpc-cni")
    eks.tag_resource(resourceArn=shown["addonArn"], tags={"owner": "others"})
    assert described(eks, "vpc-cni")["tags"] == {"owner": "others"}
    assert eks.delete_addon(**named)["addon"]["status"] == "DELETING"
    assert "vpc-cni" not in eks.list_addons(clusterName=cluster)["addons"]


def test_the_associations_of_an_addon_come_and_go_with_it(twin: Twin, eks: Any, cluster: str, pod_role: str) -> None:
    """CreateAddon, UpdateAddon (podIdentityAssociations), ListPodIdentityAssociations."""
    named = {"clusterName": cluster, "addonName": "aws-ebs-csi-driver"}
    account = "ebs-csi-controller-sa"
    wanted = [{"serviceAccount": account, "roleArn": pod_role}]
    made = eks.create_addon(**named, podIdentityAssociations=wanted)["addon"]
    [association] = eks.list_pod_identity_associations(clusterName=cluster)["associations"]
    assert (association["namespace"], association["serviceAccount"]) == ("kube-system", account)
    assert association["ownerArn"] == made["addonArn"]
    assert made["podIdentityAssociations"] == [association["associationArn"]]

    other = role(twin, "others", "pods.eks.amazonaws.com")
    eks.update_addon(**named, podIdentityAssociations=[{"serviceAccount": account, "roleArn": other}])
    one = {"clusterName": cluster, "associationId": association["associationId"]}
    assert eks.describe_pod_identity_association(**one)["association"]["roleArn"] == other
    time.sleep(1.1)
    eks.update_addon(**named, podIdentityAssociations=[])
    assert eks.list_pod_identity_associations(clusterName=cluster)["associations"] == []
    time.sleep(1.1)
    eks.update_addon(**named, podIdentityAssociations=wanted)
    assert len(eks.list_pod_identity_associations(clusterName=cluster)["associations"]) == 1
    eks.delete_addon(**named)
    assert eks.list_pod_identity_associations(clusterName=cluster)["associations"] == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"addonName": "nobody"}, "Addon specified is not supported"),
        ({"addonVersion": "v0.0.1-eksbuild.1"}, "Addon version specified is not supported"),
        ({"addonName": "coredns", "addonVersion": "v1.13.2-eksbuild.11"}, "Addon version specified is not supported"),
        ({"configurationValues": "{"}, "not in valid JSON or YAML"),
        ({"configurationValues": "[]"}, "it is no object"),
        ({"namespaceConfig": {"namespace": "elsewhere"}}, "installs vpc-cni in kube-system, not in elsewhere"),
        ({"serviceAccountRoleArn": "arn:aws:iam::111122223333:role/nobody"}, "does not exist"),
        ({"podIdentityAssociations": [{"serviceAccount": "default", "roleArn": "ROLE"}]}, "default is not one of"),
        ({"clusterName": "nobody"}, "No cluster found for name: nobody"),
    ],
)
def test_what_eks_refuses_leaves_nothing_behind(
    eks: Any, cluster: str, pod_role: str, change: dict[str, Any], reason: str
) -> None:
    """CreateAddon."""
    for association in change.get("podIdentityAssociations", []):
        association["roleArn"] = pod_role
    assert reason in refused(eks.create_addon, **{"clusterName": cluster, "addonName": "vpc-cni", **change})
    assert eks.list_addons(clusterName=cluster)["addons"] == []


def test_the_versions_of_addons_can_be_asked(eks: Any) -> None:
    """DescribeAddonVersions, DescribeAddonConfiguration."""
    [proxy] = eks.describe_addon_versions(addonName="kube-proxy", kubernetesVersion="1.35")["addons"]
    by_version = {one["addonVersion"]: one["compatibilities"] for one in proxy["addonVersions"]}
    assert "v1.36.0-eksbuild.21" not in by_version
    assert by_version["v1.35.3-eksbuild.17"] == [
        {"clusterVersion": "1.35", "platformVersions": ["*"], "defaultVersion": True}
    ]
    assert not by_version["v1.34.1-eksbuild.2"][0]["defaultVersion"]
    stored = eks.describe_addon_versions(types=["storage"])["addons"]
    assert [addon["addonName"] for addon in stored] == ["aws-ebs-csi-driver", "snapshot-controller"]
    named = {"addonName": "aws-ebs-csi-driver", "addonVersion": "v1.63.1-eksbuild.1"}
    found = eks.describe_addon_configuration(**named)
    assert json.loads(found["configurationSchema"])["type"] == "object"
    assert [one["serviceAccount"] for one in found["podIdentityConfiguration"]] == ["ebs-csi-controller-sa"]
    assert "ResourceNotFoundException" in refused(eks.describe_addon_configuration, addonName="a", addonVersion="b")
