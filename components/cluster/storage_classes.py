"""Where volumes come from: encrypted EBS volumes with our key, made in the zone of the pod that first uses them.

Owns the default StorageClass and the class of snapshots; not the CSI driver, the snapshot controller or the key.

Source: EBS CSI driver, "StorageClass Parameters"; Kubernetes documentation, "Storage Classes", "Volume Snapshot
        Classes".
Errors: pydantic.ValidationError naming the field, before anything is registered.
"""

from typing import Literal, TypeAlias

import pulumi
from pulumi_kubernetes.storage import v1 as storage
from pydantic import Field

from components.labels import labels
from components.model import Model, Wire

DRIVER = "ebs.csi.aws.com"
STORAGE_CLASS = "gp3-encrypted"
SNAPSHOT_CLASS = "ebs-snapshots"
ReclaimPolicy: TypeAlias = Literal["Delete", "Retain"]


class StorageClassesSettings(Model):
    """What the stack file says about volumes."""

    reclaim_policy: ReclaimPolicy = Field(default="Retain", examples=["Delete"])
    """Delete: a volume and its snapshots go with their claim. Retain: they stay in the account until an administrator
    deletes them."""


class StorageClassesArgs(Model):
    """What the classes are wired to."""

    settings: StorageClassesSettings = StorageClassesSettings()
    """What the stack file says."""
    key_arn: Wire
    """The customer managed key of volumes."""


class VolumeSnapshotClass(pulumi.CustomResource):
    """The default class of snapshots: the SDK has no type for it, and for custom resources one that has only a spec."""

    def __init__(self, name: str, deletion_policy: ReclaimPolicy, opts: pulumi.ResourceOptions) -> None:
        properties = {
            "apiVersion": "snapshot.storage.k8s.io/v1",
            "kind": "VolumeSnapshotClass",
            "metadata": {
                "name": SNAPSHOT_CLASS,
                "labels": labels(SNAPSHOT_CLASS, "storage"),
                "annotations": {"snapshot.storage.kubernetes.io/is-default-class": "true"},
            },
            "driver": DRIVER,
            "deletionPolicy": deletion_policy,
        }
        super().__init__("kubernetes:snapshot.storage.k8s.io/v1:VolumeSnapshotClass", name, properties, opts)


class StorageClasses(pulumi.ComponentResource):
    """The default class of volumes and the class of their snapshots."""

    def __init__(self, name: str, args: StorageClassesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:cluster:StorageClasses", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        storage.StorageClass(
            f"{name}-gp3",
            metadata={
                "name": STORAGE_CLASS,
                "labels": labels(STORAGE_CLASS, "storage"),
                "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
            },
            provisioner=DRIVER,
            parameters={"type": "gp3", "encrypted": "true", "kmsKeyId": args.key_arn},
            volume_binding_mode="WaitForFirstConsumer",
            allow_volume_expansion=True,
            reclaim_policy=args.settings.reclaim_policy,
            opts=child,
        )
        VolumeSnapshotClass(f"{name}-snapshots", args.settings.reclaim_policy, child)
        self.register_outputs({})
