"""Decides what the right to look is; who has it is in the table of identities, which is compared with these roles."""

from components.cluster.group_rights import Rule
from components.monitoring.onlookers import Onlooker, Onlookers, OnlookersArgs
from components.teams.personas import LOOK
from tests.support.recorder import Recorder, run_program

RBAC = "kubernetes:rbac.authorization.k8s.io/v1"


def test_a_group_may_forward_ports_of_pods_in_monitoring_and_nothing_else(recorder: Recorder) -> None:
    engineers = Onlooker(group="groundwork:platform-engineer", rules=LOOK)
    run_program(lambda: Onlookers("onlookers", OnlookersArgs(onlookers={"platform-engineer": engineers})))
    (role,) = recorder.of_type(f"{RBAC}:Role")
    assert role.inputs["rules"] == [{"apiGroups": [""], "resources": ["pods/portforward"], "verbs": ["create"]}]
    (binding,) = recorder.of_type(f"{RBAC}:RoleBinding")
    assert binding.inputs["roleRef"]["name"] == role.inputs["metadata"]["name"]
    assert [one["name"] for one in binding.inputs["subjects"]] == ["groundwork:platform-engineer"]
    assert role.inputs["metadata"]["namespace"] == binding.inputs["metadata"]["namespace"] == "monitoring"
    assert not recorder.of_type(f"{RBAC}:ClusterRole")


def test_each_group_has_a_role_of_its_own_with_its_own_rules(recorder: Recorder) -> None:
    sees, listens = (Onlooker(group=f"x:{verb}", rules=(Rule("", ("pods",), (verb,)),)) for verb in ("get", "watch"))
    run_program(lambda: Onlookers("onlookers", OnlookersArgs(onlookers={"a": sees, "b": listens})))
    rules = {one.inputs["metadata"]["name"]: one.inputs["rules"] for one in recorder.of_type(f"{RBAC}:Role")}
    assert {name: rule["verbs"] for name, (rule,) in rules.items()} == {
        "groundwork-a-looks": ["get"],
        "groundwork-b-looks": ["watch"],
    }
