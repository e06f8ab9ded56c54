"""Decides what all pods of the tracking server have in common, for each of them as it is registered."""

from collections.abc import Iterator
from typing import Any

import pulumi
import pytest

from components.registry.tracking_server import TrackingServer
from tests.support.recorder import Recorder, run_program
from tests.unit.registry.tracking import IMAGE, arguments

KNOWN = {
    "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "PGSSLMODE": "verify-full",
    "PGSSLROOTCERT": "/etc/groundwork/rds-ca.pem",
}
EXPECTED = {
    "bootstrap": "bootstrap",
    "migration": "migration",
    "access": "access",
    "rotation": "access",
    "tracking-server": "tracking-server",
}
"""By component the service account, and so the role."""


@pytest.fixture
def pods(recorder: Recorder) -> dict[str, Any]:
    """The templates of all pods by component."""
    run_program(lambda: TrackingServer("tracking-server", arguments(min_replicas=2, workers=4, memory_gib=4)))
    return dict(templates(recorder))


def templates(recorder: Recorder) -> Iterator[tuple[str, Any]]:
    for made in recorder.children():
        spec = made.inputs.get("spec") or {}
        spec = spec["jobTemplate"]["spec"] if "jobTemplate" in spec else spec
        if "template" in spec:
            yield spec["template"]["metadata"]["labels"]["app.kubernetes.io/component"], spec["template"]


def containers(template: Any) -> Iterator[Any]:
    yield from template["spec"]["containers"]
    yield from template["spec"].get("initContainers", ())


def test_each_pod_has_the_service_account_of_its_work(pods: dict[str, Any]) -> None:
    assert {component: pod["spec"]["serviceAccountName"] for component, pod in pods.items()} == EXPECTED


def test_no_pod_may_become_more_than_it_is(pods: dict[str, Any]) -> None:
    for template in pods.values():
        pod = template["spec"]
        assert pod["securityContext"] == {
            "runAsNonRoot": True,
            "runAsUser": 65532,
            "runAsGroup": 65532,
            "fsGroup": 65532,
            "seccompProfile": {"type": "RuntimeDefault"},
        }
        assert pod["automountServiceAccountToken"] is False
        assert not {"hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace"} & set(pod)
        for container in containers(template):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }


def test_what_is_mounted_is_written_to_only_where_it_is_the_pods_own(pods: dict[str, Any]) -> None:
    for template in pods.values():
        own = {volume["name"] for volume in template["spec"]["volumes"] if "emptyDir" in volume}
        assert {volume["name"] for volume in template["spec"]["volumes"]} >= {
            mount["name"] for container in containers(template) for mount in container["volumeMounts"]
        }
        for container in containers(template):
            for mount in container["volumeMounts"]:
                assert mount.get("readOnly") or mount["name"] in own, mount
        assert all(volume["emptyDir"]["sizeLimit"] for volume in template["spec"]["volumes"] if "emptyDir" in volume)


def test_every_container_asks_for_what_it_needs_and_has_a_limit(pods: dict[str, Any]) -> None:
    for template in pods.values():
        for container in containers(template):
            asked, limit = container["resources"]["requests"], container["resources"]["limits"]
            assert set(asked) == set(limit) == {"cpu", "memory"}
            assert asked["memory"] == limit["memory"], "a node would have to end it when others need memory"


def test_every_container_runs_the_image_by_digest_and_knows_where_it_is(pods: dict[str, Any]) -> None:
    for template in pods.values():
        for container in containers(template):
            assert container["image"] == IMAGE
            assert container["command"][0] == "groundwork-mlflow"
            known = {entry["name"]: entry.get("value") for entry in container["env"]}
            assert {name: known[name] for name in KNOWN} == KNOWN


def test_no_pod_is_told_a_secret_and_only_the_servers_has_its_file(pods: dict[str, Any]) -> None:
    for component, template in pods.items():
        for container in containers(template):
            for entry in container["env"]:
                assert "secretKeyRef" not in entry.get("valueFrom", {}), entry
                assert not any(word in entry["name"] for word in ("PASSWORD", "TOKEN", "_KEY")), entry
        mounted = [volume["csi"] for volume in template["spec"]["volumes"] if "csi" in volume]
        classes = [csi["volumeAttributes"]["secretProviderClass"] for csi in mounted]
        assert classes == (["tracking-server"] if component == "tracking-server" else [])


def test_the_database_is_found_by_a_config_map_since_nobody_knows_it_beforehand(pods: dict[str, Any]) -> None:
    referred = {
        component: {
            entry["valueFrom"]["configMapKeyRef"]["key"]
            for container in containers(template)
            for entry in container["env"]
            if "configMapKeyRef" in entry.get("valueFrom", {})
        }
        for component, template in pods.items()
    }
    assert referred == {
        "bootstrap": {"DATABASE_HOST", "DATABASE_PORT", "DATABASE_MASTER_SECRET_ARN"},
        "migration": {"MLFLOW_BACKEND_STORE_URI"},
        "tracking-server": {"MLFLOW_BACKEND_STORE_URI"},
        "access": set(),
        "rotation": set(),
    }


def test_pods_are_labelled_as_policies_and_services_know_them(pods: dict[str, Any]) -> None:
    assert {template["metadata"]["labels"]["app.kubernetes.io/name"] for template in pods.values()} == {"mlflow"}


def test_what_pods_mount_and_refer_to_is_made(recorder: Recorder) -> None:
    run_program(lambda: TrackingServer("tracking-server", arguments()))
    made = {
        made.inputs["metadata"]["name"]: made.inputs.get("data", {})
        for made in recorder.of_type("kubernetes:core/v1:ConfigMap")
    }
    for _, template in templates(recorder):
        for volume in template["spec"]["volumes"]:
            if "configMap" in volume:
                assert volume["configMap"]["name"] in made
        for container in containers(template):
            for entry in container["env"]:
                if reference := entry.get("valueFrom", {}).get("configMapKeyRef"):
                    assert reference["key"] in made[reference["name"]]


def test_another_database_rolls_the_servers_pods(recorder: Recorder) -> None:
    def annotation(address: str) -> str:
        def program() -> None:
            changed = {"database_address": pulumi.Output.from_input(address)}
            TrackingServer("tracking-server", arguments().model_copy(update=changed))

        run_program(program)
        made = [made for made in recorder.made if made.name == "tracking-server-deployment"][-1]
        found: str = made.inputs["spec"]["template"]["metadata"]["annotations"]["groundwork.io/database"]
        return found

    assert annotation("one.rds.example") == annotation("one.rds.example") != annotation("two.rds.example")
