"""Decides what the policies ask about; what they refuse, and in which words, is decided by a real API server."""

from typing import Any

import pytest
from pydantic import ValidationError

from components.cluster.admission import AdmissionPolicies, AdmissionPoliciesArgs, AdmissionSettings
from components.cluster.admission_rules import RULES
from tests.support.recorder import ACCOUNT_ID, REGION, Recorder, run_program

POLICY = "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy"
BINDING = "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicyBinding"
ECR = f"{ACCOUNT_ID}.dkr.ecr.{REGION}.amazonaws.com"
NAMESPACES = "groundwork-namespaces"


def build(*registries: str) -> None:
    args = AdmissionPoliciesArgs(
        settings=AdmissionSettings(registries=registries), account_id=ACCOUNT_ID, region=REGION
    )
    run_program(lambda: AdmissionPolicies("admission", args))


def specs(recorder: Recorder) -> dict[str, Any]:
    return {made.inputs["metadata"]["name"]: made.inputs["spec"] for made in recorder.of_type(POLICY)}


def of_pods(recorder: Recorder) -> dict[str, Any]:
    return {name: spec for name, spec in specs(recorder).items() if name != NAMESPACES}


def test_whatever_holds_a_pod_is_judged_when_it_is_made_and_when_it_changes(recorder: Recorder) -> None:
    build()
    judged = {
        resource
        for spec in specs(recorder).values()
        for rule in spec["matchConstraints"]["resourceRules"]
        for resource in rule["resources"]
        if rule["operations"] == ["CREATE", "UPDATE"]
    }
    assert judged == {
        "pods",
        "pods/ephemeralcontainers",
        "podtemplates",
        "daemonsets",
        "deployments",
        "jobs",
        "replicasets",
        "replicationcontrollers",
        "statefulsets",
        "cronjobs",
        "namespaces",
    }


def test_a_policy_that_cannot_be_evaluated_refuses_and_every_check_says_why(recorder: Recorder) -> None:
    build()
    for spec in of_pods(recorder).values():
        assert spec["failurePolicy"] == "Fail"
        assert len(spec["validations"]) == len(RULES["validations"]) + 3
        assert all(validation["messageExpression"] for validation in spec["validations"])


def test_an_update_that_leaves_the_specification_alone_is_let_through(recorder: Recorder) -> None:
    build()
    for name, spec in of_pods(recorder).items():
        (condition,) = spec["matchConditions"]
        subject = "template" if name == "groundwork-bare-pod-templates" else "spec"
        assert condition["expression"] == (f"request.operation == 'CREATE' || object.{subject} != oldObject.{subject}")


def test_every_policy_about_pods_denies_in_guarded_namespaces_and_in_no_others(recorder: Recorder) -> None:
    build()
    bound = {made.inputs["spec"]["policyName"]: made.inputs["spec"] for made in recorder.of_type(BINDING)}
    assert set(bound) == set(specs(recorder))
    for name, spec in bound.items():
        assert spec["validationActions"] == ["Deny"]
        if name == NAMESPACES:
            assert "matchResources" not in spec
        else:
            assert spec["matchResources"] == {"namespaceSelector": {"matchLabels": {"groundwork.io/guarded": "true"}}}


def test_a_namespace_says_its_level_but_for_those_of_the_api_server(recorder: Recorder) -> None:
    build()
    spec = specs(recorder)[NAMESPACES]
    assert spec["failurePolicy"] == "Fail"
    (validation,) = spec["validations"]
    assert "pod-security.kubernetes.io/enforce" in validation["expression"]
    own, new = (condition["expression"] for condition in spec["matchConditions"])
    assert '"kube-system"' in own
    assert "oldObject" in new


def test_a_secret_is_a_file_but_for_variables_that_the_namespace_names(recorder: Recorder) -> None:
    """In every list of containers; and a whole Secret as variables never is. What it does is tried on the twin."""
    build()
    for spec in of_pods(recorder).values():
        found = {variable["name"]: variable["expression"] for variable in spec["variables"]}
        assert "groundwork.io/environment-secrets" in found["environment_secrets"]
        asked, let_in = "secretKeyRef.hasValue()", "!(e.?name.orValue('') in variables.environment_secrets)"
        assert found["pod_12"].count(asked) == found["pod_12"].count(f"{asked} && {let_in}") == 3
        assert found["pod_12"].count("secretRef.hasValue()") == 3
        order = [variable["name"] for variable in spec["variables"]]
        assert order.index("environment_secrets") < order.index("pod_12"), "a variable uses those before it"


def test_images_come_from_the_environments_own_ecr_and_from_what_the_settings_add(recorder: Recorder) -> None:
    build("public.ecr.aws/docker/library")
    for spec in of_pods(recorder).values():
        (known,) = [variable for variable in spec["variables"] if variable["name"] == "registries"]
        assert known["expression"] == f'["{ECR}", "public.ecr.aws/docker/library"]'


@pytest.mark.parametrize("registry", ["https://public.ecr.aws", "public.ecr.aws/", "Public.ecr.aws", 'a"b'])
def test_a_registry_that_would_not_be_one_is_refused(registry: str) -> None:
    with pytest.raises(ValidationError, match="registries"):
        AdmissionSettings(registries=(registry,))
