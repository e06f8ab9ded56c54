"""Where a search domain is: its subnets, groups and zones, which ministack 1.5.33 makes up.

Source: Amazon OpenSearch Service API reference, VPCOptions, VPCDerivedInfo; developer guide, "Launching your domains
within a VPC" (as many subnets as zones).
"""

from typing import Any

from twin.aws.corrections.emulator import Emulator
from twin.aws.corrections.remembered import Fields
from twin.aws.corrections.wire import AwsError, Parameters


async def vpc_options(emulator: Emulator, given: Parameters) -> Fields:
    """What AWS tells of where a domain is. Errors: AwsError for a subnet or a group that is not there."""
    subnets = await _found(emulator, "DescribeSubnets", "SubnetIds", given.get("SubnetIds") or [])
    groups = given.get("SecurityGroupIds") or []
    await _found(emulator, "DescribeSecurityGroups", "GroupIds", groups)
    return {
        "SubnetIds": [subnet["SubnetId"] for subnet in subnets],
        "SecurityGroupIds": list(groups),
        "VPCId": subnets[0]["VpcId"],
        "AvailabilityZones": sorted({subnet["AvailabilityZone"] for subnet in subnets}),
    }


async def check_place(emulator: Emulator, options: Fields) -> None:
    """Refuse what does not go together: zones, nodes and subnets."""
    cluster, place = options.get("ClusterConfig") or {}, options.get("VPCOptions")
    zones = 1
    if cluster.get("ZoneAwarenessEnabled"):
        zones = (cluster.get("ZoneAwarenessConfig") or {}).get("AvailabilityZoneCount", 2)
        if zones not in (2, 3):
            raise AwsError("ValidationException", "The number of Availability Zones must be 2 or 3.")
        if cluster.get("InstanceCount", 1) < zones:
            message = f"You must choose a minimum of {zones} data nodes for a {zones} Availability Zone deployment."
            raise AwsError("ValidationException", message)
    if not place:
        return
    if len(place.get("SubnetIds") or ()) != zones:
        message = f"You must specify exactly {zones} subnets because you've set zone count to {zones}."
        raise AwsError("ValidationException", message)
    found = await vpc_options(emulator, place)
    if len(found["AvailabilityZones"]) != zones:
        raise AwsError("ValidationException", "The subnets must be in different Availability Zones.")


async def _found(emulator: Emulator, operation: str, parameter: str, ids: list[str]) -> list[dict[str, Any]]:
    try:
        told = await emulator.call("ec2", operation, **{parameter: ids}) if ids else {}
    except AwsError as error:
        if error.code.endswith((".NotFound", ".Malformed")):
            raise AwsError("ValidationException", error.message) from error
        raise
    return [*(told.get("Subnets") or told.get("SecurityGroups") or ())]
