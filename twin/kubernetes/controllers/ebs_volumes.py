"""EBS volumes as the CSI driver asks EC2 for them: what CreateVolume is asked for a claim, and the PersistentVolume.

Source: aws-ebs-csi-driver, docs/parameters.md and docs/tagging.md; the Kubernetes API reference.
"""

import math
from collections.abc import Mapping
from typing import Any

from twin.kubernetes.controllers.addon_manifests import Manifest
from twin.kubernetes.quantities import quantity

DRIVER = "ebs.csi.aws.com"
ZONE = "topology.kubernetes.io/zone"
PROVISIONER_FINALIZER = "external-provisioner.volume.kubernetes.io/finalizer"
ATTACHER_FINALIZER = "external-attacher/ebs-csi-aws-com"
NAME_TAG = "CSIVolumeName"
"""Tag by which the driver finds a volume again that it made for the same claim."""
_GIB = 2**30
_IGNORED = {"csi.storage.k8s.io/fstype", "fstype", "fsType", "blockexpress", "allowautoiopsincreasing"}
"""Parameters of the file system, or of what EC2 does by itself."""
_FIELDS = {"iops": ("Iops", int), "throughput": ("Throughput", int), "kmskeyid": ("KmsKeyId", str)}


class ParameterError(ValueError):
    """A StorageClass asks for what the driver does not know."""


def gibibytes(written: str) -> int:
    """A quantity of Kubernetes in whole GiB, rounded up.

    >>> gibibytes("1500Mi"), gibibytes("10G"), gibibytes("1")
    (2, 10, 1)
    """
    return max(1, math.ceil(quantity(written) / _GIB))


def request(claim: Manifest, storage_class: Manifest, zone: str, cluster: str) -> dict[str, Any]:
    """The parameters of CreateVolume for a claim. Raises ParameterError for what the driver would refuse."""
    given = {key.lower(): value for key, value in (storage_class.get("parameters") or {}).items()}
    asked: dict[str, Any] = {
        "AvailabilityZone": zone,
        "Size": gibibytes(claim["spec"]["resources"]["requests"]["storage"]),
        "VolumeType": given.pop("type", "gp3"),
        "Encrypted": given.pop("encrypted", "false").lower() == "true",
        "TagSpecifications": [{"ResourceType": "volume", "Tags": _tags(claim, given, cluster)}],
    }
    for name, value in given.items():
        if name in _FIELDS:
            field, convert = _FIELDS[name]
            asked[field] = convert(value)
        elif name not in {each.lower() for each in _IGNORED} and not name.startswith("tagspecification"):
            raise ParameterError(f"Invalid parameter key {name} for CreateVolume")
    return asked


def volume_name(claim: Manifest) -> str:
    """The name of the PersistentVolume of a claim."""
    return f"pvc-{claim['metadata']['uid']}"


def _tags(claim: Manifest, parameters: Mapping[str, str], cluster: str) -> list[dict[str, str]]:
    name = volume_name(claim)
    tags = {
        NAME_TAG: name,
        "Name": f"{cluster}-dynamic-{name}",
        "KubernetesCluster": cluster,
        f"kubernetes.io/cluster/{cluster}": "owned",
        "ebs.csi.aws.com/cluster": "true",
        "kubernetes.io/created-for/pv/name": name,
        "kubernetes.io/created-for/pvc/name": claim["metadata"]["name"],
        "kubernetes.io/created-for/pvc/namespace": claim["metadata"]["namespace"],
    }
    for name, value in sorted(parameters.items()):
        if name.startswith("tagspecification"):
            key, _, text = value.partition("=")
            tags[key] = text
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def persistent_volume(claim: Manifest, storage_class: Manifest, volume: Mapping[str, Any]) -> Manifest:
    """The PersistentVolume of a volume that was made for a claim; it lives in the volume's zone alone."""
    parameters = storage_class.get("parameters") or {}
    metadata = claim["metadata"]
    zone = {"key": ZONE, "operator": "In", "values": [volume["AvailabilityZone"]]}
    spec: Manifest = {
        "accessModes": claim["spec"]["accessModes"],
        "capacity": {"storage": f"{volume['Size']}Gi"},
        "claimRef": {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "uid": metadata["uid"],
            "resourceVersion": metadata["resourceVersion"],
        },
        "csi": {
            "driver": DRIVER,
            "volumeHandle": volume["VolumeId"],
            "fsType": parameters.get("csi.storage.k8s.io/fstype", "ext4"),
        },
        "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [zone]}]}},
        "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy", "Delete"),
        "storageClassName": storage_class["metadata"]["name"],
        "volumeMode": claim["spec"].get("volumeMode", "Filesystem"),
    }
    if storage_class.get("mountOptions"):
        spec["mountOptions"] = storage_class["mountOptions"]
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {
            "name": volume_name(claim),
            "annotations": {"pv.kubernetes.io/provisioned-by": DRIVER},
            "finalizers": [PROVISIONER_FINALIZER],
        },
        "spec": spec,
    }
