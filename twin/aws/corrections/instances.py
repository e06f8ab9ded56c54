"""EC2: instances as Auto Scaling starts them: in the zone of their subnet, with the disk and tags of their template.

ministack 1.5.33 puts every instance into the region's first zone, with an address of no subnet and a root volume of
8 GiB that stays for ever. Only instances of Auto Scaling groups are corrected.

Source: Amazon EC2 API reference, Instance, Volume, TerminateInstances; user guide, "Instance hostname types".
"""

import ipaddress
import re

from twin.aws.corrections.emulator import Emulator
from twin.aws.corrections.engine import Correction, Exchange
from twin.aws.corrections.memory import Memory
from twin.aws.corrections.remembered import Fields, given
from twin.aws.corrections.wire import AwsError

_KIND, _VOLUME = "instance", "instance-volume"
_IMAGE = "ami-0000000000000000e"
"""What a node group's instances start from when the launch template names no image: EKS chooses it."""
_RESERVED = 4
"""AWS keeps the first four addresses of a subnet, and the last. Source: VPC user guide, "Subnet CIDR blocks"."""


async def subnets(emulator: Emulator, subnet_ids: list[str]) -> list[Fields]:
    """The subnets, in the order given.

    Raises:
        AwsError: one of them does not exist.
    """
    found = (await emulator.call("ec2", "DescribeSubnets"))["Subnets"]
    there = {subnet["SubnetId"]: subnet for subnet in found}
    for subnet_id in subnet_ids:
        if subnet_id not in there:
            raise AwsError("InvalidSubnetID.NotFound", f"The subnet ID '{subnet_id}' does not exist")
    return [there[subnet_id] for subnet_id in subnet_ids]


async def launch(
    emulator: Emulator,
    memory: Memory,
    *,
    subnet: Fields,
    instance_type: str,
    template: Fields,
    tags: Fields,
    spot: bool,
) -> str:
    """Start one instance; `template` is a launch template's data, `tags` go over the template's own.

    Returns:
        Its id.
    """
    own = {spec["ResourceType"]: _pairs(spec.get("Tags", [])) for spec in template.get("TagSpecifications", [])}
    interfaces = template.get("NetworkInterfaces") or [{}]
    groups = template.get("SecurityGroupIds") or interfaces[0].get("Groups")
    asked = {
        "ImageId": template.get("ImageId", _IMAGE),
        "InstanceType": instance_type,
        "SubnetId": subnet["SubnetId"],
        "TagSpecifications": [{"ResourceType": "instance", "Tags": _as_tags(own.get("instance", {}) | tags)}],
        **({"SecurityGroupIds": groups} if groups else {}),
        **given(template, "UserData", "KeyName", "IamInstanceProfile"),
    }
    started = await emulator.call("ec2", "RunInstances", MinCount=1, MaxCount=1, **asked)
    instance_id: str = started["Instances"][0]["InstanceId"]
    volume_id = started["Instances"][0]["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    scope = f"{emulator.account}/{emulator.region}"
    disk: Fields = next((one for one in template.get("BlockDeviceMappings", []) if one.get("Ebs")), {})
    shown = _placed(emulator, memory, instance_id, subnet, instance_type) | {
        "MetadataOptions": {"State": "applied", "HttpEndpoint": "enabled"} | template.get("MetadataOptions", {}),
        **({"InstanceLifecycle": "spot"} if spot else {}),
    }
    if reservation := (template.get("CapacityReservationSpecification") or {}).get("CapacityReservationTarget"):
        shown |= given(reservation, "CapacityReservationId")
    memory.shelf(_KIND).put(scope, instance_id, shown)
    memory.shelf(_VOLUME).put(scope, volume_id, _volume(disk, subnet) | {"InstanceId": instance_id})
    if volume_tags := own.get("volume"):
        await emulator.call("ec2", "CreateTags", Resources=[volume_id], Tags=_as_tags(volume_tags))
    return instance_id


def _placed(emulator: Emulator, memory: Memory, instance_id: str, subnet: Fields, instance_type: str) -> Fields:
    """Where it is: the zone of the subnet, and one of the subnet's addresses that is free."""
    of_all = memory.shelf(_KIND).of_scope(f"{emulator.account}/{emulator.region}").values()
    taken = {one["PrivateIpAddress"] for one in of_all if one["SubnetId"] == subnet["SubnetId"]}
    hosts = list(ipaddress.ip_network(subnet["CidrBlock"]))[_RESERVED:-1]
    # Anywhere in the subnet, as on AWS: an address that was just given back is a Node's name for a while yet.
    begin = int(instance_id.removeprefix("i-"), 16) % len(hosts)
    address = next((str(host) for host in (*hosts[begin:], *hosts[:begin]) if str(host) not in taken), None)
    if address is None:
        message = f"There are not enough free addresses in subnet '{subnet['SubnetId']}' to satisfy the request."
        raise AwsError("InsufficientFreeAddressesInSubnet", message)
    return {
        "SubnetId": subnet["SubnetId"],
        "VpcId": subnet["VpcId"],
        "Placement": {"AvailabilityZone": subnet["AvailabilityZone"], "Tenancy": "default"},
        "PrivateIpAddress": address,
        "PrivateDnsName": f"ip-{address.replace('.', '-')}.{emulator.region}.compute.internal",
        "PublicIpAddress": None,
        "PublicDnsName": "",
        # Graviton families have a `g` after their number (`t4g`, `g5g`, `c7gn`).
        "Architecture": "arm64" if re.match(r"[a-z]+\d+g[a-z]*\.", instance_type) else "x86_64",
    }


def _volume(disk: Fields, subnet: Fields) -> Fields:
    ebs = disk.get("Ebs", {})
    told = {"Size": ebs.get("VolumeSize", 20), "AvailabilityZone": subnet["AvailabilityZone"], "Encrypted": False}
    goes_along = {"along": ebs.get("DeleteOnTermination", True)}
    return told | given(ebs, "Encrypted", "KmsKeyId", "VolumeType", "Iops", "Throughput") | goes_along


async def terminate(emulator: Emulator, memory: Memory, instance_id: str) -> None:
    """End an instance; one that has ended already is no error."""
    try:
        await emulator.call("ec2", "TerminateInstances", InstanceIds=[instance_id])
    except AwsError as error:
        if not error.says("InvalidInstanceID.NotFound"):
            raise
    await forget(emulator, memory, instance_id)


async def forget(emulator: Emulator, memory: Memory, instance_id: str) -> None:
    """An instance has ended: its own disk goes along, the others that were attached to it are free."""
    scope, shelf = f"{emulator.account}/{emulator.region}", memory.shelf(_VOLUME)
    for volume in (await emulator.call("ec2", "DescribeVolumes"))["Volumes"]:
        if instance_id not in {attachment["InstanceId"] for attachment in volume.get("Attachments", [])}:
            continue
        await emulator.call("ec2", "DetachVolume", VolumeId=volume["VolumeId"])
        own = shelf.get(scope, volume["VolumeId"]) or {}
        shelf.forget(scope, volume["VolumeId"])
        if own.get("along"):
            await emulator.call("ec2", "DeleteVolume", VolumeId=volume["VolumeId"])
    memory.shelf(_KIND).forget(scope, instance_id)


def _pairs(tags: list[Fields]) -> Fields:
    return {tag["Key"]: tag["Value"] for tag in tags}


def _as_tags(tags: Fields) -> list[Fields]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


async def _show_instances(exchange: Exchange) -> None:
    for reservation in exchange.answer["Reservations"]:
        for instance in reservation["Instances"]:
            instance |= exchange.shelf(_KIND).get(exchange.scope, instance["InstanceId"]) or {}


async def _show_volumes(exchange: Exchange) -> None:
    for volume in exchange.answer["Volumes"]:
        volume |= exchange.shelf(_VOLUME).get(exchange.scope, volume["VolumeId"]) or {}


CORRECTIONS = (
    Correction("ec2", ("DescribeInstances",), after=_show_instances),
    Correction("ec2", ("DescribeVolumes",), after=_show_volumes),
)
