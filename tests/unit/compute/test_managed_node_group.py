"""Decides what a group and its template ask for, whichever pool it belongs to."""

from typing import Any

from components.compute.managed_node_group import ManagedNodeGroup, ManagedNodeGroupArgs, Taint, autoscaler_tags
from tests.support.recorder import Recorder, run_program
from tests.unit.compute.support import KEY, place


def arguments(**changes: Any) -> ManagedNodeGroupArgs:
    return ManagedNodeGroupArgs.model_validate(
        {
            "place": place(),
            "pool": "system",
            "ami_type": "AL2023_ARM_64_STANDARD",
            "instance_types": ("t4g.large",),
            "capacity_type": "ON_DEMAND",
            "min_size": 2,
            "max_size": 4,
            "volume_size_gib": 50,
            "labels": {"groundwork.io/node-pool": "system"},
        }
        | changes
    )


def build(**changes: Any) -> ManagedNodeGroup:
    return run_program(lambda: ManagedNodeGroup("system-group", arguments(**changes)))


def template(recorder: Recorder) -> dict[str, Any]:
    return recorder.one("system-group-template").inputs


def group(recorder: Recorder) -> dict[str, Any]:
    return recorder.one("system-group-nodes").inputs


def test_the_metadata_service_asks_for_a_token_and_is_out_of_reach_of_pods(recorder: Recorder) -> None:
    build()
    assert template(recorder)["metadataOptions"] == {
        "httpEndpoint": "enabled",
        "httpTokens": "required",
        "httpPutResponseHopLimit": 1,
        "instanceMetadataTags": "disabled",
    }


def test_volumes_are_encrypted_with_the_key_that_was_wired_in(recorder: Recorder) -> None:
    build()
    (mapping,) = template(recorder)["blockDeviceMappings"]
    assert mapping["deviceName"] == "/dev/xvda"
    assert (mapping["ebs"]["encrypted"], mapping["ebs"]["kmsKeyId"]) == ("true", KEY)
    assert (mapping["ebs"]["volumeType"], mapping["ebs"]["volumeSize"]) == ("gp3", 50)


def test_there_is_no_ssh_and_no_public_address(recorder: Recorder) -> None:
    build()
    assert not {"keyName", "networkInterfaces"} & set(template(recorder))
    assert "remoteAccess" not in group(recorder)
    assert group(recorder)["subnetIds"] == ["subnet-a", "subnet-b"]


def test_new_machines_and_their_volumes_bear_the_tags_that_the_provider_does_not_put_on(recorder: Recorder) -> None:
    build()
    tagged = {found["resourceType"]: found["tags"] for found in template(recorder)["tagSpecifications"]}
    assert set(tagged) == {"instance", "volume", "network-interface"}
    assert all(tags == {"managed-by": "groundwork", "Name": "dev-system-group"} for tags in tagged.values())


def test_the_number_of_nodes_is_set_once_and_then_the_autoscalers(recorder: Recorder) -> None:
    build()
    assert group(recorder)["scalingConfig"] == {"minSize": 2, "maxSize": 4, "desiredSize": 2}
    assert list(recorder.requests["system-group-nodes"].ignoreChanges) == ["scalingConfig.desiredSize"]


def test_a_group_that_must_be_replaced_can_stand_beside_its_successor(recorder: Recorder) -> None:
    build()
    assert "nodeGroupName" not in group(recorder)


def test_an_autoscaler_finds_the_group_and_knows_its_nodes_while_there_are_none(recorder: Recorder) -> None:
    gpu = Taint(key="nvidia.com/gpu", value="present", effect="NoSchedule")
    build(taints={"gpu": gpu}, resources={"nvidia.com/gpu": "4"})
    tags = {
        made.inputs["tag"]["key"]: made.inputs["tag"]["value"]
        for made in recorder.of_type("aws:autoscaling/tag:Tag")
        if made.inputs["autoscalingGroupName"] == "eks-nodes-1"
    }
    assert tags == {
        "k8s.io/cluster-autoscaler/enabled": "true",
        "k8s.io/cluster-autoscaler/groundwork-dev": "owned",
        "k8s.io/cluster-autoscaler/node-template/label/groundwork.io/node-pool": "system",
        "k8s.io/cluster-autoscaler/node-template/taint/nvidia.com/gpu": "present:NoSchedule",
        "k8s.io/cluster-autoscaler/node-template/resources/nvidia.com/gpu": "4",
    }
    assert group(recorder)["taints"] == [{"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}]


def test_the_tags_are_known_before_anything_is_made() -> None:
    assert all(isinstance(part, str) for pair in autoscaler_tags(arguments()).values() for part in pair)


def test_a_reservation_is_named_in_the_template(recorder: Recorder) -> None:
    build(capacity_reservation_id="cr-0123456789abcdef0")
    assert template(recorder)["capacityReservationSpecification"] == {
        "capacityReservationTarget": {"capacityReservationId": "cr-0123456789abcdef0"}
    }
    assert "instanceMarketOptions" not in template(recorder)


def test_a_capacity_block_is_a_market_of_its_own(recorder: Recorder) -> None:
    build(capacity_type="CAPACITY_BLOCK", capacity_reservation_id="cr-0123456789abcdef0")
    assert template(recorder)["instanceMarketOptions"] == {"marketType": "capacity-block"}
    assert group(recorder)["capacityType"] == "CAPACITY_BLOCK"
