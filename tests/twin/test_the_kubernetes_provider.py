"""The twin's Kubernetes provider under the real engine, on a real API server."""

import json
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support import control_plane
from tests.support.control_plane import ControlPlane
from tests.support.engine import Engine, steps
from tests.support.waiting import eventually
from twin.kubernetes.client import ApiError, Client
from twin.providers.kubernetes.find import find
from twin.providers.kubernetes.objects import manager

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


JUDGE = """
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
"""
LATER = """
later = storage.v1.StorageClass(
    "later", metadata={"name": "later"}, provisioner="x", volume_binding_mode="WaitForFirstConsumer", opts=on()
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
    done = stage.engine.up(TWENTY + JUDGE)
    assert len({name for _, name in done} - {"cluster", "groundwork-dev"}) == 24  # less the provider and the stack
    assert {step for step, _ in done} == {"create"}
    stage.engine.no_change()
    assert stage.engine.up(TWENTY + JUDGE) == []
    stage.engine.pulumi("refresh", "--yes", "--skip-preview")
    stage.engine.no_change()

    changed = (TWENTY + JUDGE).replace('"pods": "50"', '"pods": "60"').replace('{"size": 3}', '{"size": 4}')
    assert sorted(stage.engine.up(changed)) == [("update", "quota"), ("update", "widget")]
    assert live(stage, "v1", "ResourceQuota", "quota")["spec"]["hard"] == {"pods": "60", "requests.cpu": "32"}
    assert live(stage, "example.com/v1", "Widget", "widget")["spec"] == {"size": 4}

    stage.engine.up("")
    assert stage.api.get("v1", "Namespace", "team-vision") is None
    assert stage.api.list("apiextensions.k8s.io/v1", "CustomResourceDefinition") == []


def test_a_change_that_cannot_be_made_in_place_makes_a_new_object(stage: Stage) -> None:
    program = """
core.v1.ConfigMap("autonamed", data={{"a": "1"}}, opts=on())
core.v1.Service("door", metadata={{"name": "door"}}, spec={{"ports": [{{"port": 80}}]}}, opts=on())
core.v1.PersistentVolumeClaim(
    "data", metadata={{"name": "data"}},
    spec={{"accessModes": ["ReadWriteOnce"], "storageClassName": later.metadata.name,
          "resources": {{"requests": {{"storage": "1Gi"}}}}, "volumeMode": "{mode}"}}, opts=on(),
)
"""
    first = LATER + program.format(mode="Filesystem")
    stage.engine.up(first)
    before = named(stage, "autonamed")["metadata"]
    assert before["name"].startswith("autonamed-")

    second = LATER + program.format(mode="Block").replace('"a": "1"', '"a": "2"')
    second = second.replace('{"ports"', '{"cluster_ip": "None", "ports"')
    done = stage.engine.up(second)
    # The new ConfigMap first; what keeps its name is deleted first. Of volumeMode only the API server says so.
    assert [step for step, name in done if name == "autonamed"] == ["create-replacement", "replace", "delete-replaced"]
    assert [step for step, name in done if name == "door"] == ["delete-replaced", "replace", "create-replacement"]
    assert [step for step, name in done if name == "data"] == ["delete-replaced", "replace", "create-replacement"]
    assert live(stage, "v1", "ConfigMap", "autonamed")["data"] == {"a": "2"}
    assert stage.api.get("v1", "ConfigMap", before["name"]) is None
    assert live(stage, "v1", "Service", "door")["spec"]["clusterIP"] == "None"
    assert live(stage, "v1", "PersistentVolumeClaim", "data")["spec"]["volumeMode"] == "Block"
    stage.engine.no_change()


def test_another_managers_field_is_left_to_it_unless_it_is_taken_over(stage: Stage) -> None:
    program = 'core.v1.ConfigMap("shared", metadata={"name": "shared"%s}, data={"a": "%s"}, opts=on())'
    settings = "enable_config_map_mutable=True"
    stage.engine.up(program % ("", "1"), settings)
    theirs = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "shared"}, "data": {"a": "theirs"}}
    stage.api.apply(theirs, manager="their-controller", force=True)

    stage.engine.declare(program % ("", "2"), settings)
    refused = stage.engine.pulumi("up", "--yes", "--skip-preview", check=False)
    assert refused.returncode
    assert '.data.a: conflict with "their-controller"' in refused.stdout
    assert "pulumi.com/patchForce" in refused.stdout
    assert stage.api.get("v1", "ConfigMap", "shared")["data"] == {"a": "theirs"}  # type: ignore[index]

    forced = ', "annotations": {"pulumi.com/patchForce": "true"}'
    assert stage.engine.up(program % (forced, "2"), settings) == [("update", "shared")]
    assert stage.api.get("v1", "ConfigMap", "shared")["data"] == {"a": "2"}  # type: ignore[index]


def test_an_object_that_is_there_already_is_not_written_to(stage: Stage) -> None:
    theirs = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "theirs"}, "data": {"a": "theirs"}}
    stage.api.apply(theirs, manager="their-controller")
    try:
        stage.engine.declare('core.v1.ConfigMap("theirs", metadata={"name": "theirs"}, data={"b": "1"}, opts=on())')
        refused = stage.engine.pulumi("up", "--yes", "--skip-preview", check=False)
        assert refused.returncode
        assert "ConfigMap default/theirs cannot be created: it already exists" in refused.stdout
        assert stage.api.get("v1", "ConfigMap", "theirs")["data"] == {"a": "theirs"}  # type: ignore[index]
    finally:
        stage.api.delete("v1", "ConfigMap", "theirs")


def test_a_refusal_is_said_in_the_api_servers_words_before_anything_is_made(stage: Stage) -> None:
    stage.engine.up(JUDGE)
    eventually(lambda: refuses_the_word(stage), "the API server, which reads its policies anew every second, judges")
    words = stage.engine.refused(JUDGE + 'core.v1.ConfigMap("bad", data={"forbidden": "x"}, opts=on())')
    assert "ValidatingAdmissionPolicy 'no-forbidden-words' with binding" in words
    assert "denied request: the word is forbidden here" in words

    words = stage.engine.refused('core.v1.ServiceAccount("odd", metadata={"name": "Not Allowed"}, opts=on())')
    assert "a lowercase RFC 1123 subdomain must consist of" in words
    words = stage.engine.refused(
        'apiextensions.CustomResource("odd", api_version="apps/v1", kind="Deployment", spec={"sizze": 1}, opts=on())'
    )
    assert ".spec.sizze: field not declared in schema" in words


def refuses_the_word(stage: Stage) -> bool:
    """Whether JUDGE is in force."""
    forbidden = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "bad"}, "data": {"forbidden": "x"}}
    try:
        stage.api.create(forbidden, dry_run=True)
    except ApiError as error:
        return "the word is forbidden here" in error.message
    return False


def test_a_deletion_that_a_finalizer_holds_says_which(stage: Stage) -> None:
    program = """
core.v1.ConfigMap(
    "held", metadata={"name": "held", "finalizers": ["example.com/hold"]}, data={"a": "1"},
    opts=on(custom_timeouts={"delete": "2s"}),
)
"""
    stage.engine.up(program)
    stage.engine.declare("")
    refused = stage.engine.pulumi("up", "--yes", "--skip-preview", check=False)
    assert refused.returncode
    assert "ConfigMap default/held is not gone after 2 s: held by the finalizers example.com/hold" in refused.stdout
    stage.api.patch("v1", "ConfigMap", "held", "default", {"metadata": {"finalizers": None}})


def test_an_object_is_imported_and_then_managed(stage: Stage) -> None:
    theirs = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "old"}, "spec": {"ports": [{"port": 80}]}}
    stage.api.create(theirs, manager="kubectl-create")
    program = 'core.v1.Service("old", metadata={"name": "old"%s}, spec={"ports": [{"port": 80}]}, opts=on(%s))'
    done = stage.engine.up(program % ("", 'import_="default/old"'))
    assert ("import", "old") in done
    stage.engine.no_change()
    assert stage.engine.up(program % (', "labels": {"a": "b"}', "")) == [("update", "old")]
    assert live(stage, "v1", "Service", "old")["metadata"]["labels"] == {"a": "b"}


def test_a_refresh_shows_what_others_changed_and_up_puts_it_right(stage: Stage) -> None:
    program = """
core.v1.ResourceQuota("quota", metadata={"name": "quota"}, spec={"hard": {"requests.cpu": "1000m"}}, opts=on())
core.v1.Secret("password", metadata={"name": "password"}, string_data={"password": "hunter2"}, opts=on())
core.v1.ConfigMap("gone", metadata={"name": "gone"}, opts=on())
"""
    settings = "enable_secret_mutable=True"
    stage.engine.up(program, settings)
    stage.engine.no_change()  # although the API server writes 1 for 1000m
    changed = {"spec": {"hard": {"requests.cpu": "7"}}}
    stage.api.patch("v1", "ResourceQuota", "quota", "default", changed, manager="kubectl-edit")
    secret = {"stringData": {"password": "guessed"}}
    stage.api.patch("v1", "Secret", "password", "default", secret, manager="kubectl-edit")
    stage.api.delete("v1", "ConfigMap", "gone")

    stage.engine.no_change()  # only a refresh looks
    stage.engine.pulumi("refresh", "--yes", "--skip-preview")
    done = stage.engine.up(program, settings)
    assert sorted(done) == [("create", "gone"), ("update", "password"), ("update", "quota")]
    assert live(stage, "v1", "ResourceQuota", "quota")["spec"]["hard"] == {"requests.cpu": "1"}
    assert live(stage, "v1", "Secret", "password")["data"] == {"password": "aHVudGVyMg=="}
    stage.engine.pulumi("refresh", "--yes", "--skip-preview")
    stage.engine.no_change()


def test_secrets_are_only_in_the_cluster(stage: Stage) -> None:
    stage.engine.up("""
core.v1.Secret("password", string_data={"password": "hunter2"}, opts=on())
core.v1.ConfigMap("partly", data={"open": "yes", "hidden": pulumi.Output.secret("hunter3")}, opts=on())
""")
    exported = stage.engine.pulumi("stack", "export").stdout
    assert "hunter2" not in exported
    assert "aHVudGVyMg==" not in exported
    assert "hunter3" not in exported
    assert named(stage, "partly")["data"]["open"] == "yes"
    assert live(stage, "v1", "Secret", "password")["data"] == {"password": "aHVudGVyMg=="}


def test_an_up_that_is_stopped_while_it_waits_records_what_is_there(stage: Stage) -> None:
    program = """
apps.v1.Deployment(
    "web", metadata={"name": "web"},
    spec={"replicas": 1, "selector": {"matchLabels": {"app": "web"}},
          "template": {"metadata": {"labels": {"app": "web"}},
                       "spec": {"containers": [{"name": "main", "image": "registry.example/app:1"}]}}},
    opts=on(),
)
"""
    stage.engine.declare(program)
    running, log = stage.engine.begin_up()
    while ("create", "web") not in steps(log) or stage.api.get("apps/v1", "Deployment", "web") is None:
        assert running.poll() is None
        time.sleep(0.1)
    running.send_signal(signal.SIGINT)
    assert running.wait(60)
    said = log.with_suffix(".out").read_text()
    assert "Deployment default/web was created, but is not ready" in said
    recorded = stage.engine.state()["web"]
    assert recorded["id"] == "default/web"
    assert recorded["initErrors"]

    done = stage.engine.up(program.replace('"replicas": 1', '"replicas": 0'))
    assert done == [("update", "web")]
    assert "initErrors" not in stage.engine.state()["web"]


def test_what_a_killed_up_made_is_found_again(stage: Stage) -> None:
    urn = "urn:pulumi:dev::groundwork::kubernetes:core/v1:ConfigMap::lost"
    program = 'core.v1.ConfigMap("lost", metadata={"name": "lost"}, data={"a": "1"}, opts=on())'
    made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "lost"}, "data": {"a": "1"}}
    stage.api.apply(made, manager=manager(urn, made))  # by an `up` that could not write it down
    assert stage.engine.up(program)[-1] == ("create", "lost")

    provider = {"kubeconfig": json.dumps(stage.plane.kubeconfig())}
    assert find(urn, "kubernetes:core/v1:ConfigMap", made, provider, {}) == "default/lost"
    assert find(urn + "-2", "kubernetes:core/v1:ConfigMap", made, provider, {}) is None
    assert find(urn, "kubernetes:core/v1:ConfigMap", made, provider, {}, frozenset(["default/lost"])) is None


def test_a_kubeconfig_with_an_exec_plugin(stage: Stage, tmp_path: Path) -> None:
    token = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {"token": stage.plane.token},
    }
    plugin = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": sys.executable,
        "args": [
            "-c",
            f"import os; open({str(tmp_path / 'runs')!r}, 'a').write(os.environ['WHO']); print({json.dumps(token)!r})",
        ],
        "env": [{"name": "WHO", "value": "x"}],
        "interactiveMode": "Never",
    }
    config = json.dumps(stage.plane.kubeconfig(exec=plugin))
    stage.engine.up(f"""
other = Provider("other", kubeconfig={config!r})
core.v1.ConfigMap("made", opts=ResourceOptions(provider=other))
core.v1.ConfigMap("made-too", opts=ResourceOptions(provider=other))
""")
    assert (tmp_path / "runs").read_text() == "x"  # once for the whole run


def test_what_is_not_known_before_the_cluster_is_there(stage: Stage) -> None:
    config = json.dumps(stage.plane.kubeconfig())
    program = f"""
first = core.v1.ConfigMap("first", opts=on())
later = Provider("later", kubeconfig=first.metadata.uid.apply(lambda _: {config!r}))
space = core.v1.Namespace("space", opts=ResourceOptions(provider=later))
core.v1.ConfigMap("inside", metadata={{"namespace": space.metadata.name}}, opts=ResourceOptions(provider=later))
"""
    stage.engine.declare(program)
    stage.engine.pulumi("preview")
    made = {name for step, name in stage.engine.up(program) if step == "create"}
    assert made - {"cluster", "groundwork-dev"} == {"first", "later", "space", "inside"}  # less what may be there
    stage.engine.no_change()


def test_a_chart_is_recorded_and_said_to_be_unrendered(stage: Stage) -> None:
    program = 'Release("chart", ReleaseArgs(chart="metrics-server", version="%s", namespace="kube-system"), on())'
    assert "is a range; pin the chart to one version" in stage.engine.refused(program % "3.x")
    stage.engine.declare(program % "3.13.0")
    said = stage.engine.pulumi("up", "--yes", "--skip-preview").stdout
    assert "metrics-server, version 3.13.0, is recorded and not rendered" in said
    assert named(stage, "chart")["status"]["status"] == "not-rendered"
    stage.engine.no_change()


def test_part_of_an_object_is_managed_by_a_patch_resource(stage: Stage) -> None:
    theirs = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "theirs"}, "data": {"a": "theirs"}}
    stage.api.apply(theirs, manager="their-controller")
    try:
        stage.engine.up('core.v1.ConfigMapPatch("part", metadata={"name": "theirs"}, data={"b": "ours"}, opts=on())')
        assert stage.api.get("v1", "ConfigMap", "theirs")["data"] == {"a": "theirs", "b": "ours"}  # type: ignore[index]
        stage.engine.up("")
        assert stage.api.get("v1", "ConfigMap", "theirs")["data"] == {"a": "theirs"}  # type: ignore[index]
    finally:
        stage.api.delete("v1", "ConfigMap", "theirs")
