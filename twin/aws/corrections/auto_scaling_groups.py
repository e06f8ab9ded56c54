"""Auto Scaling groups that hold instances: as many as are desired, spread over the zones of their subnets.

ministack 1.5.33 keeps a group's sizes; its instances are numbers without an instance behind them. Here each is one of
EC2's. The sizes stay the emulator's, what else a group has is remembered: its zones, its instances, its tags.

Source: Amazon EC2 Auto Scaling API reference, AutoScalingGroup; user guide, "How Amazon EC2 Auto Scaling balances",
"Default termination policy".
"""

import asyncio
import datetime
import uuid
from typing import Any

from twin.aws.corrections import instances
from twin.aws.corrections.emulator import Emulator
from twin.aws.corrections.launch_templates import launch_template_data
from twin.aws.corrections.memory import Memory
from twin.aws.corrections.remembered import Fields, given
from twin.aws.corrections.wire import AwsError

KIND = "auto-scaling-group"
_REMEMBERED = ("LaunchTemplate", "MixedInstancesPolicy", "NewInstancesProtectedFromScaleIn", "CapacityRebalance")


class AutoScalingGroups:
    """All groups of the twin. Each operation names the account and region by its `Emulator`."""

    def __init__(self) -> None:
        self._locks: dict[str, asyncio.Lock] = {}

    async def describe(self, emulator: Emulator, memory: Memory, name: str) -> Fields:
        """The group with its sizes, as it is shown.

        Raises:
            AwsError: there is no such group.
        """
        found = await emulator.call("autoscaling", "DescribeAutoScalingGroups", AutoScalingGroupNames=[name])
        if not found["AutoScalingGroups"]:
            message = f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found"
            raise AwsError("ValidationError", message)
        group: Fields = found["AutoScalingGroups"][0]
        return self.shown(emulator, memory, group)

    def shown(self, emulator: Emulator, memory: Memory, group: Fields) -> Fields:
        """A group of the emulator's with what is remembered of it."""
        known = memory.shelf(KIND).get(_scope(emulator), group["AutoScalingGroupName"])
        return group | (known or {})

    async def check(self, emulator: Emulator, asked: Fields) -> None:
        """Whether a group can be made or changed as asked.

        Raises:
            AwsError: a subnet or launch template that does not exist, sizes that contradict each other.
        """
        least, most = asked.get("MinSize", 0), asked.get("MaxSize", 0)
        if least > most:
            raise AwsError("ValidationError", f"Max bound, {most}, must be greater than or equal to min bound, {least}")
        desired = asked.get("DesiredCapacity")
        if desired is not None and not least <= desired <= most:
            message = f"Desired capacity:{desired} must be between the specified min size:{least} and max size:{most}"
            raise AwsError("ValidationError", message)
        try:
            await instances.subnets(emulator, _subnet_ids(asked))
        except AwsError as error:
            raise AwsError("ValidationError", error.message) from error

    async def remember(self, emulator: Emulator, memory: Memory, asked: Fields) -> None:
        """Keep what a request said of a group that the emulator now has, and give it the instances it wants."""
        name = asked["AutoScalingGroupName"]
        group = await self.describe(emulator, memory, name)
        shelf = memory.shelf(KIND)
        known = shelf.get(_scope(emulator), name) or {"Instances": [], "Tags": group.get("Tags", [])}
        known |= given(asked, *_REMEMBERED)
        if template := asked.get("LaunchTemplate"):
            _, which = await launch_template_data(emulator, memory, template)
            known["LaunchTemplate"] = which | given(template, "Version")
        zones = [subnet["AvailabilityZone"] for subnet in await instances.subnets(emulator, _subnet_ids(group))]
        known["AvailabilityZones"] = sorted(set(zones)) or group["AvailabilityZones"]
        known["AutoScalingGroupARN"] = group["AutoScalingGroupARN"]
        shelf.put(_scope(emulator), name, known)
        await self.reconcile(emulator, memory, name)

    async def resize(self, emulator: Emulator, memory: Memory, name: str, **sizes: int) -> None:
        """Set `MinSize`, `MaxSize` or `DesiredCapacity`; a desired size that is not said follows the bounds.

        Raises:
            AwsError: the desired size is out of bounds.
        """
        wanted = sizes_after(await self.describe(emulator, memory, name), sizes)
        await self.check(emulator, wanted)
        await emulator.call("autoscaling", "UpdateAutoScalingGroup", AutoScalingGroupName=name, **wanted)
        await self.reconcile(emulator, memory, name)

    async def reconcile(self, emulator: Emulator, memory: Memory, name: str) -> None:
        """Start or end instances until there are as many as are desired."""
        async with self._locks.setdefault(f"{_scope(emulator)}/{name}", asyncio.Lock()):
            group = await self.describe(emulator, memory, name)
            held: list[Fields] = list(group["Instances"])
            while len(held) < group["DesiredCapacity"]:
                held.append(await self._start(emulator, memory, group, held))
                self._hold(emulator, memory, name, held)
            while len(held) > group["DesiredCapacity"] and (leaving := _least_wanted(held)):
                held.remove(leaving)
                self._hold(emulator, memory, name, held)
                await instances.terminate(emulator, memory, leaving["InstanceId"])

    def _hold(self, emulator: Emulator, memory: Memory, name: str, held: list[Fields]) -> None:
        shelf, scope = memory.shelf(KIND), _scope(emulator)
        shelf.put(scope, name, (shelf.get(scope, name) or {}) | {"Instances": list(held)})

    async def _start(self, emulator: Emulator, memory: Memory, group: Fields, held: list[Fields]) -> Fields:
        known = memory.shelf(KIND).get(_scope(emulator), group["AutoScalingGroupName"]) or {}
        policy = known.get("MixedInstancesPolicy") or {}
        mixed = policy.get("LaunchTemplate") or {}
        template = mixed.get("LaunchTemplateSpecification") or known.get("LaunchTemplate")
        data, which = await launch_template_data(emulator, memory, template) if template else ({}, {})
        types = [override["InstanceType"] for override in mixed.get("Overrides", []) if override.get("InstanceType")]
        types = types or [data.get("InstanceType", "t3.medium")]
        subnet = _emptiest(await instances.subnets(emulator, _subnet_ids(group)), held)
        share = (policy.get("InstancesDistribution") or {}).get("OnDemandPercentageAboveBaseCapacity", 100)
        propagated = {tag["Key"]: tag["Value"] for tag in known.get("Tags", []) if tag.get("PropagateAtLaunch")}
        tags = propagated | {"aws:autoscaling:groupName": group["AutoScalingGroupName"]}
        instance_id = await instances.launch(
            emulator, memory, subnet=subnet, instance_type=types[0], template=data, tags=tags, spot=share == 0
        )
        return {
            "InstanceId": instance_id,
            "InstanceType": types[0],
            "AvailabilityZone": subnet["AvailabilityZone"],
            "LifecycleState": "InService",
            "HealthStatus": "Healthy",
            "ProtectedFromScaleIn": bool(known.get("NewInstancesProtectedFromScaleIn")),
            **({"LaunchTemplate": which} if which else {}),
        }

    async def take_out(self, emulator: Emulator, memory: Memory, instance_id: str, *, decrement: bool) -> Fields:
        """End one instance of a group; without `decrement` another takes its place.

        Returns:
            The activity that does it.

        Raises:
            AwsError: no group holds the instance, or the group may not become smaller.
        """
        name = self.holder(emulator, memory, instance_id)
        if name is None:
            raise AwsError(
                "ValidationError", f"Instance Id not found - No managed instance found for instance ID: {instance_id}"
            )
        group = await self.describe(emulator, memory, name)
        desired = group["DesiredCapacity"]
        if decrement and desired <= group["MinSize"]:
            message = (
                f"Currently, desiredSize equals minSize ({group['MinSize']}). Terminating instance without replacement "
                "will violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or "
                "lower group's min size."
            )
            raise AwsError("ValidationError", message)
        self._hold(emulator, memory, name, [one for one in group["Instances"] if one["InstanceId"] != instance_id])
        await instances.terminate(emulator, memory, instance_id)
        if decrement:
            sizes = {"AutoScalingGroupName": name, "DesiredCapacity": desired - 1}
            await emulator.call("autoscaling", "SetDesiredCapacity", **sizes)
        await self.reconcile(emulator, memory, name)
        return _activity(name, instance_id, f"{desired} to {desired - 1}" if decrement else "")

    async def lost(self, emulator: Emulator, memory: Memory, instance_ids: list[str]) -> None:
        """Instances have ended by themselves or by someone's hand: others take their places."""
        for instance_id in instance_ids:
            await instances.forget(emulator, memory, instance_id)
            if name := self.holder(emulator, memory, instance_id):
                known = memory.shelf(KIND).get(_scope(emulator), name) or {}
                self._hold(emulator, memory, name, [i for i in known["Instances"] if i["InstanceId"] != instance_id])
                await self.reconcile(emulator, memory, name)

    def holder(self, emulator: Emulator, memory: Memory, instance_id: str) -> str | None:
        """The group that holds an instance."""
        for name, known in memory.shelf(KIND).of_scope(_scope(emulator)).items():
            if any(one["InstanceId"] == instance_id for one in known.get("Instances", [])):
                return name
        return None

    async def delete(self, emulator: Emulator, memory: Memory, name: str) -> None:
        """End what a group still holds, once it is gone from the emulator."""
        known = memory.shelf(KIND).get(_scope(emulator), name) or {}
        memory.shelf(KIND).forget(_scope(emulator), name)
        for one in known.get("Instances", []):
            await instances.terminate(emulator, memory, one["InstanceId"])


def sizes_after(group: Fields, asked: Fields) -> dict[str, int]:
    """The sizes of a group once it is changed as asked: a desired size that is not said follows the bounds."""
    least, most = (group | asked)["MinSize"], (group | asked)["MaxSize"]
    following = min(max(group["DesiredCapacity"], least), most)
    return {
        "MinSize": least,
        "MaxSize": most,
        "DesiredCapacity": ({"DesiredCapacity": following} | asked)["DesiredCapacity"],
    }


def _scope(emulator: Emulator) -> str:
    return f"{emulator.account}/{emulator.region}"


def _subnet_ids(group: Fields) -> list[str]:
    return [subnet for subnet in str(group.get("VPCZoneIdentifier") or "").split(",") if subnet]


def _count(held: list[Fields], zone: str) -> int:
    return sum(one["AvailabilityZone"] == zone for one in held)


def _emptiest(candidates: list[Fields], held: list[Fields]) -> Fields:
    if not candidates:
        raise AwsError("ValidationError", "The twin starts instances in a VPC: give the group VPCZoneIdentifier.")
    return min(candidates, key=lambda subnet: _count(held, subnet["AvailabilityZone"]))


def _least_wanted(held: list[Fields]) -> Fields | None:
    """The oldest one in the zone that has most; those that are protected stay."""
    free = [one for one in held if not one["ProtectedFromScaleIn"]]
    return max(free, key=lambda one: _count(held, one["AvailabilityZone"]), default=None)


def _activity(name: str, instance_id: str, change: str) -> dict[str, Any]:
    now = datetime.datetime.now(datetime.UTC)
    shrinking = f", shrinking the capacity from {change}" if change else ""
    out = f"instance {instance_id} was taken out of service in response to a user request{shrinking}."
    return {
        "ActivityId": str(uuid.uuid4()),
        "AutoScalingGroupName": name,
        "Description": f"Terminating EC2 instance: {instance_id}",
        "Cause": f"At {now:%Y-%m-%dT%H:%M:%SZ} {out}",
        "StartTime": now,
        "StatusCode": "InProgress",
        "Progress": 0,
    }
