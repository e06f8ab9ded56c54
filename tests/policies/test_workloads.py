"""Where pods are found: in every kind, in Lists, in Patches, in the custom resources that the settings name."""

from typing import Any

import pytest

from policies.config import Settings
from policies.index import Resource
from policies.values import MALFORMED, UNKNOWN
from policies.workloads import WORKLOADS, is_custom, objects, pods

SPEC = {"containers": [{"name": "main"}]}
TEMPLATE = {"spec": {"template": {"spec": SPEC}}}


def paths(token: str, inputs: dict[str, Any]) -> list[str]:
    return [pod.spec.path for pod in pods(Resource("urn", token, inputs), Settings())]


@pytest.mark.parametrize(
    ("kind", "inputs", "path"),
    [
        ("core/v1:Pod", {"spec": SPEC}, "spec"),
        ("core/v1:PodTemplate", {"template": {"spec": SPEC}}, "template.spec"),
        ("core/v1:ReplicationController", TEMPLATE, "spec.template.spec"),
        ("apps/v1:StatefulSet", TEMPLATE, "spec.template.spec"),
        ("extensions/v1beta1:Deployment", TEMPLATE, "spec.template.spec"),
        ("batch/v1:CronJob", {"spec": {"jobTemplate": TEMPLATE}}, "spec.jobTemplate.spec.template.spec"),
        ("batch/v2alpha1:CronJob", {"spec": {"jobTemplate": TEMPLATE}}, "spec.jobTemplate.spec.template.spec"),
        ("batch/v1:JobList", {"items": [TEMPLATE]}, "items[0].spec.template.spec"),
        ("apps/v1:DaemonSetPatch", TEMPLATE, "spec.template.spec"),
        ("kubeflow.org/v1:PyTorchJob", {"spec": {"pytorchReplicaSpecs": {"Master": {"template": {"spec": SPEC}}}}},
         "spec.pytorchReplicaSpecs.Master.template.spec"),
        ("serving.kserve.io/v1beta1:InferenceService", {"spec": {"predictor": SPEC}}, "spec.predictor"),
    ],
)  # fmt: skip
def test_a_pods_specification_is_found_in(kind: str, inputs: dict[str, Any], path: str) -> None:
    assert paths(f"kubernetes:{kind}", inputs) == [path]


def test_every_list_and_patch_counts_and_nothing_else() -> None:
    assert {"kubernetes:apps/v1:Deployment", "kubernetes:apps/v1:DeploymentList", "kubernetes:core/v1:PodPatch"} <= (
        WORKLOADS
    )
    assert "kubernetes:core/v1:Service" not in WORKLOADS
    assert paths("kubernetes:core/v1:Service", {"spec": SPEC}) == []


@pytest.mark.parametrize("inputs", [{}, {"spec": None}, {"spec": {"replicas": 1}}, {"spec": {"template": {}}}])
def test_what_says_nothing_of_its_pods_has_none(inputs: dict[str, Any]) -> None:
    assert paths("kubernetes:apps/v1:Deployment", inputs) == []


@pytest.mark.parametrize(
    ("inputs", "value"),
    [
        ({"items": UNKNOWN}, UNKNOWN),
        ({"items": "text"}, MALFORMED),
        ({"items": {"spec": TEMPLATE["spec"]}}, MALFORMED),
        ({"items": [UNKNOWN]}, UNKNOWN),
        ({"items": [{"spec": "text"}]}, MALFORMED),
        ({"items": [{"spec": {"template": UNKNOWN}}]}, UNKNOWN),
    ],
)
def test_what_cannot_be_read_is_not_overlooked(inputs: dict[str, Any], value: object) -> None:
    ((pod),) = pods(Resource("urn", "kubernetes:apps/v1:DeploymentList", inputs), Settings())
    assert pod.spec.value is value
    assert [container.value for container in pod.containers] == [value] * 3


def test_all_three_kinds_of_containers_are_read() -> None:
    spec = {"containers": [{}, {}], "initContainers": [{}], "ephemeralContainers": UNKNOWN}
    (pod,) = pods(Resource("urn", "kubernetes:core/v1:Pod", {"spec": spec}), Settings())
    assert [container.path for container in pod.containers] == [
        "spec.containers[0]", "spec.containers[1]", "spec.initContainers[0]", "spec.ephemeralContainers",
    ]  # fmt: skip


def test_an_unknown_map_of_replicas_holds_unknown_pods() -> None:
    inputs = {"spec": {"pytorchReplicaSpecs": UNKNOWN}}
    (pod,) = pods(Resource("urn", "kubernetes:kubeflow.org/v1:PyTorchJob", inputs), Settings())
    assert pod.spec.unknown
    assert is_custom("kubernetes:kubeflow.org/v1:PyTorchJob", Settings())
    assert not is_custom("kubernetes:kubeflow.org/v1:Other", Settings())


def test_an_object_is_itself_and_a_list_its_items() -> None:
    assert [o.path for o in objects(Resource("urn", "kubernetes:core/v1:Namespace", {"metadata": {}}))] == [""]
    listed = Resource("urn", "kubernetes:core/v1:NamespaceList", {"items": [{}, {}]})
    assert [o.path for o in objects(listed)] == ["items[0]", "items[1]"]
