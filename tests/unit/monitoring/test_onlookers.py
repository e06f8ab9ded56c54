"""Decides what the right to look is; who has it is in the table of identities, which is compared with these roles."""

from components.cluster.group_rights import Rule
from components.monitoring.onlookers import Onlookers, OnlookersArgs
from components.teams.personas import LOOK
from tests.support.recorder import Recorder, run_program

RBAC = "kubernetes:rbac.authorization.k8s.io/v1"


def test_a_group_may_forward_ports_of_pods_in_monitoring_and_nothing_else(recorder: Recorder) -> None:
    groups = {"platform-engineer": "groundwork:platform-engineer"}
    run_program(lambda: Onlookers("onlookers", OnlookersArgs(groups=groups, rules=LOOK)))
    (role,) = recorder.of_type(f"{RBAC}:Role")
    assert role.inputs["rules"] == [{"apiGroups": [""], "resources": ["pods/portforward"], "verbs": ["create"]}]
    (binding,) = recorder.of_type(f"{RBAC}:RoleBinding")
    assert binding.inputs["roleRef"]["name"] == role.inputs["metadata"]["name"]
    assert [one["name"] for one in binding.inputs["subjects"]] == ["groundwork:platform-engineer"]
    assert role.inputs["metadata"]["namespace"] == binding.inputs["metadata"]["namespace"] == "monitoring"
    assert not recorder.of_type(f"{RBAC}:ClusterRole")


def test_two_groups_have_two_roles(recorder: Recorder) -> None:
    rules = (Rule("", ("pods",), ("get",)),)
    run_program(lambda: Onlookers("onlookers", OnlookersArgs(groups={"a": "x:a", "b": "x:b"}, rules=rules)))
    names = {one.inputs["metadata"]["name"] for one in recorder.of_type(f"{RBAC}:Role")}
    assert names == {"groundwork-a-looks", "groundwork-b-looks"}
