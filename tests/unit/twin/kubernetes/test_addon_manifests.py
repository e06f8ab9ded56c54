"""Decides what the objects of an add-on are, for any cluster; not whether an API server takes them."""

import json
from typing import Any

import pytest

from twin.kubernetes.addon_health import KNOWN
from twin.kubernetes.controllers.addon_manifests import (
    CONFIGURATION,
    ConfigurationError,
    Manifest,
    manifests,
    workloads,
)


def made(name: str, values: str = "") -> list[Manifest]:
    addon = {
        "addonName": name,
        "clusterName": "groundwork-dev",
        "addonVersion": "v1.2.3-eksbuild.4",
        "configurationValues": values,
    }
    return manifests(addon, "eu-west-1", "172.20.0.10")


def the(kind: str, objects: list[Manifest]) -> Manifest:
    (found,) = [each for each in objects if each["kind"] == kind]
    return found


def containers(workload: Manifest) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = workload["spec"]["template"]["spec"]["containers"]
    return found


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_every_object_bears_the_version_and_every_image_too(name: str) -> None:
    objects = made(name)
    assert workloads(objects)
    for each in objects:
        assert each["metadata"]["labels"]["app.kubernetes.io/version"] == "v1.2.3-eksbuild.4"
        assert each["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "EKS"
    for workload in workloads(objects):
        for container in containers(workload):
            assert container["image"].startswith("602401143452.dkr.ecr.eu-west-1.amazonaws.com/")
            assert container["image"].endswith(":v1.2.3-eksbuild.4")


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_service_accounts_that_pods_use_are_there(name: str) -> None:
    objects = made(name)
    there = {each["metadata"]["name"] for each in objects if each["kind"] == "ServiceAccount"}
    used = {each["spec"]["template"]["spec"].get("serviceAccountName") for each in workloads(objects)} - {None}
    assert used <= there


@pytest.mark.parametrize("name", ["vpc-cni", "kube-proxy", "eks-pod-identity-agent", "aws-ebs-csi-driver"])
def test_what_every_node_needs_tolerates_every_taint(name: str) -> None:
    daemon = the("DaemonSet", made(name))
    assert daemon["spec"]["template"]["spec"]["tolerations"] == [{"operator": "Exists"}]


@pytest.mark.parametrize(
    ("values", "argument"),
    [
        pytest.param("", "--enable-network-policy=false", id="off"),
        pytest.param('{"enableNetworkPolicy": "true"}', "--enable-network-policy=true", id="on, as a text"),
        pytest.param("enableNetworkPolicy: true", "--enable-network-policy=true", id="on, in YAML"),
    ],
)
def test_network_policies_are_enforced_where_they_are_asked_for(values: str, argument: str) -> None:
    daemon = the("DaemonSet", made("vpc-cni", values))
    assert argument in containers(daemon)[1]["args"]


def test_configuration_changes_replicas_and_resources_and_is_recorded() -> None:
    values = '{"replicaCount": 3, "resources": {"requests": {"cpu": "1"}}, "corefile": "."}'
    deployment = the("Deployment", made("coredns", values))
    assert deployment["spec"]["replicas"] == 3
    assert containers(deployment)[0]["resources"] == {"requests": {"cpu": "1"}}
    assert deployment["metadata"]["annotations"] == {CONFIGURATION: values}


def test_the_secrets_store_keeps_apart_the_settings_of_driver_and_provider() -> None:
    values = {
        "tolerations": [{"key": "a"}],
        "secrets-store-csi-driver": {
            "tolerations": [{"key": "b"}],
            "enableSecretRotation": True,
            "rotationPollInterval": "5m",
            "tokenRequests": [{"audience": "x"}],
        },
    }
    name = "aws-secrets-store-csi-driver-provider"
    objects = made(name, json.dumps(values))
    daemons = {each["metadata"]["name"]: each["spec"]["template"]["spec"] for each in workloads(objects)}
    assert daemons[name]["tolerations"] == [{"key": "a"}]
    driver = daemons["secrets-store-csi-driver"]
    assert driver["tolerations"] == [{"key": "b"}]
    assert {"--enable-secret-rotation=true", "--rotation-poll-interval=5m"} <= set(driver["containers"][0]["args"])
    assert the("CSIDriver", objects)["spec"]["tokenRequests"] == [{"audience": "x"}]
    plain = {each["metadata"]["name"]: each["spec"]["template"]["spec"] for each in workloads(made(name))}
    assert "tolerations" not in plain["secrets-store-csi-driver"]
    assert "--enable-secret-rotation=false" in plain["secrets-store-csi-driver"]["containers"][0]["args"]


def test_an_add_on_of_another_namespace_brings_it_along() -> None:
    addon = {
        "addonName": "aws-secrets-store-csi-driver-provider",
        "clusterName": "groundwork-dev",
        "namespaceConfig": {"namespace": "aws-secrets-manager"},
    }
    objects = manifests(addon, "eu-west-1", "172.20.0.10")
    assert objects[0]["kind"] == "Namespace"
    assert {each["metadata"].get("namespace", "aws-secrets-manager") for each in objects} == {"aws-secrets-manager"}
    assert not [each for each in made("aws-secrets-store-csi-driver-provider") if each["kind"] == "Namespace"]


def test_the_csi_driver_keeps_apart_the_settings_of_controller_and_node() -> None:
    objects = made("aws-ebs-csi-driver", '{"controller": {"replicaCount": 1, "nodeSelector": {"a": "b"}}}')
    assert the("Deployment", objects)["spec"]["replicas"] == 1
    assert the("Deployment", objects)["spec"]["template"]["spec"]["nodeSelector"] == {"a": "b"}
    assert the("DaemonSet", objects)["spec"]["template"]["spec"]["nodeSelector"] == {"kubernetes.io/os": "linux"}


def test_the_default_storage_class_is_there_on_request() -> None:
    assert not [each for each in made("aws-ebs-csi-driver") if each["kind"] == "StorageClass"]
    assert the("StorageClass", made("aws-ebs-csi-driver", '{"defaultStorageClass": {"enabled": true}}'))


def test_one_call_leaves_the_objects_of_the_next_alone() -> None:
    made("coredns")[-1]["spec"]["replicas"] = 9
    assert the("Deployment", made("coredns"))["spec"]["replicas"] == 2


def test_the_dns_service_has_the_address_that_is_asked_for() -> None:
    assert the("Service", made("coredns"))["spec"]["clusterIP"] == "172.20.0.10"


@pytest.mark.parametrize("values", ["[1]", "{", "text"])
def test_configuration_that_is_no_object_is_refused(values: str) -> None:
    with pytest.raises(ConfigurationError, match="coredns"):
        made("coredns", values)
