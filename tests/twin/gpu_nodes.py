"""Nodes with GPUs in dev: there are none unless somebody wants one."""

from tests.support.waiting import eventually
from tests.twin import team_work
from twin.account import Account
from twin.kubernetes.client import Client

SECONDS = 180.0


def gpu_nodes(api: Client) -> set[str]:
    """The names of those that are there."""
    return {node["metadata"]["name"] for node in api.list("v1", "Node", None, f"{team_work.GPU}.present=true")}


def end_gpu_nodes(account: Account, cluster: str, api: Client) -> None:
    """Let there be none, as before, once nobody wants one any more: the autoscaler would take ten minutes."""
    eventually(lambda: not _gpu_pods(api), "no pod wants a GPU", SECONDS)
    eks, scaling = account.client("eks"), account.client("autoscaling")
    for name in eks.list_nodegroups(clusterName=cluster)["nodegroups"]:
        group = eks.describe_nodegroup(clusterName=cluster, nodegroupName=name)["nodegroup"]
        if team_work.GPU in [taint["key"] for taint in group.get("taints", ())]:
            (held,) = group["resources"]["autoScalingGroups"]
            scaling.set_desired_capacity(AutoScalingGroupName=held["name"], DesiredCapacity=0)
    eventually(lambda: not gpu_nodes(api), "the GPU nodes are gone", SECONDS)


def _gpu_pods(api: Client) -> list[str]:
    return [
        pod["metadata"]["name"]
        for pod in api.list("v1", "Pod")
        if pod["status"].get("phase") in ("Pending", "Running")
        for container in pod["spec"]["containers"]
        if team_work.GPU in container.get("resources", {}).get("limits", {})
    ]
