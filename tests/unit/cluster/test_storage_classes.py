"""Decides what volumes are made of, not whether EBS makes them."""

from typing import Any

import pulumi
import pytest

from components.cluster.storage_classes import StorageClasses, StorageClassesArgs, StorageClassesSettings
from tests.support.recorder import ACCOUNT_ID, REGION, Recorder, run_program

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/confidential"


def build(**settings: Any) -> None:
    args = StorageClassesArgs(
        settings=StorageClassesSettings.model_validate(settings), key_arn=pulumi.Output.from_input(KEY)
    )
    run_program(lambda: StorageClasses("storage", args))


def test_the_default_class_is_encrypted_with_the_wired_key(recorder: Recorder) -> None:
    build()
    made = recorder.one("storage-gp3").inputs
    assert made["parameters"] == {"type": "gp3", "encrypted": "true", "kmsKeyId": KEY}
    assert made["metadata"]["annotations"] == {"storageclass.kubernetes.io/is-default-class": "true"}
    assert made["provisioner"] == "ebs.csi.aws.com"


def test_a_volume_is_made_where_its_pod_is_and_may_grow(recorder: Recorder) -> None:
    build()
    made = recorder.one("storage-gp3").inputs
    assert made["volumeBindingMode"] == "WaitForFirstConsumer"
    assert made["allowVolumeExpansion"] is True


@pytest.mark.parametrize("policy", ["Delete", "Retain"])
def test_volumes_and_snapshots_stay_or_go_as_the_environment_says(recorder: Recorder, policy: str) -> None:
    build(reclaim_policy=policy)
    assert recorder.one("storage-gp3").inputs["reclaimPolicy"] == policy
    assert recorder.one("storage-snapshots").inputs["deletionPolicy"] == policy


def test_they_stay_unless_somebody_decides_otherwise(recorder: Recorder) -> None:
    build()
    assert recorder.one("storage-gp3").inputs["reclaimPolicy"] == "Retain"


def test_the_snapshot_class_is_the_api_servers_own_kind(recorder: Recorder) -> None:
    build()
    made = recorder.one("storage-snapshots")
    assert made.typ == "kubernetes:snapshot.storage.k8s.io/v1:VolumeSnapshotClass"
    assert (made.inputs["apiVersion"], made.inputs["kind"]) == ("snapshot.storage.k8s.io/v1", "VolumeSnapshotClass")
    assert made.inputs["driver"] == "ebs.csi.aws.com"
