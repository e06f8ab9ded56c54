"""Decides what the policies ask about; what they refuse, and in which words, is decided by a real API server."""

from typing import Any

import pytest
from pydantic import ValidationError

from components.cluster.admission import AdmissionPolicies, AdmissionPoliciesArgs, AdmissionSettings
from tests.support.recorder import ACCOUNT_ID, REGION, Recorder, run_program

POLICY = "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy"
BINDING = "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicyBinding"
ECR = f"{ACCOUNT_ID}.dkr.ecr.{REGION}.amazonaws.com"


def build(*registries: str) -> None:
    args = AdmissionPoliciesArgs(
        settings=AdmissionSettings(registries=registries), account_id=ACCOUNT_ID, region=REGION
    )
    run_program(lambda: AdmissionPolicies("admission", args))


def specs(recorder: Recorder) -> dict[str, Any]:
    return {made.inputs["metadata"]["name"]: made.inputs["spec"] for made in recorder.of_type(POLICY)}


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
        "daemonsets",
        "deployments",
        "jobs",
        "replicasets",
        "replicationcontrollers",
        "statefulsets",
        "cronjobs",
    }


def test_a_policy_that_cannot_be_evaluated_refuses_and_every_check_says_why(recorder: Recorder) -> None:
    build()
    for spec in specs(recorder).values():
        assert spec["failurePolicy"] == "Fail"
        assert len(spec["validations"]) == 4
        assert all(validation["messageExpression"] for validation in spec["validations"])


def test_an_update_that_leaves_the_specification_alone_is_let_through(recorder: Recorder) -> None:
    build()
    for spec in specs(recorder).values():
        (condition,) = spec["matchConditions"]
        assert condition["expression"] == "request.operation == 'CREATE' || object.spec != oldObject.spec"


def test_every_policy_denies_in_guarded_namespaces_and_in_no_others(recorder: Recorder) -> None:
    build()
    bound = {made.inputs["spec"]["policyName"]: made.inputs["spec"] for made in recorder.of_type(BINDING)}
    assert set(bound) == set(specs(recorder))
    for spec in bound.values():
        assert spec["validationActions"] == ["Deny"]
        assert spec["matchResources"] == {"namespaceSelector": {"matchLabels": {"groundwork.io/guarded": "true"}}}


def test_images_come_from_the_environments_own_ecr_and_from_what_the_settings_add(recorder: Recorder) -> None:
    build("public.ecr.aws/docker/library")
    for spec in specs(recorder).values():
        (foreign,) = [variable for variable in spec["variables"] if variable["name"] == "foreign"]
        assert f'"{ECR}/"' in foreign["expression"], "with the slash: another host may begin with the same letters"
        assert '"public.ecr.aws/docker/library/"' in foreign["expression"]
        said = spec["validations"][0]["messageExpression"]
        assert f"{ECR}/NAME@sha256:DIGEST" in said
        assert "public.ecr.aws/docker/library/NAME@sha256:DIGEST" in said


@pytest.mark.parametrize("registry", ["https://public.ecr.aws", "public.ecr.aws/", "Public.ecr.aws", 'a"b'])
def test_a_registry_that_would_not_be_one_is_refused(registry: str) -> None:
    with pytest.raises(ValidationError, match="registries"):
        AdmissionSettings(registries=(registry,))
