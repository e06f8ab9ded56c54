"""What an EKS add-on consists of in the cluster: the objects of its version, with its configuration.

`workloads/<add-on>.yaml` holds the objects, with the names, labels, service accounts and tolerations of the real ones.
Here the version, the registry and what of `configurationValues` changes what is shown are put in; the whole of the
configuration stands in an annotation of each workload, so that what is not shown is at least recorded.

Source: EKS user guide, "AWS add-ons"; `aws eks describe-addon-configuration` names the fields of each.
"""

import copy
import functools
import json
from collections.abc import Mapping, Sequence
from string import Template
from typing import Any

import yaml

from twin.kubernetes.addon_health import WORKLOADS

Manifest = dict[str, Any]
CONFIGURATION = "groundwork.io/configuration-values"
"""Annotation of an add-on's workloads: its configurationValues, as they were given."""
_REGISTRY = "602401143452.dkr.ecr.{region}.amazonaws.com"
"""The account that EKS' own images come from, in most regions."""
_WORKLOADS = ("Deployment", "DaemonSet")
_OF_THE_POD = ("nodeSelector", "tolerations", "affinity", "topologySpreadConstraints", "priorityClassName")
_SYSTEM = "kube-system"
_CONTROLLER = {"aws-ebs-csi-driver": "controller"}
"""Add-on -> the field that the settings of its Deployment are under; elsewhere they are on top."""
_DEFAULT_STORAGE_CLASS: Manifest = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "StorageClass",
    "metadata": {
        "name": "ebs-csi-default-sc",
        "labels": {"app.kubernetes.io/name": "aws-ebs-csi-driver"},
        "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
    },
    "provisioner": "ebs.csi.aws.com",
    "volumeBindingMode": "WaitForFirstConsumer",
    "allowVolumeExpansion": True,
}


class ConfigurationError(ValueError):
    """The configurationValues of an add-on cannot be read."""


def manifests(addon: Mapping[str, Any], region: str, dns_address: str) -> list[Manifest]:
    """The objects of an add-on as DescribeAddon shows it, in the order in which they are to be made.

    `dns_address` is that of the cluster's DNS service.
    Raises ConfigurationError when its configurationValues are neither JSON nor YAML of an object.
    """
    name, version = addon["addonName"], addon.get("addonVersion") or "latest"
    namespace = addon.get("namespaceConfig", {}).get("namespace", _SYSTEM)
    values = configuration(addon)
    text = Template(_text(name)).substitute(
        version=version,
        registry=_REGISTRY.format(region=region),
        cluster=addon["clusterName"],
        dns_address=dns_address,
        namespace=namespace,
    )
    found: list[Manifest] = json.loads(json.dumps(yaml.safe_load(text)))  # anchors are shared objects: copies
    for manifest in found:
        manifest["metadata"]["labels"] |= {"app.kubernetes.io/version": version, "app.kubernetes.io/managed-by": "EKS"}
        if manifest["kind"] in _WORKLOADS:
            _configure(manifest, name, values)
            if addon.get("configurationValues"):
                manifest["metadata"]["annotations"] = {CONFIGURATION: addon["configurationValues"]}
    if name == "aws-ebs-csi-driver" and _is_on(values.get("defaultStorageClass", {}).get("enabled")):
        found.insert(0, copy.deepcopy(_DEFAULT_STORAGE_CLASS))
    if name == "aws-secrets-store-csi-driver-provider":
        _configure_secrets_store(found, values.get("secrets-store-csi-driver") or {})
    if namespace != _SYSTEM:
        labels = {"app.kubernetes.io/name": name}
        found.insert(0, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}})
    return found


def configuration(addon: Mapping[str, Any]) -> Mapping[str, Any]:
    """The configurationValues, read: they are JSON or YAML, as a text."""
    try:
        values = yaml.safe_load(addon.get("configurationValues") or "{}")
    except yaml.YAMLError as error:
        raise ConfigurationError(f"ConfigurationValues of {addon['addonName']} cannot be read: {error}") from None
    if not isinstance(values, dict):
        raise ConfigurationError(f"ConfigurationValues of {addon['addonName']} are not an object")
    return values


def _configure(manifest: Manifest, addon: str, values: Mapping[str, Any]) -> None:
    pod = manifest["spec"]["template"]["spec"]
    main = pod["containers"][0]
    of_deployment = values.get(_CONTROLLER[addon], {}) if addon in _CONTROLLER else values
    if manifest["kind"] == "Deployment":
        settings = of_deployment
        for replicas in ("replicaCount", "replicas"):
            if settings.get(replicas) is not None:
                manifest["spec"]["replicas"] = int(settings[replicas])
    else:
        settings = values.get("node", {}) if addon in _CONTROLLER else values
    pod |= {field: settings[field] for field in _OF_THE_POD if settings.get(field) is not None}
    if settings.get("resources"):
        main["resources"] = settings["resources"]
    if settings.get("env"):
        main["env"] = [{"name": name, "value": str(value)} for name, value in sorted(settings["env"].items())]
    if addon == "vpc-cni" and _is_on(values.get("enableNetworkPolicy")):
        agent = pod["containers"][1]
        agent["args"] = [each.replace("network-policy=false", "network-policy=true") for each in agent["args"]]


def _configure_secrets_store(found: Sequence[Manifest], values: Mapping[str, Any]) -> None:
    """The settings of the driver, which has its own in those of its provider."""
    by_kind = {(each["kind"], each["metadata"]["name"]): each for each in found}
    by_kind["CSIDriver", "secrets-store.csi.k8s.io"]["spec"]["tokenRequests"] = list(values.get("tokenRequests") or ())
    pod = by_kind["DaemonSet", "secrets-store-csi-driver"]["spec"]["template"]["spec"]
    # Those on top are the provider's.
    pod.pop("tolerations", None)
    if values.get("tolerations") is not None:
        pod["tolerations"] = values["tolerations"]
    driver = pod["containers"][0]
    if _is_on(values.get("enableSecretRotation")):
        driver["args"] = [each.replace("rotation=false", "rotation=true") for each in driver["args"]]
        driver["args"].append(f"--rotation-poll-interval={values.get('rotationPollInterval') or '2m'}")


def _is_on(value: object) -> bool:
    """The schema of vpc-cni wants the text "true"; people write the boolean."""
    return str(value).lower() == "true"


@functools.cache
def _text(addon: str) -> str:
    return (WORKLOADS / f"{addon}.yaml").read_text()


def workloads(objects: Sequence[Manifest]) -> list[Manifest]:
    """Those of the objects that run pods."""
    return [each for each in objects if each["kind"] in _WORKLOADS]
