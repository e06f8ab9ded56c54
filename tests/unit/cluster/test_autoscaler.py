"""Decides what the autoscaler may do and is told; that it scales is tried on the twin."""

import json
from typing import Any

import pytest

from components.cluster.autoscaler import (
    IMAGES,
    AutoscalerSettings,
    ClusterAutoscaler,
    ClusterAutoscalerArgs,
    image_of,
)
from components.policy_document import document
from components.security.permissions_boundary import PermissionsBoundaryArgs, boundary_statements
from tests.support.recorder import ACCOUNT_ID, REGION, Recorder, run_program
from tests.unit.security.evaluator import decision

GROUP = f"arn:aws:autoscaling:{REGION}:{ACCOUNT_ID}:autoScalingGroup:1:autoScalingGroupName/eks-training"
TAG = "aws:ResourceTag/k8s.io/cluster-autoscaler"
OWNED = {f"{TAG}/enabled": "true", f"{TAG}/groundwork-dev": "owned"}


def build(**settings: Any) -> None:
    args = ClusterAutoscalerArgs(
        settings=AutoscalerSettings.model_validate(settings),
        account_id=ACCOUNT_ID,
        region=REGION,
        environment="dev",
        boundary_arn=f"arn:aws:iam::{ACCOUNT_ID}:policy/groundwork-dev-boundary",
        cluster="groundwork-dev",
        version="1.36",
        cluster_name="groundwork-dev",
        system_pool="system",
    )
    run_program(lambda: ClusterAutoscaler("autoscaler", args))


def deployment(recorder: Recorder) -> dict[str, Any]:
    found: dict[str, Any] = recorder.one("autoscaler-deployment").inputs
    return found


def pod(recorder: Recorder) -> dict[str, Any]:
    found: dict[str, Any] = deployment(recorder)["spec"]["template"]["spec"]
    return found


def flags(recorder: Recorder) -> dict[str, str]:
    (container,) = pod(recorder)["containers"]
    return dict(flag.removeprefix("--").split("=", 1) for flag in container["args"])


def rights(recorder: Recorder) -> str:
    (made,) = recorder.of_type("aws:iam/rolePolicy:RolePolicy")
    return str(made.inputs["policy"])


def test_it_finds_the_pools_of_its_cluster_by_their_tags(recorder: Recorder) -> None:
    build()
    discovery = flags(recorder)["node-group-auto-discovery"]
    assert discovery == "asg:tag=k8s.io/cluster-autoscaler/enabled,k8s.io/cluster-autoscaler/groundwork-dev"


def test_its_times_are_those_of_the_settings(recorder: Recorder) -> None:
    build(
        scale_down_unneeded_minutes=3,
        scale_down_delay_after_add_minutes=4,
        max_node_provision_minutes=20,
        scale_down_utilization_threshold=0.4,
        expander="most-pods",
    )
    found = flags(recorder)
    assert found["scale-down-unneeded-time"] == "3m"
    assert found["scale-down-delay-after-add"] == "4m"
    assert found["max-node-provision-time"] == "20m"
    assert found["scale-down-utilization-threshold"] == "0.4"
    assert found["expander"] == "most-pods"


@pytest.mark.parametrize(
    "action", ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"]
)
def test_it_changes_groups_with_both_tags_of_this_cluster_and_no_others(recorder: Recorder, action: str) -> None:
    build()
    assert decision(rights(recorder), action, GROUP, OWNED) == "Allow"
    for key in OWNED:
        assert decision(rights(recorder), action, GROUP, OWNED | {key: "other"}) == "none", key
    assert decision(rights(recorder), action, GROUP, {}) == "none"


@pytest.mark.parametrize(
    "action", ["autoscaling:UpdateAutoScalingGroup", "autoscaling:DeleteAutoScalingGroup", "ec2:RunInstances"]
)
def test_it_does_nothing_else_to_groups_or_machines(recorder: Recorder, action: str) -> None:
    build()
    assert decision(rights(recorder), action, GROUP, OWNED) == "none"


def test_all_of_its_rights_are_within_the_boundary(recorder: Recorder) -> None:
    build()
    boundary = document(
        *boundary_statements(PermissionsBoundaryArgs(account_id=ACCOUNT_ID, region=REGION, environment="dev"))
    )
    for statement in json.loads(rights(recorder))["Statement"]:
        for action in statement["Action"]:
            for resource in statement["Resource"]:
                concrete = resource.replace("*", "x") if resource != "*" else "*"
                assert decision(boundary, action, concrete, OWNED) == "Allow", action


def test_its_pods_take_its_role_and_no_others_do(recorder: Recorder) -> None:
    build()
    association = recorder.one("autoscaler-identity-association").inputs
    assert (association["namespace"], association["serviceAccount"]) == ("kube-system", "cluster-autoscaler")
    assert pod(recorder)["serviceAccountName"] == "cluster-autoscaler"


def test_its_rights_in_the_cluster_name_no_secret_and_no_wildcard(recorder: Recorder) -> None:
    build()
    made = [recorder.one("autoscaler-cluster-role"), recorder.one("autoscaler-role")]
    for rule in [rule for role in made for rule in role.inputs["rules"]]:
        assert "secrets" not in rule["resources"]
        for part in ("apiGroups", "resources", "verbs"):
            assert "*" not in rule[part]


def test_it_is_restricted_bounded_and_on_the_system_pool(recorder: Recorder) -> None:
    build()
    (container,) = pod(recorder)["containers"]
    assert pod(recorder)["securityContext"]["runAsNonRoot"] is True
    assert pod(recorder)["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert set(container["resources"]["limits"]) == {"cpu", "memory"}
    assert pod(recorder)["nodeSelector"] == {"groundwork.io/node-pool": "system"}
    assert pod(recorder)["priorityClassName"] == "system-cluster-critical"


def test_a_drain_leaves_one_of_two(recorder: Recorder) -> None:
    build()
    budget = recorder.one("autoscaler-budget").inputs["spec"]
    assert deployment(recorder)["spec"]["replicas"] == 2
    assert budget["maxUnavailable"] == 1
    assert budget["selector"] == deployment(recorder)["spec"]["selector"]


def test_it_starts_once_it_has_its_role_and_its_rights(recorder: Recorder) -> None:
    build()
    waits = {urn.rsplit("::", 1)[-1] for urn in recorder.requests["autoscaler-deployment"].dependencies}
    assert waits >= {
        "autoscaler-identity-association",
        "autoscaler-account",
        "autoscaler-binding",
        "autoscaler-cluster-binding",
    }


def test_the_image_is_the_clusters_minor_by_digest_or_the_one_of_the_settings() -> None:
    own = f"{ACCOUNT_ID}.dkr.ecr.{REGION}.amazonaws.com/cluster-autoscaler@sha256:{'a' * 64}"
    assert image_of(AutoscalerSettings(), "1.36") == f"registry.k8s.io/autoscaling/cluster-autoscaler@{IMAGES['1.36']}"
    assert image_of(AutoscalerSettings(image=own), "1.36") == own
    with pytest.raises(ValueError, match=r"1\.99: name one in autoscaler\.image"):
        image_of(AutoscalerSettings(), "1.99")
