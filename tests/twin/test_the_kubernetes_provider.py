"""The twin's Kubernetes provider under the real engine, on a real API server."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support import control_plane
from tests.support.control_plane import ControlPlane
from tests.support.engine import Engine
from twin.kubernetes.client import Client

HEAD = """\
import pulumi
from pulumi import ResourceOptions
from pulumi_kubernetes import Provider, admissionregistration, apiextensions, apps, batch, core, meta, networking
from pulumi_kubernetes import policy, rbac, scheduling, storage
from pulumi_kubernetes.helm.v3 import Release, ReleaseArgs

cluster = Provider("cluster", kubeconfig={kubeconfig!r}{{settings}})
trust = {{trust!r}}


def on(*parents, **options):
    return ResourceOptions(provider=cluster, depends_on=list(parents), **options)


"""


@dataclass(frozen=True)
class Stage:
    """A control plane, the engine with its program, and an administrator to look with."""

    plane: ControlPlane
    engine: Engine
    api: Client


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("kubernetes")
    with control_plane.running(folder / "plane") as plane:
        head = HEAD.format(kubeconfig=json.dumps(plane.kubeconfig()).replace("{", "{{").replace("}", "}}"))
        engine = Engine.make(folder / "project", head)
        try:
            yield Stage(plane, engine, plane.client())
        finally:
            engine.project.stop()


@pytest.fixture(autouse=True)
def nothing_left(stage: Stage) -> Iterator[None]:
    yield
    stage.engine.up("")


TWENTY = """
space = core.v1.Namespace("space", metadata={"name": "team-vision", "labels": {"team": "vision"}}, opts=on())
inside = {"namespace": space.metadata.name}
core.v1.ConfigMap("settings", metadata=inside, data={"a": "1"}, opts=on())
core.v1.Secret("password", metadata=inside, string_data={"password": "hunter2"}, opts=on())
account = core.v1.ServiceAccount("robot", metadata=inside, opts=on())
core.v1.LimitRange(
    "limits", metadata=inside, spec={"limits": [{"type": "Container", "default": {"cpu": "1000m"}}]}, opts=on()
)
core.v1.ResourceQuota("quota", metadata=inside, spec={"hard": {"pods": "50", "requests.cpu": "32"}}, opts=on())
core.v1.Service("door", metadata=inside, spec={"ports": [{"port": 80}], "cluster_ip": "None"}, opts=on())
role = rbac.v1.Role(
    "reader", metadata=inside, rules=[{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}], opts=on()
)
rbac.v1.RoleBinding(
    "reads",
    metadata=inside,
    role_ref={"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role.metadata.name},
    subjects=[{"kind": "Group", "name": "groundwork:team:vision:data-scientist"}],
    opts=on(),
)
wide = rbac.v1.ClusterRole("wide", rules=[{"apiGroups": [""], "resources": ["nodes"], "verbs": ["list"]}], opts=on())
rbac.v1.ClusterRoleBinding(
    "widely",
    role_ref={"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": wide.metadata.name},
    subjects=[{"kind": "Group", "name": "groundwork:auditor"}],
    opts=on(),
)
networking.v1.NetworkPolicy(
    "deny", metadata=inside, spec={"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}, opts=on()
)
networking.v1.IngressClass("class", spec={"controller": "example.com/none"}, opts=on())
policy.v1.PodDisruptionBudget(
    "budget", metadata=inside, spec={"minAvailable": 1, "selector": {"matchLabels": {"a": "b"}}}, opts=on()
)
scheduling.v1.PriorityClass("urgent", value=1000, opts=on())
storage.v1.StorageClass(
    "fast",
    provisioner="ebs.csi.aws.com",
    parameters={"type": "gp3"},
    volume_binding_mode="WaitForFirstConsumer",
    opts=on(),
)
core.v1.PersistentVolumeClaim(
    "data",
    metadata=inside,
    spec={
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "later",
        "resources": {"requests": {"storage": "1Gi"}},
    },
    opts=on(
        storage.v1.StorageClass(
            "later",
            metadata={"name": "later"},
            provisioner="x",
            volume_binding_mode="WaitForFirstConsumer",
            opts=on(),
        )
    ),
)
container = {"name": "main", "image": "registry.example/app@sha256:" + "0" * 64}
apps.v1.Deployment(
    "web",
    metadata=inside,
    spec={
        "replicas": 0,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}},
    },
    opts=on(),
)
batch.v1.CronJob(
    "nightly",
    metadata=inside,
    spec={
        "schedule": "0 3 * * *",
        "jobTemplate": {"spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [container]}}}},
    },
    opts=on(),
)
judge = admissionregistration.v1.ValidatingAdmissionPolicy(
    "judge",
    metadata={"name": "no-forbidden-words"},
    spec={
        "matchConstraints": {
            "resourceRules": [
                {
                    "apiGroups": [""],
                    "apiVersions": ["v1"],
                    "operations": ["CREATE", "UPDATE"],
                    "resources": ["configmaps"],
                }
            ]
        },
        "validations": [
            {
                "expression": "!has(object.data) || !('forbidden' in object.data)",
                "message": "the word is forbidden here",
            }
        ],
    },
    opts=on(),
)
admissionregistration.v1.ValidatingAdmissionPolicyBinding(
    "judges", spec={"policyName": judge.metadata.name, "validationActions": ["Deny"]}, opts=on()
)
definition = apiextensions.v1.CustomResourceDefinition(
    "widgets",
    metadata={"name": "widgets.example.com"},
    spec={
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"plural": "widgets", "singular": "widget", "kind": "Widget"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {"spec": {"type": "object", "x_kubernetes_preserve_unknown_fields": True}},
                    }
                },
            }
        ],
    },
    opts=on(),
)
apiextensions.CustomResource(
    "widget", api_version="example.com/v1", kind="Widget", metadata=inside, spec={"size": 3}, opts=on(definition)
)
"""


def named(stage: Stage, name: str) -> dict[str, Any]:
    """The outputs of a resource in the state."""
    found: dict[str, Any] = stage.engine.state()[name]["outputs"]
    return found


def live(stage: Stage, api_version: str, kind: str, name: str) -> dict[str, Any]:
    """The object behind a resource."""
    metadata = named(stage, name)["metadata"]
    found = stage.api.get(api_version, kind, metadata["name"], metadata.get("namespace"))
    assert found is not None
    return found


def test_twenty_kinds_live_from_create_to_delete(stage: Stage) -> None:
    done = stage.engine.up(TWENTY)
    assert len(done) == 26  # with the stack and the provider
    assert {step for step, _ in done} == {"create"}
    stage.engine.no_change()
    assert stage.engine.up(TWENTY) == []
    stage.engine.pulumi("refresh", "--yes", "--skip-preview")
    stage.engine.no_change()

    changed = TWENTY.replace('"pods": "50"', '"pods": "60"').replace('{"size": 3}', '{"size": 4}')
    assert sorted(stage.engine.up(changed)) == [("update", "quota"), ("update", "widget")]
    assert live(stage, "v1", "ResourceQuota", "quota")["spec"]["hard"] == {"pods": "60", "requests.cpu": "32"}
    assert live(stage, "example.com/v1", "Widget", "widget")["spec"] == {"size": 4}

    stage.engine.up("")
    assert stage.api.get("v1", "Namespace", "team-vision") is None
    assert stage.api.list("apiextensions.k8s.io/v1", "CustomResourceDefinition") == []
