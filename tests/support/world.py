"""What the account and its clusters hold, as their APIs list it, against the engine's state."""

from tests.support import cluster_objects
from tests.support.project import Project
from twin import inventory
from twin.account import Account
from twin.kubernetes.client import Client


def held(project: Project, environment: str = "dev") -> inventory.Inventory:
    """What the environment's account holds."""
    return inventory.take(project.account(environment))


OF_NODES = ("instance", "volume")
"""Kinds of which the autoscaler takes some away at any time: nodes that nobody needs any more, and their disks."""


def assert_held_as_before(project: Project, before: inventory.Inventory, environment: str = "dev") -> None:
    """Nothing was made and nothing deleted since, but what an idle node has taken along."""
    after = held(project, environment)
    for kind in {*before, *after} - {*OF_NODES}:
        assert after.get(kind) == before.get(kind), kind
    for kind in OF_NODES:
        assert set(after.get(kind, ())) <= set(before.get(kind, ())), kind


def state_text(project: Project, environment: str = "dev") -> str:
    """The engine's state, as `pulumi stack export` prints it."""
    return project.pulumi("stack", "export", "-s", environment, environment=environment).stdout


def assert_state_and_world_agree(project: Project, environment: str = "dev") -> None:
    """Everything in the account and in its clusters is in the state: nothing was made twice, nothing was lost."""
    state = state_text(project, environment)
    # The autoscaler may add a node while all is listed, or take one away.
    before = _of_groups(project, state, environment)
    found = held(project, environment)
    after = _of_groups(project, state, environment)
    orphans = [
        f"{kind} {name}"
        for kind, names in found.items()
        for name in names
        if not _is_in(state, name) and name not in before.get(kind, set()) | after.get(kind, set())
    ]
    assert orphans == []
    assert cluster_objects.orphans(project, state, environment) == []


def _of_groups(project: Project, state: str, environment: str) -> dict[str, set[str]]:
    """By kind, what a node group or a claim that is in the state has made for itself."""
    aws = project.account(environment)
    found = {kind: _of_known_groups(aws, state, kind) for kind in ("instance", "volume")}
    return found | {"volume": found["volume"] | volumes_of_claims(project, environment)}


def _is_in(state: str, name: str) -> bool:
    """What a cluster has is `<cluster>/<name>` in the inventory, and `<cluster>:<name>` or an id in the state."""
    cluster, _, own = name.partition("/")
    return name in state or f"{cluster}:{own}" in state or (own.startswith("a-") and own in state)


def volumes_of_claims(project: Project, environment: str) -> set[str]:
    """Volumes that the CSI driver made for claims of StatefulSets, which the cluster knows and no state."""
    return {
        volume["spec"]["csi"]["volumeHandle"]
        for folder in cluster_objects.folders(project, environment)
        for volume in Client.of(folder / "admin.kubeconfig").list("v1", "PersistentVolume")
        if volume["spec"].get("claimRef")
    }


def _of_known_groups(aws: Account, state: str, kind: str) -> set[str]:
    """Instances, and their volumes, that EKS made for a node group: those whose group is in the state."""
    instances = [
        instance
        for reservation in aws.client("ec2").describe_instances()["Reservations"]
        for instance in reservation["Instances"]
        for tag in instance.get("Tags", ())
        if tag["Key"] == "aws:autoscaling:groupName" and tag["Value"] in state
    ]
    if kind == "instance":
        return {instance["InstanceId"] for instance in instances}
    return {device["Ebs"]["VolumeId"] for instance in instances for device in instance["BlockDeviceMappings"]}


def assert_nothing_is_left(project: Project, environment: str = "dev") -> None:
    """The account is empty, and of its clusters there is neither a file nor a process."""
    left = held(project, environment)
    assert left == {}, left
    assert cluster_objects.folders(project, environment) == []
    assert cluster_objects.processes(project) == []
