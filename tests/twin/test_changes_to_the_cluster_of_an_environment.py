"""Changes to the cluster's part of an environment that is up: by its settings, and by hand with kubectl and AWS' API.

A change touches what it is about and nothing else; what was changed by hand is shown and mended.
"""

import json
import subprocess
from typing import Any

import pytest

from tests.support.cluster_objects import OURS, administrator, everything
from tests.support.project import Project
from tests.support.waiting import eventually
from tests.support.world import assert_state_and_world_agree
from twin.account import Account
from twin.kubernetes.client import Client

CLUSTER = "groundwork-dev"
EDITED = {"team-vision-guarded-quota", "team-vision-guarded-namespace", "node-pool-system-group-nodes"}
DELETED = {
    "team-vision-guarded-default-deny",
    "admission-namespaces-binding",
    "admission-pods-binding",
    "people-auditor-binding",
    "team-vision-ml-engineer-entry",
    "namespace-training-namespace",
    "namespace-training-quota",
    "namespace-training-default-deny",
}
"""What is done by hand, by the logical names; with a namespace goes all that is in it."""
WORKSPACES = {"tracking-server-config-access", "tracking-server-job-access"}
SPEECH = {
    "quota": {"cpu": 8, "memory_gib": 32, "gpus": 1, "pods": 10, "storage_gib": 100},
    "people": {"data-scientist": ["arn:aws:iam::000000000000:root"]},
}


@pytest.fixture(scope="module")
def api(changed: Project) -> Client:
    changed.run("aws", "eks", "update-kubeconfig", "--name", CLUSTER)  # for kubectl
    return administrator(changed)


def shown(project: Project) -> set[tuple[str, str]]:
    """Operation and logical name of all that a preview would change."""
    steps = json.loads(project.pulumi("preview", "--json", "--non-interactive", "-s", "dev").stdout)["steps"]
    found = {(step["op"], step["urn"].rpartition("::")[2]) for step in steps if step["op"] != "same"}
    return found - {("update", "groundwork-dev")}  # the stack's own outputs


def about(found: set[tuple[str, str]], operation: str) -> set[str]:
    return {name for op, name in found if op == operation}


def of_team(team: str) -> tuple[str, ...]:
    """How the logical names begin of what a team has."""
    return (
        f"team-{team}",
        f"secret-mlflow-{team}-",
        f"tracking-server-client-{team}",
        f"tracking-server-credentials-{team}",
    )


def of_namespace(api: Client, place: str) -> dict[str, str]:
    """The uid of everything that the program made in a namespace, and of the namespace."""
    return {
        f"{item['kind']}/{item['metadata']['name']}": item["metadata"]["uid"]
        for item in everything(api)
        if place == (item["metadata"]["name"] if item["kind"] == "Namespace" else item["metadata"].get("namespace"))
        and any(field["manager"].startswith(OURS) for field in item["metadata"].get("managedFields", ()))
    }


def roles(account: Account, team: str) -> list[str]:
    found = [role["RoleName"] for role in account.client("iam").list_roles(MaxItems=1000)["Roles"]]
    return sorted(name for name in found if name.startswith(f"groundwork-dev-{team}-"))


def system_pool(account: Account) -> dict[str, Any]:
    eks = account.client("eks")
    groups = [
        eks.describe_nodegroup(clusterName=CLUSTER, nodegroupName=name)["nodegroup"]
        for name in eks.list_nodegroups(clusterName=CLUSTER)["nodegroups"]
    ]
    return dict(next(group for group in groups if group["labels"]["groundwork.io/node-pool"] == "system"))


def bounds(group: dict[str, Any]) -> tuple[int, int]:
    """Of its size; what lies between them is the autoscaler's to say."""
    return group["scalingConfig"]["minSize"], group["scalingConfig"]["maxSize"]


def test_a_bound_a_quota_a_team_more_and_one_less_change_nothing_else(changed: Project, api: Client) -> None:
    account, before = changed.account(), of_namespace(api, "team-vision")
    arn, nodes = system_pool(account)["nodegroupArn"], {node["metadata"]["uid"] for node in api.list("v1", "Node")}
    api.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "work", "namespace": "team-language"}})
    assert roles(account, "language")

    def edit(settings: dict[str, Any]) -> None:
        settings["node_pools"]["system"]["max_size"] = 3
        settings["teams"]["vision"]["quota"]["gpus"] = 1
        settings["teams"]["speech"] = SPEECH
        del settings["teams"]["language"]

    changed.change(edit)
    found = shown(changed)
    assert about(found, "update") == {"node-pool-system-group-nodes", "team-vision-guarded-quota"}
    assert all(name.startswith(of_team("speech")) for name in about(found, "create")), found
    assert all(name.startswith(of_team("language")) for name in about(found, "delete")), found
    assert about(found, "replace") == WORKSPACES, "the Job that makes MLflow's workspaces and users has a new list"
    assert {operation for operation, _ in found} == {"update", "create", "delete", "replace"}
    changed.groundwork("up", "dev")

    group = system_pool(account)
    assert group["nodegroupArn"] == arn, "not replaced"
    least = changed.settings()["node_pools"]["system"]["min_size"]
    assert bounds(group) == (least, 3)
    # An update that touched machines would replace all of them. The autoscaler may add some, and take them away again.
    left = nodes & {node["metadata"]["uid"] for node in api.list("v1", "Node")}
    assert len(left) >= least, "no machine was touched"
    quota = api.get("v1", "ResourceQuota", "quota", "team-vision")
    assert quota is not None
    assert quota["spec"]["hard"]["requests.nvidia.com/gpu"] == "1"
    assert of_namespace(api, "team-vision") == before, "everything is still the same object"
    assert {"Namespace/team-speech", "ResourceQuota/quota"} <= set(of_namespace(api, "team-speech"))
    assert roles(account, "speech") == ["groundwork-dev-speech-data-scientist"]
    assert api.get("v1", "Namespace", "team-language") is None, "gone with what people had in it"
    assert roles(account, "language") == []
    entries = account.client("eks").list_access_entries(clusterName=CLUSTER, maxResults=100)["accessEntries"]
    assert not [entry for entry in entries if "language" in entry]
    people = changed.settings()["teams"]["vision"]["people"]
    assert len([entry for entry in entries if "vision" in entry]) == len(people) > 1
    assert_state_and_world_agree(changed)


def kubectl(
    project: Project, *arguments: str, editor: str = "", check: bool = True
) -> subprocess.CompletedProcess[str]:
    variables = project.twin_variables() | {"KUBE_EDITOR": editor}
    return project.run("kubectl", *arguments, variables=variables, check=check)


def make_privileged(project: Project, namespace: str) -> None:
    """Take a namespace's guard off, as somebody with every right does: admission refuses it, so that goes first."""
    label = ("label", "namespace", namespace, "--overwrite", "pod-security.kubernetes.io/enforce=privileged")
    assert "POD-13" in kubectl(project, *label, check=False).stderr
    kubectl(project, "delete", "validatingadmissionpolicybinding", "groundwork-namespaces")
    eventually(lambda: kubectl(project, *label, check=False).returncode == 0, "the API server forgets the binding")


def test_what_was_edited_and_deleted_by_hand_is_shown_and_mended(changed: Project, api: Client) -> None:
    account, before = changed.account(), of_namespace(api, "training")
    group = system_pool(account)
    # Of the pods alone: a 50 in the uid or in the version too is refused, and kubectl opens the editor again for ever.
    kubectl(changed, "edit", "resourcequota", "quota", "-n", "team-vision", editor="sed -i /pods:/s/50/5000/")
    make_privileged(changed, "team-vision")
    kubectl(changed, "delete", "networkpolicy", "default-deny", "-n", "team-vision")
    kubectl(changed, "delete", "validatingadmissionpolicybinding", "groundwork-pods")
    kubectl(changed, "delete", "clusterrolebinding", "groundwork-auditor")
    kubectl(changed, "delete", "namespace", "training", "--wait")
    eks, role = account.client("eks"), "arn:aws:iam::000000000000:role/groundwork-dev-vision-ml-engineer"
    eks.delete_access_entry(clusterName=CLUSTER, principalArn=role)
    wider = {"maxSize": group["scalingConfig"]["maxSize"] + 3}
    eks.update_nodegroup_config(clusterName=CLUSTER, nodegroupName=group["nodegroupName"], scalingConfig=wider)

    said = changed.groundwork("refresh", "dev").stdout
    for name in EDITED | DELETED:
        assert name in said, said
    found = shown(changed)
    of_training = {name for name in about(found, "create") if name.startswith("namespace-training")}
    assert found == {*(("update", name) for name in EDITED), *(("create", name) for name in DELETED | of_training)}
    changed.groundwork("up", "dev")

    quota = api.get("v1", "ResourceQuota", "quota", "team-vision")
    namespace = api.get("v1", "Namespace", "team-vision")
    assert quota is not None
    assert namespace is not None
    assert quota["spec"]["hard"]["pods"] == "50"
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert bounds(system_pool(account)) == bounds(group)
    assert eks.describe_access_entry(clusterName=CLUSTER, principalArn=role)
    after = of_namespace(api, "training")
    assert set(after) == set(before)
    assert not set(after.values()) & set(before.values()), "made again, with all that guards it"
    changed.pulumi("preview", "--expect-no-changes", "--non-interactive", "-s", "dev")
    assert_state_and_world_agree(changed)
