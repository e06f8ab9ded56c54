"""Whether a real API server refuses, and allows, what the program's own objects and docs/identities.md say.

The objects are those that the program registers, put in as they are: an admission policy that does not compile, or that
fails on some pod and so blocks every one, shows here (anchors 4.1, MP group 2).
"""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.teams.matrix import kubernetes_expectations
from stacks.identities import identities, namespaces
from stacks.settings import parse_settings
from tests.support import control_plane
from tests.support.program import record
from tests.support.project import CLONE
from tests.support.stack_files import written
from tests.support.waiting import eventually
from twin.kubernetes.client import ApiError, Client

NAMESPACE = "team-vision"
IMAGE = f"000000000000.dkr.ecr.eu-west-1.amazonaws.com/groundwork-dev-training@sha256:{'a' * 64}"
KINDS = (
    "Namespace",
    "ServiceAccount",
    "LimitRange",
    "NetworkPolicy",
    "PriorityClass",
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
)
EXAMPLES = sorted((CLONE / "examples").rglob("*job.yaml"))
TOLERATION = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
LIMITS = {"cpu": "1", "memory": "1Gi"}
SIZES = {"requests": LIMITS, "limits": LIMITS}
CONTEXT = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
LEVEL = "pod-security.kubernetes.io/enforce"
Change = dict[str, Any]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder: Path = tmp_path_factory.mktemp("refusals")
    with control_plane.running(folder, controllers=False) as plane:
        client = plane.client()
        made = [made.inputs for made in record("dev").children() if made.typ.startswith("kubernetes:")]
        for kind in KINDS:
            for manifest in made:
                if manifest["kind"] == kind:
                    client.apply(manifest, manager="test")
        _until_admission_is_in_force(client)
        yield client


def _until_admission_is_in_force(client: Client) -> None:
    """An API server learns of a new policy by watching: ask until each of them refuses."""
    for kind in ("Pod", "Job", "Deployment", "PodTemplate", "CronJob"):
        refused = partial(refusal, client, kind, {"image": "nginx"}, {})
        eventually(lambda ask=refused: "denied request" in str(ask()), f"a policy refuses a {kind}")  # type: ignore[misc]
    eventually(lambda: "denied request" in str(refused_namespace(client)), "a policy refuses a namespace")


def pod(container: Change, specification: Change) -> dict[str, Any]:
    good = {
        "name": "main",
        "image": IMAGE,
        "resources": SIZES,
        "securityContext": CONTEXT,
    }
    return {
        "restartPolicy": "Never",
        "serviceAccountName": "training",
        "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [{key: value for key, value in (good | container).items() if value is not None}],
    } | specification


def manifest_of(kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": "one", "namespace": NAMESPACE}
    if kind == "Pod":
        return {"apiVersion": "v1", "kind": kind, "metadata": metadata, "spec": spec}
    template = {"metadata": {"labels": {"app": "one"}}, "spec": spec}
    if kind == "CronJob":
        job = {"spec": {"template": template}}
        return {
            "apiVersion": "batch/v1",
            "kind": kind,
            "metadata": metadata,
            "spec": {"schedule": "0 0 * * *", "jobTemplate": job},
        }
    if kind == "PodTemplate":
        return {"apiVersion": "v1", "kind": kind, "metadata": metadata, "template": template}
    if kind == "Job":
        return {"apiVersion": "batch/v1", "kind": kind, "metadata": metadata, "spec": {"template": template}}
    always = template | {"spec": spec | {"restartPolicy": "Always"}}
    selector = {"matchLabels": {"app": "one"}}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": metadata,
        "spec": {"selector": selector, "template": always},
    }


def refusal(api: Client, kind: str, container: Change, specification: Change) -> str | None:
    try:
        api.create(manifest_of(kind, pod(container, specification)), dry_run=True)
    except ApiError as error:
        return str(error)
    return None


FIRST = {
    "name": "first",
    "image": "nginx",
    "resources": SIZES,
    "securityContext": CONTEXT,
}
GPU = {"resources": {"requests": LIMITS, "limits": LIMITS | {"nvidia.com/gpu": "1"}}}
GOOD: list[tuple[str, Change, Change]] = [
    ("plain", {}, {}),
    ("gpu", GPU, {"tolerations": [TOLERATION]}),
]
BAD: list[tuple[str, Change, Change, str]] = [
    ("tag", {"image": IMAGE.split("@")[0] + ":v1"}, {}, "image of container main"),
    ("another-registry", {"image": f"docker.io/library/nginx@sha256:{'a' * 64}"}, {}, "NAME@sha256:DIGEST"),
    ("lookalike-registry", {"image": IMAGE.replace(".com/", ".com.evil.org/")}, {}, "image of container main"),
    ("init", {}, {"initContainers": [FIRST]}, "image of container first (nginx)"),
    ("writable", {"securityContext": CONTEXT | {"readOnlyRootFilesystem": False}}, {}, "POD-10: "),
    ("secret", {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}}]}, {}, "POD-12: "),
    ("idle", {}, {"tolerations": [TOLERATION]}, "asks for no GPU"),
    ("tolerates-all", {}, {"tolerations": [{"operator": "Exists"}]}, "asks for no GPU"),
]


@pytest.mark.parametrize("kind", ["Pod", "Job", "Deployment", "PodTemplate", "CronJob"])
@pytest.mark.parametrize(("container", "specification"), [pytest.param(*case[1:], id=case[0]) for case in GOOD])
def test_mp_group_2_a_rule_that_fails_on_what_meets_it_would_block_every_deployment(
    api: Client, kind: str, container: Change, specification: Change
) -> None:
    assert refusal(api, kind, container, specification) is None


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.parent.name)
def test_the_jobs_of_the_examples_and_their_pods_are_admitted(api: Client, example: Path) -> None:
    job = yaml.safe_load(example.read_text())
    job["metadata"]["namespace"] = NAMESPACE
    api.create(job, dry_run=True)
    api.create(manifest_of("Pod", job["spec"]["template"]["spec"]), dry_run=True)


@pytest.mark.parametrize("kind", ["Pod", "Job", "Deployment", "PodTemplate", "CronJob"])
@pytest.mark.parametrize(("container", "specification", "said"), [pytest.param(*case[1:], id=case[0]) for case in BAD])
def test_what_breaks_a_rule_is_refused_with_the_reason_at_once(
    api: Client, kind: str, container: Change, specification: Change, said: str
) -> None:
    found = refusal(api, kind, container, specification)
    assert found is not None
    assert said in found


@pytest.mark.parametrize("kind", ["Job", "Deployment", "CronJob"])
def test_a_template_without_limits_or_with_an_intolerant_gpu_is_refused(api: Client, kind: str) -> None:
    unlimited = {"resources": {"requests": LIMITS, "limits": {"memory": "1Gi"}}}
    assert "POD-11: resources of container main" in str(refusal(api, kind, {"resources": None}, {}))
    assert "container main has no limit of cpu or of memory" in str(refusal(api, kind, unlimited, {}))
    assert "container main asks for nvidia.com/gpu" in str(refusal(api, kind, GPU, {}))


@pytest.mark.parametrize(
    ("container", "specification", "said"),
    [
        ({"resources": None}, {}, "No limit is specified"),
        ({"securityContext": {"privileged": True}}, {}, "privileged"),
        ({}, {"volumes": [{"name": "host", "hostPath": {"path": "/"}}]}, "hostPath"),
        ({}, {"securityContext": {"runAsUser": 0, "seccompProfile": {"type": "RuntimeDefault"}}}, "runAsNonRoot"),
        ({"resources": {"limits": {"cpu": "33", "memory": "1Gi"}}}, {}, "maximum cpu usage per Pod is 32"),
    ],
    ids=["no-limits", "privileged", "host-path", "root", "larger-than-the-quota"],
)
def test_what_pod_security_and_the_limits_refuse(
    api: Client, container: Change, specification: Change, said: str
) -> None:
    assert said in str(refusal(api, "Pod", container, specification))


def test_what_was_there_before_the_rules_can_still_go(api: Client) -> None:
    """A controller takes its finalizer off a pod: an update that leaves the specification as it is."""
    manifest = manifest_of("Pod", pod({}, {}))
    manifest["metadata"]["finalizers"] = ["groundwork.io/test"]
    api.create(manifest)
    freed = api.patch("v1", "Pod", "one", NAMESPACE, {"metadata": {"finalizers": None}})
    assert not freed["metadata"].get("finalizers")
    other = [{"op": "replace", "path": "/spec/containers/0/image", "value": "nginx"}]
    with pytest.raises(ApiError, match="image of container main"):
        api.patch("v1", "Pod", "one", NAMESPACE, other, strategy="json")
    api.delete("v1", "Pod", "one", NAMESPACE, gracePeriodSeconds=0)


def namespace(**labels: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "somebodys", "labels": labels}}


def refused_namespace(api: Client) -> str | None:
    """What is said of a namespace without a level."""
    try:
        api.create(namespace(), dry_run=True)
    except ApiError as error:
        return str(error)
    return None


@pytest.mark.parametrize("level", [None, "baseline", "privileged"])
def test_a_namespace_that_holds_its_pods_to_less_is_refused_to_everybody(api: Client, level: str | None) -> None:
    label = {} if level is None else {LEVEL: level}
    with pytest.raises(ApiError, match="POD-13: label"):
        api.create(namespace(**label), dry_run=True)


def test_a_namespace_keeps_its_level_and_those_of_the_api_server_are_left_to_it(api: Client) -> None:
    api.create(namespace(**{LEVEL: "restricted"}))
    api.patch("v1", "Namespace", "somebodys", None, {"metadata": {"labels": {"other": "label"}}})
    with pytest.raises(ApiError, match="POD-13: label"):
        api.patch("v1", "Namespace", "somebodys", None, {"metadata": {"labels": {LEVEL: None}}})
    api.patch("v1", "Namespace", "kube-system", None, {"metadata": {"labels": {"other": "label"}}})


def test_a_container_that_is_added_to_look_into_a_pod_is_judged_as_the_others_are(api: Client) -> None:
    api.create(manifest_of("Pod", pod({}, {})) | {"metadata": {"name": "looked-into", "namespace": NAMESPACE}})

    def add(context: Change) -> None:
        added = [{"name": "debug", "image": IMAGE, "securityContext": context}]
        change = [{"op": "add", "path": "/spec/ephemeralContainers", "value": added}]
        place = ("v1", "Pod", "looked-into", NAMESPACE)
        api.patch(*place, change, subresource="ephemeralcontainers", strategy="json")

    with pytest.raises(ApiError, match="POD-10: files of the image of container debug"):
        add({**CONTEXT, "readOnlyRootFilesystem": False})
    add(CONTEXT)
    api.delete("v1", "Pod", "looked-into", NAMESPACE, gracePeriodSeconds=0)


def test_every_identity_is_allowed_and_refused_what_the_table_says(api: Client) -> None:
    settings = parse_settings(json.dumps(written("dev")), stack="dev", allow_placeholders=True)
    wrong = []
    for expected in kubernetes_expectations(identities(settings), namespaces(settings)):
        subject, action = expected.identity.subject, expected.action
        if subject is None:
            continue
        resource, _, subresource = action.resource.partition("/")
        account = subject.startswith("system:serviceaccount:")
        review = api.create(
            {
                "apiVersion": "authorization.k8s.io/v1",
                "kind": "SubjectAccessReview",
                "metadata": {},
                "spec": {
                    "user": subject if account else "somebody",
                    "groups": ["system:authenticated"] if account else ["system:authenticated", subject],
                    "resourceAttributes": {
                        "verb": action.verb,
                        "group": action.group,
                        "resource": resource,
                        "subresource": subresource,
                        "namespace": expected.namespace or "",
                    },
                },
            }
        )
        if review["status"].get("allowed", False) is not expected.allowed:
            wrong.append((expected.identity.name, action, expected.namespace))
    assert not wrong
