"""Defects that others met only in a live account, each by its name in shared/anchors.md section 4.1, held offline.

They walk what the whole program registers, so that a component added later is held to them without being listed.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from pulumi.runtime import MockResourceArgs

from components.labels import GUARDED
from components.policy_document import document
from components.security.key_policy import KeyPlace, KeyUse, key_policy
from components.tags import CLASSIFICATION_KEY, DataClass, key_access_key
from stacks.settings import SettingsError, parse_settings
from stacks.store_roles import STORE_KEYS
from tests.support.program import recorded
from tests.support.recorder import Recorder
from tests.support.stack_files import ENVIRONMENTS, changed, written
from tests.unit.security.evaluator import decision

CORE = {"cpu", "memory", "ephemeral-storage", "storage"}
MUTABLE_TAG = re.compile(r":[^@/]+$")
each_environment = pytest.mark.parametrize("environment", ENVIRONMENTS)


def kubernetes(recorder: Recorder, kind: str) -> list[MockResourceArgs]:
    return [made for made in recorder.children() if made.typ.startswith("kubernetes:") and made.inputs["kind"] == kind]


def pods(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every pod specification below a value: whatever has containers."""
    if isinstance(value, dict):
        if "containers" in value:
            yield value
        for inner in value.values():
            yield from pods(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from pods(inner)


def injected(limit: dict[str, Any]) -> set[str]:
    """Return what a limit of containers adds to one that asks for nothing: its default, else its maximum."""
    if limit["type"] != "Container":
        return set()
    return {resource for part in ("default", "defaultRequest", "max", "min") for resource in limit.get(part, {})}


@each_environment
def test_mp_group_1_a_service_account_that_reaches_a_bucket_lacks_its_identity_or_the_key(environment: str) -> None:
    recorder, settings = recorded(environment), written(environment)
    roles = {made.inputs["name"]: made for made in recorder.of_type("aws:iam/role:Role")}
    policies: dict[str, list[str]] = {}
    for made in recorder.of_type("aws:iam/rolePolicy:RolePolicy"):
        policies.setdefault(made.inputs["role"], []).append(made.inputs["policy"])
    accounts = {
        (made.inputs["metadata"]["namespace"], made.inputs["metadata"]["name"])
        for made in kubernetes(recorder, "ServiceAccount")
    }
    associations = recorder.of_type("aws:eks/podIdentityAssociation:PodIdentityAssociation")
    with_objects = 0
    for made in associations:
        place = (made.inputs["namespace"], made.inputs["serviceAccount"])
        if place[0] != "kube-system":  # those of add-ons are made by EKS
            assert place in accounts, f"{place} has an identity and does not exist"
        role = roles.get(made.inputs["roleArn"].rpartition("/")[2])
        assert role is not None, f"{place} is given a role that nobody makes"
        for bucket, action in reached(policies.get(role.inputs["name"], [])):
            with_objects += 1
            assert may_use_key(settings, role, bucket, action), f"{place}: {action} on {bucket} without the key"
    for workload in settings["workloads"].values():
        place = (workload["trust"]["namespace"], workload["trust"]["service_account"])
        assert place in {(made.inputs["namespace"], made.inputs["serviceAccount"]) for made in associations}, place
    assert with_objects >= 2 * len(settings["teams"])


def reached(policies: list[str]) -> Iterator[tuple[str, str]]:
    """Yield each bucket that policies let somebody read from or write to, with the action."""
    for policy in policies:
        for statement in json.loads(policy)["Statement"]:
            for action in set(statement["Action"]) & {"s3:GetObject", "s3:PutObject"}:
                yield from ((resource.split(":::")[1].split("/")[0], action) for resource in statement["Resource"])


def may_use_key(settings: dict[str, Any], role: MockResourceArgs, bucket: str, action: str) -> bool:
    """Ask the policy of the bucket's own key, as a session of the role through S3."""
    (key_name,) = {STORE_KEYS[name] for name in STORE_KEYS if f"-{name.replace('_', '-')}-" in bucket}
    place = KeyPlace(
        account_id=settings["account_id"],
        region=settings["region"],
        environment=settings["environment"],
        key_name=key_name,
    )
    session = {f"aws:PrincipalTag/{key}": value for key, value in (role.inputs.get("tags") or {}).items()} | {
        "kms:CallerAccount": settings["account_id"],
        "kms:ViaService": f"s3.{settings['region']}.amazonaws.com",
        "kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{bucket}",
        "aws:PrincipalArn": f"arn:aws:iam::{settings['account_id']}:role/{role.inputs['name']}",
    }
    needed = "kms:Decrypt" if action == "s3:GetObject" else "kms:GenerateDataKey"
    policy = document(*key_policy(place, [KeyUse.OBJECTS]))
    return decision(policy, needed, "key", session, principal="role") == "Allow"


def test_mp_group_1_is_found_when_the_key_is_missing() -> None:
    settings = written("dev")
    role = next(made for made in recorded("dev").children() if made.name == "team-vision-training-role")
    bucket = "groundwork-dev-artifacts-000000000000-eu-west-1"
    tag = key_access_key(DataClass.CONFIDENTIAL)
    assert may_use_key(settings, role, bucket, "s3:PutObject")
    weaker = role.inputs | {"tags": {tag: "read", CLASSIFICATION_KEY: "confidential"}}
    lacking = MockResourceArgs(role.typ, role.name, weaker, None, None, True)
    assert may_use_key(settings, lacking, bucket, "s3:GetObject")
    assert not may_use_key(settings, lacking, bucket, "s3:PutObject")


@each_environment
def test_mp_group_3_a_limit_range_injects_a_request_for_a_gpu(environment: str) -> None:
    ranges = kubernetes(recorded(environment), "LimitRange")
    assert ranges
    for made in ranges:
        for limit in made.inputs["spec"]["limits"]:
            named = {resource for part in limit.values() if isinstance(part, dict) for resource in part}
            assert named <= CORE, f"{made.name} names {named - CORE}: an extended resource in a limit is a default"
            assert not injected(limit), f"{made.name} gives containers {injected(limit)} that they did not ask for"


@pytest.mark.parametrize("part", ["default", "defaultRequest", "max", "min"])
def test_mp_group_3_is_found_in_any_part_of_a_limit(part: str) -> None:
    assert injected({"type": "Container", part: {"nvidia.com/gpu": "1"}}) == {"nvidia.com/gpu"}


@each_environment
def test_mp_group_6_a_tag_comes_to_mean_another_image(environment: str) -> None:
    recorder = recorded(environment)
    images = [
        (made.name, container.get("image", ""))
        for made in recorder.children()
        if made.typ.startswith("kubernetes:")
        for pod in pods(made.inputs)
        for container in (*pod["containers"], *pod.get("initContainers", ()))
    ]
    assert images
    for name, image in images:
        assert re.search(r"@sha256:[0-9a-f]{64}$", image), f"{name} runs {image}, which is not fixed"
        assert not MUTABLE_TAG.search(image.split("@")[0].rpartition("/")[2]), f"{name} runs {image}"
    for repository in recorder.of_type("aws:ecr/repository:Repository"):
        assert repository.inputs["imageTagMutability"] == "IMMUTABLE"


@each_environment
def test_mp_35_network_policies_race_their_namespace(environment: str) -> None:
    """Each namespace of ours is there before its policies, and its policies before whatever runs in it."""
    recorder = recorded(environment)
    namespaces = {made.inputs["metadata"]["name"]: made for made in kubernetes(recorder, "Namespace")}
    assert set(namespaces) >= {f"team-{team}" for team in written(environment)["teams"]}
    for name, namespace in namespaces.items():
        assert namespace.inputs["metadata"]["labels"].get(GUARDED) == "true", f"{name} has no guard rails"
        inside = [
            made for made in kubernetes(recorder, "NetworkPolicy") if made.inputs["metadata"]["namespace"] == name
        ]
        denied = {
            direction
            for made in inside
            if made.inputs["spec"]["podSelector"] == {} and not made.inputs["spec"].keys() & {"ingress", "egress"}
            for direction in made.inputs["spec"]["policyTypes"]
        }
        assert denied == {"Ingress", "Egress"}, f"{name} denies {denied or 'nothing'} by default"
        for made in inside:
            waits = {urn.rsplit("::", 1)[-1] for urn in recorder.requests[made.name].dependencies}
            assert namespace.name in waits, f"{made.name} may come before its namespace"


@each_environment
def test_every_namespace_that_holds_a_workload_is_one_of_ours_or_the_systems(environment: str) -> None:
    recorder = recorded(environment)
    ours = {made.inputs["metadata"]["name"] for made in kubernetes(recorder, "Namespace")}
    for made in recorder.children():
        if made.typ.startswith("kubernetes:") and list(pods(made.inputs)):
            place = made.inputs["metadata"]["namespace"]
            assert place in ours | {"kube-system"}, f"{made.name} runs in {place}, where nothing guards it"


@each_environment
def test_metr_hawk_the_controllers_that_clear_finalizers_are_deleted_first(environment: str) -> None:
    """A namespace depends on all that its pods and volumes need in order to go: what is needed is deleted later."""
    recorder = recorded(environment)
    needed = {"cluster-autoscaler-deployment", "storage-gp3", "admission-pods"} | {
        f"device-plugin-{pool}-daemon" for pool in written(environment)["gpu_node_pools"]
    }
    for namespace in kubernetes(recorder, "Namespace"):
        waits = {urn.rsplit("::", 1)[-1] for urn in recorder.requests[namespace.name].dependencies}
        assert needed <= waits, f"{namespace.name} does not wait for {needed - waits}"
    (provider,) = recorder.of_type("pulumi:providers:kubernetes")
    before = {urn.rsplit("::", 1)[-1] for urn in recorder.requests[provider.name].dependencies}
    nodes = {made.name for made in recorder.of_type("aws:eks/nodeGroup:NodeGroup")}
    assert nodes <= before, f"{nodes - before} would go before what runs on them"
    addons = {made.name for made in recorder.of_type("aws:eks/addon:Addon") if made.name.startswith("node-addons")}
    assert addons
    assert addons <= before, f"{addons - before} would go before the volumes that they delete"


@each_environment
def test_kubernetes_storage_classes_wait_for_the_driver_and_use_our_key(environment: str) -> None:
    (default,) = [
        made
        for made in kubernetes(recorded(environment), "StorageClass")
        if made.inputs["metadata"].get("annotations", {}).get("storageclass.kubernetes.io/is-default-class") == "true"
    ]
    assert default.inputs["parameters"]["encrypted"] == "true"
    assert default.inputs["parameters"]["kmsKeyId"]


@each_environment
def test_mp_dev_env_the_endpoint_is_not_public(environment: str) -> None:
    (cluster,) = recorded(environment).of_type("aws:eks/cluster:Cluster")
    assert cluster.inputs["vpcConfig"]["endpointPublicAccess"] is False
    assert cluster.inputs["vpcConfig"]["endpointPrivateAccess"] is True


@each_environment
def test_mp_dev_env_a_public_endpoint_is_refused_where_runners_are_inside(environment: str) -> None:
    ranges = changed(environment, ("cluster", "public_access_cidrs"), ["198.51.100.0/24"])
    with pytest.raises(SettingsError, match=r"cluster\.public_access_cidrs"):
        parse_settings(ranges, stack=environment, allow_placeholders=True)
    without_runners = json.loads(ranges) | {"runners": {}}
    parse_settings(json.dumps(without_runners), stack=environment, allow_placeholders=True)
