"""Add-ons, volumes and load balancers of a real control plane: what runs, what is in the account, what is left.

The tests share one cluster; each removes what it has made in the namespace `default`.
"""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from groundwork.drain import drain
from tests.support.waiting import eventually
from tests.twin.clusters import NAME, Cluster, allow, role
from tests.twin.corrections.conftest import kubernetes_bin, postgres_bin, twin  # noqa: F401  # fixtures
from tests.twin.corrections.server import ACCOUNT, REGION, Twin
from twin.account import Account
from twin.kubernetes import pod_identity
from twin.kubernetes.addon_health import KNOWN, health
from twin.kubernetes.controllers.loop import World, world_of

CSI_RIGHTS = {"ec2:*": "*"}
CONFIGURATION = {
    "vpc-cni": '{"enableNetworkPolicy": "true"}',
    "aws-ebs-csi-driver": '{"defaultStorageClass": {"enabled": true}}',
}


def variables(twin: Twin) -> dict[str, str]:  # noqa: F811
    return {
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": twin.known.root_secret,
        "AWS_ENDPOINT_URL": twin.known.endpoint,
        "AWS_CA_BUNDLE": str(twin.root / "certificates" / "ca.pem"),
    }


@pytest.fixture(scope="module")
def cluster(twin: Twin) -> Cluster:  # noqa: F811
    """A cluster with every add-on, two nodes, and a public subnet."""
    made = Cluster.make(twin)
    ec2, eks = twin.client("ec2"), twin.client("eks")
    vpc_id = ec2.describe_subnets(SubnetIds=made.subnet_ids)["Subnets"][0]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc_id)
    table = ec2.create_route_table(VpcId=vpc_id)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    public = ec2.create_subnet(VpcId=vpc_id, CidrBlock="10.7.9.0/24", AvailabilityZone=f"{REGION}a")["Subnet"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=public["SubnetId"])
    allow(twin, "cluster", {"elasticloadbalancing:*": "*", "ec2:*": "*"})
    for name in sorted(KNOWN):
        eks.create_addon(clusterName=NAME, addonName=name, configurationValues=CONFIGURATION.get(name, ""))
    eks.create_pod_identity_association(
        clusterName=NAME,
        namespace="kube-system",
        serviceAccount="ebs-csi-controller-sa",
        roleArn=role(twin, "csi", CSI_RIGHTS),
    )
    made.node_group("system", (2, 2, 2), instanceTypes=["m6i.xlarge"])
    for name in KNOWN:
        eventually(lambda n=name: addon(made, n)["status"] == "ACTIVE", f"add-on {name} is active", 90)  # type: ignore[misc]
    return made


@pytest.fixture(scope="module")
def world(cluster: Cluster) -> World:
    """The world as the controllers of the cluster see it."""
    folder = cluster.twin.root / "kubernetes" / f"{ACCOUNT}-{REGION}-{NAME}"
    return world_of(folder, variables(cluster.twin))


def addon(cluster: Cluster, name: str) -> dict[str, Any]:
    found = cluster.twin.client("eks").describe_addon(clusterName=NAME, addonName=name)
    return dict(found["addon"])


def claim(name: str, storage_class: str | None = None, size: str = "5Gi") -> dict[str, Any]:
    spec: dict[str, Any] = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    if storage_class:
        spec["storageClassName"] = storage_class
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}


def storage_class(name: str, binding: str = "Immediate", **parameters: str) -> dict[str, Any]:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name},
        "provisioner": "ebs.csi.aws.com",
        "volumeBindingMode": binding,
        "parameters": parameters,
    }


def stateful(name: str) -> dict[str, Any]:
    """A StatefulSet of one pod with a claim of its own."""
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {
            "containers": [{"name": "main", "image": "example", "volumeMounts": [{"name": "data", "mountPath": "/d"}]}]
        },
    }
    spec = {
        "serviceName": name,
        "replicas": 1,
        "selector": {"matchLabels": {"app": name}},
        "template": template,
        "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": claim("data")["spec"]}],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": name, "namespace": "default"},
        "spec": spec,
    }


def balancer(name: str, **annotations: str) -> dict[str, Any]:
    given = {f"service.beta.kubernetes.io/aws-load-balancer-{key}": value for key, value in annotations.items()}
    metadata = {"name": name, "namespace": "default", "annotations": given}
    spec = {"type": "LoadBalancer", "selector": {"app": name}, "ports": [{"port": 80}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def volumes(cluster: Cluster) -> list[dict[str, Any]]:
    """The volumes of claims: not those that instances start from."""
    found = cluster.twin.client("ec2").describe_volumes(
        Filters=[{"Name": "tag:ebs.csi.aws.com/cluster", "Values": ["true"]}]
    )
    return list(found["Volumes"])


def balancers(cluster: Cluster) -> list[dict[str, Any]]:
    return list(cluster.twin.client("elbv2").describe_load_balancers()["LoadBalancers"])


def warned(cluster: Cluster, reason: str, text: str) -> str | None:
    return next((message for message in cluster.events(reason, "default") if text in message), None)


def bound(cluster: Cluster, name: str) -> bool:
    found = cluster.api.get("v1", "PersistentVolumeClaim", name, "default")
    return found is not None and found["status"]["phase"] == "Bound"


# --- add-ons ---


def test_an_add_on_is_what_runs_in_kube_system(cluster: Cluster) -> None:
    pods = cluster.api.list("v1", "Pod", "kube-system", fieldSelector="status.phase=Running")
    names = [pod["metadata"]["name"] for pod in pods]
    for daemon in ("aws-node", "kube-proxy", "ebs-csi-node", "eks-pod-identity-agent"):
        assert len([name for name in names if name.startswith(f"{daemon}-")]) == 2, daemon
    service = cluster.api.get("v1", "Service", "kube-dns", "kube-system")
    assert service is not None
    assert service["spec"]["clusterIP"].endswith(".0.10")
    version = addon(cluster, "coredns")["addonVersion"]
    coredns = cluster.api.get("apps/v1", "Deployment", "coredns", "kube-system")
    assert coredns is not None
    assert coredns["metadata"]["labels"]["app.kubernetes.io/version"] == version


def test_a_person_who_changes_an_add_on_meets_a_conflict_and_may_insist(cluster: Cluster) -> None:
    eks = cluster.twin.client("eks")
    edited = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "coredns", "namespace": "kube-system"},
        "spec": {"replicas": 3},
    }
    cluster.api.apply(edited, manager="person", force=True)
    eks.update_addon(clusterName=NAME, addonName="coredns", configurationValues='{"replicaCount": 1}')
    failed = eventually(
        lambda: found if (found := addon(cluster, "coredns"))["status"] == "UPDATE_FAILED" else None, "the update fails"
    )
    assert failed["health"]["issues"][0]["code"] == "ConfigurationConflict"
    assert '"person"' in failed["health"]["issues"][0]["message"]
    eks.update_addon(
        clusterName=NAME,
        addonName="coredns",
        configurationValues='{"replicaCount": 2}',
        resolveConflicts="OVERWRITE",
    )
    eventually(lambda: addon(cluster, "coredns")["status"] == "ACTIVE", "the add-on is active again")
    coredns = cluster.api.get("apps/v1", "Deployment", "coredns", "kube-system")
    assert coredns is not None
    assert coredns["spec"]["replicas"] == 2


def test_an_add_on_that_is_removed_takes_its_objects_along_unless_they_are_preserved(
    cluster: Cluster, world: World
) -> None:
    eks, name = cluster.twin.client("eks"), "metrics-server"

    def there() -> bool:
        kinds = (("apps/v1", "Deployment"), ("v1", "ServiceAccount"))
        return any(cluster.api.get(version, kind, name, "kube-system") for version, kind in kinds)

    eks.delete_addon(clusterName=NAME, addonName=name, preserve=True)
    eventually(lambda: name not in health(world.folder), "the controllers know")
    assert there()
    eks.create_addon(clusterName=NAME, addonName=name)
    eventually(lambda: addon(cluster, name)["status"] == "ACTIVE", "the add-on is active")
    eks.delete_addon(clusterName=NAME, addonName=name)
    eventually(lambda: not there(), "its objects are gone")
    eks.create_addon(clusterName=NAME, addonName=name)


# --- pod identity ---


def test_a_workload_gets_its_role_while_the_agent_is_on_its_node(cluster: Cluster, world: World) -> None:
    who: Account = pod_identity.credentials(world, "kube-system", "ebs-csi-controller-sa")
    assert ":assumed-role/csi/eks-groundwork-test-ebs" in who.client("sts").get_caller_identity()["Arn"]
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        pod_identity.credentials(world, "kube-system", "coredns")
    with pytest.raises(pod_identity.PodIdentityError, match="No pod"):
        pod_identity.credentials(world, "default", "default")


# --- volumes ---


def test_a_volume_waits_for_its_pod_and_is_attached_to_the_pods_node(cluster: Cluster) -> None:
    cluster.make_objects(stateful("db"))
    eventually(lambda: bound(cluster, "data-db-0"), "the claim is bound")
    (volume,) = eventually(
        lambda: [each for each in volumes(cluster) if each["State"] == "in-use"], "the volume is attached"
    )
    pod = cluster.api.get("v1", "Pod", "db-0", "default")
    assert pod is not None
    node = cluster.api.get("v1", "Node", pod["spec"]["nodeName"])
    assert node is not None
    assert volume["Attachments"][0]["InstanceId"] == node["spec"]["providerID"].rpartition("/")[2]
    assert volume["AvailabilityZone"] == node["metadata"]["labels"]["topology.kubernetes.io/zone"]
    tags = {tag["Key"]: tag["Value"] for tag in volume["Tags"]}
    assert tags["kubernetes.io/created-for/pvc/name"] == "data-db-0"
    cluster.api.delete("apps/v1", "StatefulSet", "db", "default")
    cluster.api.delete("v1", "PersistentVolumeClaim", "data-db-0", "default")
    eventually(lambda: not volumes(cluster), "the volume is gone with its claim")
    eventually(lambda: not cluster.api.list("v1", "PersistentVolume"), "and so is its PersistentVolume")


def test_a_volume_that_is_retained_outlives_its_claim(cluster: Cluster) -> None:
    cluster.make_objects(storage_class("kept") | {"reclaimPolicy": "Retain"}, claim("kept", "kept"))
    eventually(lambda: bound(cluster, "kept"), "the claim is bound")
    cluster.api.delete("v1", "PersistentVolumeClaim", "kept", "default")
    (left,) = eventually(
        lambda: [
            volume
            for volume in cluster.api.list("v1", "PersistentVolume")
            if volume["spec"].get("claimRef", {}).get("name") == "kept" and volume["status"]["phase"] == "Released"
        ],
        "the volume is released",
    )
    assert len(volumes(cluster)) == 1
    cluster.api.patch(
        "v1", "PersistentVolume", left["metadata"]["name"], None, {"spec": {"persistentVolumeReclaimPolicy": "Delete"}}
    )
    eventually(lambda: not volumes(cluster), "the volume is gone once nobody wants it kept")


def test_a_right_that_the_drivers_role_lacks_is_an_event_of_the_claim(cluster: Cluster) -> None:
    allow(cluster.twin, "csi", {"ec2:Describe*": "*"})
    cluster.make_objects(storage_class("now"), claim("refused", "now"))
    said = eventually(lambda: warned(cluster, "ProvisioningFailed", "UnauthorizedOperation"), "the claim complains")
    assert 'failed to provision volume with StorageClass "now"' in said
    allow(cluster.twin, "csi", CSI_RIGHTS)
    eventually(lambda: bound(cluster, "refused"), "the claim is bound once the role has its rights")
    cluster.api.delete("v1", "PersistentVolumeClaim", "refused", "default")
    eventually(lambda: not volumes(cluster), "the volume is gone")


def test_a_key_that_the_drivers_role_may_not_use_leaves_no_volume(cluster: Cluster) -> None:
    key = cluster.twin.client("kms").create_key()["KeyMetadata"]["Arn"]
    parameters = {"encrypted": "true", "kmsKeyId": key}
    cluster.make_objects(storage_class("secret", **parameters), claim("secret", "secret"))
    eventually(lambda: warned(cluster, "ProvisioningFailed", "InvalidVolume.NotFound"), "the claim complains")
    assert not volumes(cluster)
    allow(cluster.twin, "csi", {**CSI_RIGHTS, "kms:*": key})
    eventually(lambda: bound(cluster, "secret"), "the claim is bound once the role may use the key")
    assert [each["KmsKeyId"] for each in volumes(cluster)] == [key]
    cluster.api.delete("v1", "PersistentVolumeClaim", "secret", "default")
    eventually(lambda: not volumes(cluster), "the volume is gone")
    allow(cluster.twin, "csi", CSI_RIGHTS)


# --- load balancers ---


def test_a_service_has_a_load_balancer_until_it_goes(cluster: Cluster) -> None:
    cluster.make_objects(balancer("web"), balancer("inside", internal="true", type="nlb"))
    eventually(lambda: len(balancers(cluster)) == 2, "both have a load balancer")
    schemes = {each["Scheme"]: each for each in balancers(cluster)}
    assert set(schemes) == {"internet-facing", "internal"}
    for name, scheme in (("web", "internet-facing"), ("inside", "internal")):
        service = eventually(
            lambda n=name: _with_hostname(cluster, n),  # type: ignore[misc]
            f"the Service {name} says where it is reached",
        )
        assert service["status"]["loadBalancer"]["ingress"] == [{"hostname": schemes[scheme]["DNSName"]}]
    targets = cluster.twin.client("elbv2").describe_target_groups()["TargetGroups"]
    assert len(targets) == 2
    for target in targets:
        told = cluster.twin.client("elbv2").describe_target_health(TargetGroupArn=target["TargetGroupArn"])
        assert len(told["TargetHealthDescriptions"]) == 2
    for name in ("web", "inside"):
        cluster.api.delete("v1", "Service", name, "default")
        eventually(lambda n=name: cluster.api.get("v1", "Service", n, "default") is None, f"{name} is gone")  # type: ignore[misc]
    assert not balancers(cluster)
    assert not cluster.twin.client("elbv2").describe_target_groups()["TargetGroups"]
    groups = cluster.twin.client("ec2").describe_security_groups()["SecurityGroups"]
    assert not [group for group in groups if group["GroupName"].startswith("k8s-elb-")]


def _with_hostname(cluster: Cluster, name: str) -> dict[str, Any] | None:
    found = cluster.api.get("v1", "Service", name, "default")
    return found if found and found["status"]["loadBalancer"].get("ingress") else None


def test_a_service_that_no_subnet_can_take_says_so(cluster: Cluster) -> None:
    cluster.make_objects(balancer("nowhere", subnets="subnet-none"))
    eventually(
        lambda: warned(cluster, "SyncLoadBalancerFailed", "could not find any suitable subnets for creating the ELB"),
        "the Service complains",
    )
    cluster.api.delete("v1", "Service", "nowhere", "default")
    eventually(lambda: cluster.api.get("v1", "Service", "nowhere", "default") is None, "it can go all the same")


# --- what goes before a cluster does ---


def test_a_drain_leaves_nothing_outside_of_the_cluster(cluster: Cluster, world: World) -> None:
    cluster.make_objects(balancer("web"), stateful("db"))
    eventually(lambda: bound(cluster, "data-db-0") and balancers(cluster), "both are there")
    done = drain((world.folder / "admin.kubeconfig").read_text(), {})
    assert (done.services, done.claims) == ({"default/web"}, {"default/data-db-0"})
    assert "default/db" in done.workloads
    assert not volumes(cluster)
    assert not balancers(cluster)
    assert not cluster.api.list("v1", "PersistentVolume")
    eventually(lambda: not cluster.api.list("storage.k8s.io/v1", "VolumeAttachment"), "nothing is attached")
