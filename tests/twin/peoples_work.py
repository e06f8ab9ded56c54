"""What people still have in dev when it is destroyed: work, volumes, load balancers, a finalizer, data, images."""

from typing import Any

from tests.support.container_images import push_image
from tests.support.left_data import leave_objects
from tests.support.project import Project
from tests.support.waiting import eventually
from twin.account import Account
from twin.kubernetes.client import Client

WITH_VOLUMES = ("default", "somebodys", "team-vision")
BALANCED = ("default", "somebodys")
"""Namespaces with a load balancer; a team's quota has none."""
STORES = 5
"""Buckets of dev, at least."""
VOLUMES, LOAD_BALANCERS = len(WITH_VOLUMES), len(BALANCED)


def cluster_of(project: Project) -> Client:
    """The cluster through the kubeconfig that the stack exports, as whoever destroys it."""
    return Client.of(project.outputs()["kubeconfig"], environment=project.twin_variables())


def workload(namespace: str, image: str) -> dict[str, Any]:
    """A StatefulSet with a volume, fit for a guarded namespace."""
    container = {
        "name": "main",
        "image": image,
        "resources": {
            "requests": {"cpu": "50m", "memory": "64Mi"},
            "limits": {"cpu": "100m", "memory": "64Mi"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    }
    pod = {
        "securityContext": {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container],
    }
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    spec = {
        "serviceName": "db",
        "selector": {"matchLabels": {"app": "db"}},
        "template": {"metadata": {"labels": {"app": "db"}}, "spec": pod},
        "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": claim}],
    }
    metadata = {"name": "db", "namespace": namespace}
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": metadata, "spec": spec}


def balancer(namespace: str) -> dict[str, Any]:
    metadata = {"name": "web", "namespace": namespace}
    spec = {"type": "LoadBalancer", "selector": {"app": "db"}, "ports": [{"port": 80}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def volumes(account: Account) -> list[dict[str, Any]]:
    found = account.client("ec2").describe_volumes(
        Filters=[{"Name": "tag:ebs.csi.aws.com/cluster", "Values": ["true"]}]
    )
    return list(found["Volumes"])


def leave_data(account: Account) -> None:
    """Leave data in all stores of dev and an image: its settings let `destroy` empty them (anchors 4.1, MP group 7)."""
    s3 = account.client("s3")
    buckets = [one["Name"] for one in s3.list_buckets()["Buckets"] if one["Name"].startswith("groundwork-dev-")]
    assert len(buckets) >= STORES, buckets
    for bucket in buckets:
        leave_objects(s3, bucket)
    push_image(account, "groundwork-dev-training")


def begin(project: Project) -> None:
    """Make it, and wait until AWS has the volumes and the load balancers."""
    account, api = project.account(), cluster_of(project)
    leave_data(account)
    wanted = len(volumes(account)) + VOLUMES
    image = f"{account.access_key_id}.dkr.ecr.{account.region}.amazonaws.com/db@sha256:{'0' * 64}"
    labelled = {"name": "somebodys", "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}
    api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": labelled}, manager="person")
    for namespace in WITH_VOLUMES:
        api.apply(workload(namespace, image), manager="person")
    for namespace in BALANCED:
        api.apply(balancer(namespace), manager="person")
    # A finalizer of nobody's: what is in a namespace that the program does not know goes with the cluster, held or not.
    held_by = {"name": "held", "namespace": "somebodys", "finalizers": ["example.com/nobody"]}
    api.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": held_by}, manager="person")
    eventually(lambda: len(volumes(account)) == wanted, "every workload has its volume", 300)
    balancers = account.client("elbv2").describe_load_balancers
    eventually(lambda: len(balancers()["LoadBalancers"]) == LOAD_BALANCERS, "load balancers")
