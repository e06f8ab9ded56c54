"""Decides what EC2 is asked for a claim, and what the PersistentVolume of a volume says."""

from typing import Any

import pytest

from twin.kubernetes.controllers.ebs_volumes import ParameterError, persistent_volume, request

CLAIM: dict[str, Any] = {
    "metadata": {"name": "data", "namespace": "team", "uid": "u1", "resourceVersion": "7"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1500Mi"}}},
}


def storage_class(**parameters: str) -> dict[str, Any]:
    return {"metadata": {"name": "fast"}, "reclaimPolicy": "Retain", "parameters": parameters}


def asked(**parameters: str) -> dict[str, Any]:
    return request(CLAIM, storage_class(**parameters), "eu-west-1a", "groundwork-dev")


def test_a_claim_asks_for_whole_gibibytes_of_gp3_in_the_zone() -> None:
    found = asked()
    assert (found["Size"], found["VolumeType"], found["AvailabilityZone"]) == (2, "gp3", "eu-west-1a")
    assert found["Encrypted"] is False


def test_the_storage_class_decides_type_speed_and_key_whatever_the_case() -> None:
    found = asked(type="io2", encrypted="true", kmsKeyId="key", iops="4000", throughput="250")
    chosen = {name: found[name] for name in ("VolumeType", "Encrypted", "KmsKeyId", "Iops", "Throughput")}
    assert chosen == {"VolumeType": "io2", "Encrypted": True, "KmsKeyId": "key", "Iops": 4000, "Throughput": 250}


def test_the_tags_say_whose_volume_it_is() -> None:
    tags = {
        each["Key"]: each["Value"] for each in asked(tagSpecification_1="team=vision")["TagSpecifications"][0]["Tags"]
    }
    assert tags["CSIVolumeName"] == "pvc-u1"
    assert tags["kubernetes.io/created-for/pvc/namespace"] == "team"
    assert tags["kubernetes.io/cluster/groundwork-dev"] == "owned"
    assert tags["ebs.csi.aws.com/cluster"] == "true"
    assert tags["team"] == "vision"


def test_a_parameter_that_the_driver_does_not_know_is_refused() -> None:
    with pytest.raises(ParameterError, match="colour"):
        asked(colour="blue")


def test_a_volume_is_of_its_zone_and_kept_as_its_class_says() -> None:
    made = persistent_volume(CLAIM, storage_class(), {"VolumeId": "vol-1", "Size": 2, "AvailabilityZone": "eu-west-1b"})
    (term,) = made["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"]
    assert term["matchExpressions"][0]["values"] == ["eu-west-1b"]
    assert made["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
    assert made["spec"]["claimRef"]["uid"] == "u1"
    assert made["spec"]["capacity"] == {"storage": "2Gi"}
