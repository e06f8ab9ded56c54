"""Decides how a scale set is set up: who may do what in its namespace, what a job gets, when nothing is left of it."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from components.cluster.group_rights import Rule
from components.labels import ENVIRONMENT_SECRETS
from components.policy_document import document
from components.runners.runner_pool import RunnerPool, RunnerPoolArgs
from components.runners.scale_set_definitions import DEFINITIONS, VERSION, definition_spec
from components.runners.scale_set_pods import REGISTRATION_VARIABLE, in_words_of_the_api
from components.runners.scale_set_rights import CONTROLLER_RULES, CUSTOM
from components.runners.scale_set_settings import ScaleSetSettings
from components.security.permissions_boundary import PermissionsBoundaryArgs, boundary_statements
from tests.support.recorder import ACCOUNT_ID, REGION, Recorder, run_program
from tests.support.runner_pools import scale_set
from tests.unit.runners.test_runner_pool import PLACE
from tests.unit.security.evaluator import decision

NAME = "runners-gpu"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT_ID}:secret:groundwork-dev/{NAME}-a1b2c3"
ROLE = "kubernetes:rbac.authorization.k8s.io/v1:Role"
GPU = "nvidia.com/gpu"


def build(**settings: Any) -> RunnerPool:
    args = RunnerPoolArgs(settings=ScaleSetSettings.model_validate(scale_set("dev") | settings), place=PLACE)
    return run_program(lambda: RunnerPool(NAME, args))


def spec(recorder: Recorder) -> dict[str, Any]:
    return dict(recorder.one(f"{NAME}-scale-set").inputs["spec"])


def runner(recorder: Recorder) -> dict[str, Any]:
    return dict(spec(recorder)["template"]["spec"])


def rules(recorder: Recorder, account: str) -> list[dict[str, Any]]:
    return list(recorder.one(f"{NAME}-{account}-rules").inputs["rules"])


def verbs(found: list[dict[str, Any]], resource: str) -> set[str]:
    return {verb for rule in found if resource in rule["resources"] for verb in rule["verbs"]}


def test_there_is_nothing_while_there_is_no_job(recorder: Recorder) -> None:
    build(max_runners=7)
    assert (spec(recorder)["minRunners"], spec(recorder)["maxRunners"]) == (0, 7)


def test_a_job_has_a_gpu_node_of_its_pool_to_itself_until_it_is_done(recorder: Recorder) -> None:
    build(gpus=2, cpu=6, memory_gib=24)
    pod = runner(recorder)
    assert pod["nodeSelector"] == {"groundwork.io/node-pool": "training"}
    assert pod["tolerations"] == [{"key": GPU, "operator": "Exists", "effect": "NoSchedule"}]
    (container,) = pod["containers"]
    asked = {"cpu": "6", "memory": "24Gi", GPU: "2"}
    assert container["resources"] == {"requests": asked, "limits": asked}
    annotations = spec(recorder)["template"]["metadata"]["annotations"]
    assert annotations["cluster-autoscaler.kubernetes.io/safe-to-evict"] == "false", "its node is not taken away"
    assert pod["priorityClassName"] == "groundwork-training"
    assert pod["restartPolicy"] == "Never", "a job that failed is never run again by itself"


def test_the_time_that_a_node_takes_is_not_the_jobs(recorder: Recorder) -> None:
    """A pod's deadline begins when a node has taken it; nothing else in the scale set counts time."""
    build(job_timeout_minutes=90)
    assert runner(recorder)["activeDeadlineSeconds"] == 90 * 60
    said = json.dumps(spec(recorder)).lower()
    assert said.count("seconds") == 3, "the deadline, and how long runner and listener have to end"


def test_a_runner_is_restricted_and_writes_on_volumes_alone(recorder: Recorder) -> None:
    build(work_gib=80)
    pod = runner(recorder)
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in (*pod["containers"], *pod["initContainers"]):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
    assert {volume["name"]: volume["emptyDir"] for volume in pod["volumes"]} == {
        "home": {"sizeLimit": "80Gi"},
        "tmp": {"sizeLimit": "80Gi"},
    }
    (filled,) = pod["initContainers"]
    (copied,) = filled["volumeMounts"]
    (container,) = pod["containers"]
    assert filled["command"] == ["cp", "-R", "/home/runner/.", copied["mountPath"]]
    assert {"name": copied["name"], "mountPath": "/home/runner"} in container["volumeMounts"]


def test_a_runner_has_no_identity_in_the_cluster_and_none_in_aws(recorder: Recorder) -> None:
    build()
    assert runner(recorder)["automountServiceAccountToken"] is False
    assert runner(recorder)["serviceAccountName"] == "runner"
    bound = [
        subject["name"]
        for made in recorder.of_type("kubernetes:rbac.authorization.k8s.io/v1:RoleBinding")
        for subject in made.inputs["subjects"]
    ]
    assert sorted(bound) == ["controller", "credentials"]
    (association,) = recorder.of_type("aws:eks/podIdentityAssociation:PodIdentityAssociation")
    assert association.inputs["serviceAccount"] == "credentials"
    callers = recorder.one(f"{NAME}-to-api-server").inputs["spec"]["podSelector"]["matchExpressions"][0]["values"]
    assert "runner" not in callers


def test_nothing_of_it_is_the_whole_clusters(recorder: Recorder) -> None:
    build()
    assert not [made.name for made in recorder.made if "/v1:ClusterRole" in made.typ]
    manager = recorder.one(f"{NAME}-controller").inputs["spec"]["template"]["spec"]["containers"][0]
    assert f"--watch-single-namespace={NAME}" in manager["args"]
    assert {made.inputs["metadata"]["namespace"] for made in recorder.of_type(ROLE)} == {NAME}


def test_the_controller_can_give_its_listener_what_it_gives_it(recorder: Recorder) -> None:
    """The API server lets nobody give a right that they have not. Source: resourcebuilder.go, rulesForListenerRole."""
    build()
    held = rules(recorder, "controller")
    assert "patch" in verbs(held, "ephemeralrunnersets")
    assert "patch" in verbs(held, "ephemeralrunners") & verbs(held, "ephemeralrunners/status")
    assert {"create", "delete", "get"} <= verbs(held, "pods") & verbs(held, "secrets") & verbs(held, "roles")
    assert not {"bind", "escalate", "impersonate", "*"} & {verb for rule in held for verb in rule["verbs"]}
    assert "list" not in verbs(held, "secrets")


def test_the_rights_are_about_every_kind_that_is_defined() -> None:
    assert {definition.plural for definition in DEFINITIONS} == set(CUSTOM)
    assert all(isinstance(rule, Rule) and "*" not in rule.resources for rule in CONTROLLER_RULES)


def test_the_key_of_the_app_is_in_no_input_and_one_role_reads_it(recorder: Recorder) -> None:
    build()
    secret = recorder.one(f"{NAME}-secret-secret").inputs
    assert secret["name"] == f"groundwork-dev/{NAME}"
    assert not recorder.of_type("aws:secretsmanager/secretVersion:SecretVersion")
    assert not recorder.of_type("kubernetes:core/v1:Secret"), "it would be in the state, and previews would read it"
    (policy,) = [made.inputs["policy"] for made in recorder.of_type("aws:iam/rolePolicy:RolePolicy")]
    assert decision(policy, "secretsmanager:GetSecretValue", SECRET, {}) == "Allow"
    assert decision(policy, "secretsmanager:GetSecretValue", SECRET.replace(NAME, "mlflow/server"), {}) == "none"
    boundary = document(
        *boundary_statements(PermissionsBoundaryArgs(account_id=ACCOUNT_ID, region=REGION, environment="dev"))
    )
    assert decision(boundary, "secretsmanager:GetSecretValue", SECRET, {}) == "Allow", "its boundary leaves it nothing"
    own = recorder.one(f"{NAME}-secret-policy").inputs["policy"]
    reader = f"arn:aws:iam::{ACCOUNT_ID}:role/groundwork-dev-{NAME}-credentials"
    asked = {"aws:SecureTransport": "true", "aws:PrincipalAccount": ACCOUNT_ID}
    assert decision(own, "secretsmanager:GetSecretValue", SECRET, asked | {"aws:PrincipalArn": reader}) == "none"
    other = asked | {"aws:PrincipalArn": reader.replace("credentials", "jobs")}
    assert decision(own, "secretsmanager:GetSecretValue", SECRET, other) == "Deny"


def test_the_job_of_the_key_changes_one_secret_of_the_cluster(recorder: Recorder) -> None:
    build()
    held = rules(recorder, "credentials")
    named = [rule for rule in held if rule.get("resourceNames") == ["github"]]
    assert [sorted(rule["verbs"]) for rule in named] == [["get", "update"]]
    assert [rule["verbs"] for rule in held if rule not in named] == [["create"]], "which knows no names"
    assert spec(recorder)["githubConfigSecret"] == "github"
    mounted = recorder.one(f"{NAME}-secret-class").inputs["spec"]["parameters"]
    (entry,) = json.loads(mounted["objects"])
    assert entry["objectName"] == f"groundwork-dev/{NAME}"
    assert mounted["usePodIdentity"] == "true"


def test_the_namespace_lets_the_registration_in_and_no_other_secret_variable(recorder: Recorder) -> None:
    """The controller hands it over as a variable, and a pod that admission refuses is given up for good."""
    build()
    metadata = recorder.one(f"{NAME}-guarded-namespace").inputs["metadata"]
    assert metadata["annotations"] == {ENVIRONMENT_SECRETS: REGISTRATION_VARIABLE}
    assert REGISTRATION_VARIABLE == "ACTIONS_RUNNER_INPUT_JITCONFIG", "as the controller calls it"


def test_the_namespace_has_room_for_all_runners_and_what_makes_them(recorder: Recorder) -> None:
    build(max_runners=3, gpus=2, cpu=6, memory_gib=24)
    hard = recorder.one(f"{NAME}-guarded-quota").inputs["spec"]["hard"]
    assert hard["requests.nvidia.com/gpu"] == "6"
    assert (int(hard["requests.cpu"]), hard["requests.memory"]) == (3 * 6 + 2, f"{3 * 24 + 4}Gi")
    assert int(hard["pods"]) > 3 + 2


def test_pods_reach_github_and_the_api_server_where_they_have_to(recorder: Recorder) -> None:
    build(egress_ranges=["140.82.112.0/20"])
    ranges = recorder.one(f"{NAME}-guarded-allow-ranges").inputs["spec"]["egress"][0]
    assert [peer["ipBlock"]["cidr"] for peer in ranges["to"]] == ["52.218.0.0/17", "140.82.112.0/20"]
    (way,) = recorder.one(f"{NAME}-to-api-server").inputs["spec"]["egress"]
    assert way["to"] == [{"ipBlock": {"cidr": "172.20.0.1/32"}}]
    names = {
        made.inputs["metadata"]["name"] for made in recorder.of_type("kubernetes:networking.k8s.io/v1:NetworkPolicy")
    }
    assert "allow-same-namespace" not in names, "one job's pod is nobody's business of another"


def test_the_controller_knows_the_scale_set_for_one_of_its_version(recorder: Recorder) -> None:
    """It deletes one that has another version, or none."""
    build()
    assert recorder.one(f"{NAME}-scale-set").inputs["metadata"]["labels"]["app.kubernetes.io/version"] == VERSION


def test_the_listener_is_let_in_by_the_namespace(recorder: Recorder) -> None:
    """Its pod is the controller's: what admission asks for has to come by the template."""
    build()
    (container,) = spec(recorder)["listenerTemplate"]["spec"]["containers"]
    assert container["name"] == "listener", "the controller merges by this name"
    assert set(container["resources"]) == {"requests", "limits"}
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert spec(recorder)["listenerTemplate"]["spec"]["securityContext"]["runAsNonRoot"] is True


def test_the_scale_set_goes_before_whoever_takes_it_off_github(recorder: Recorder) -> None:
    build()
    after = {urn.rpartition("::")[2] for urn in recorder.requests[f"{NAME}-scale-set"].dependencies}
    assert {f"{NAME}-controller", f"{NAME}-sync"} <= after


def test_a_job_names_the_environments_own_scale_set(recorder: Recorder) -> None:
    pool = build()
    values: list[str] = []
    run_program(lambda: pool.runs_on.apply(values.append))
    assert values == ["groundwork-dev-runners-gpu"]
    assert recorder.one(f"{NAME}-scale-set").inputs["metadata"]["name"] == values[0]
    assert spec(recorder)["githubConfigUrl"] == "https://github.com/octo-org/groundwork"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"repository": "octo-org"}, "repository"),
        ({"egress_ranges": []}, "egress_ranges"),
        ({"egress_ranges": ["0.0.0.0/0"]}, "egress_ranges"),
        ({"image": "ghcr.io/actions/actions-runner:latest"}, "image"),
        ({"gpus": 0}, "gpus"),
        ({"max_runners": 0}, "max_runners"),
        ({"min_runners": 1}, "min_runners"),
        ({"token": "ghp_x"}, "token"),
        ({"privileged": True}, "privileged"),
    ],
)
def test_settings_that_cannot_be_are_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        ScaleSetSettings.model_validate(scale_set("dev") | wrong)


def test_what_the_scale_set_says_is_in_its_definition(recorder: Recorder) -> None:
    """The API server drops what a definition does not know, without a word."""
    build()
    (definition,) = [one for one in DEFINITIONS if one.kind == "AutoscalingRunnerSet"]
    schema = definition_spec(definition)["versions"][0]["schema"]["open_apiv3_schema"]["properties"]
    assert set(spec(recorder)) <= set(schema["spec"]["properties"])
    for kept in ("template", "listenerTemplate"):
        assert schema["spec"]["properties"][kept]["x_kubernetes_preserve_unknown_fields"] is True


def test_keys_are_written_as_the_api_does_and_values_are_left_alone() -> None:
    tree = {"node_selector": {"a.b/c-d": "e_f"}, "env": [{"value_from": {"field_ref": {"field_path": "x_y"}}}]}
    assert in_words_of_the_api(tree) == {
        "nodeSelector": {"a.b/c-d": "e_f"},
        "env": [{"valueFrom": {"fieldRef": {"fieldPath": "x_y"}}}],
    }
