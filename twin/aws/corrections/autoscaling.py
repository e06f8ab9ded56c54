"""EC2 Auto Scaling: groups with real instances, their tags, and what AWS refuses.

Source: Amazon EC2 Auto Scaling API reference, the actions named at each correction.
"""

from typing import Any

from twin.aws.corrections.auto_scaling_groups import KIND, AutoScalingGroups, sizes_after
from twin.aws.corrections.engine import Correction, Exchange
from twin.aws.corrections.remembered import Fields
from twin.aws.corrections.wire import AwsError

_TAG_FILTERS = {
    "auto-scaling-group": "ResourceId",
    "key": "Key",
    "value": "Value",
    "propagate-at-launch": "PropagateAtLaunch",
}


class AutoScaling:
    """The corrections of the service, over the groups that node groups make too."""

    def __init__(self, groups: AutoScalingGroups) -> None:
        self._groups = groups

    def corrections(self) -> tuple[Correction, ...]:
        """All corrections of the service, and of instances that end by another's hand."""
        return (
            Correction("autoscaling", ("CreateAutoScalingGroup",), before=self._check_create, after=self._remember),
            Correction("autoscaling", ("UpdateAutoScalingGroup",), before=self._check_update, after=self._remember),
            Correction("autoscaling", ("SetDesiredCapacity",), before=self._check_desired, after=self._reconcile),
            Correction("autoscaling", ("DescribeAutoScalingGroups",), after=self._show_groups),
            Correction("autoscaling", ("DescribeAutoScalingInstances",), after=self._show_instances),
            Correction("autoscaling", ("TerminateInstanceInAutoScalingGroup",), supply=self._terminate),
            Correction("autoscaling", ("DeleteAutoScalingGroup",), before=self._check_delete, after=self._delete),
            Correction("autoscaling", ("CreateOrUpdateTags",), before=self._check_tags, after=self._tag),
            Correction("autoscaling", ("DeleteTags",), after=self._untag),
            Correction("autoscaling", ("DescribeTags",), after=self._show_tags),
            Correction("ec2", ("TerminateInstances",), after=self._replace),
        )

    # --- groups ---

    async def _check_create(self, exchange: Exchange) -> None:
        await self._groups.check(exchange.emulator, exchange.parameters)

    async def _check_update(self, exchange: Exchange) -> None:
        asked = exchange.parameters
        await self._groups.check(exchange.emulator, asked | sizes_after(await self._group(exchange), asked))

    async def _remember(self, exchange: Exchange) -> None:
        asked = exchange.parameters
        await self._groups.remember(exchange.emulator, exchange.memory, asked)
        sizes = {name: asked[name] for name in ("MinSize", "MaxSize", "DesiredCapacity") if name in asked}
        if sizes and exchange.operation.name == "UpdateAutoScalingGroup":
            await self._groups.resize(exchange.emulator, exchange.memory, asked["AutoScalingGroupName"], **sizes)

    async def _check_desired(self, exchange: Exchange) -> None:
        group, desired = await self._group(exchange), exchange.parameters["DesiredCapacity"]
        for bound, beyond, word in (
            ("MaxSize", desired > group["MaxSize"], "above max"),
            ("MinSize", desired < group["MinSize"], "below min"),
        ):
            if beyond:
                message = (
                    f"New SetDesiredCapacity value {desired} is {word} value {group[bound]} for the AutoScalingGroup."
                )
                raise AwsError("ValidationError", message)

    async def _reconcile(self, exchange: Exchange) -> None:
        await self._groups.reconcile(exchange.emulator, exchange.memory, exchange.parameters["AutoScalingGroupName"])

    async def _group(self, exchange: Exchange) -> Fields:
        return await self._groups.describe(
            exchange.emulator, exchange.memory, exchange.parameters["AutoScalingGroupName"]
        )

    async def _show_groups(self, exchange: Exchange) -> None:
        shown = [
            self._groups.shown(exchange.emulator, exchange.memory, group)
            for group in exchange.answer["AutoScalingGroups"]
        ]
        for chosen in exchange.parameters.get("Filters", []):
            shown = [group for group in shown if _has_tag(group, chosen)]
        exchange.answer["AutoScalingGroups"] = shown

    async def _show_instances(self, exchange: Exchange) -> None:
        wanted = exchange.parameters.get("InstanceIds")
        exchange.answer["AutoScalingInstances"] = [
            one | {"AutoScalingGroupName": name, "HealthStatus": one["HealthStatus"].upper()}
            for name, group in exchange.shelf(KIND).of_scope(exchange.scope).items()
            for one in group["Instances"]
            if not wanted or one["InstanceId"] in wanted
        ]

    async def _terminate(self, exchange: Exchange) -> None:
        asked = exchange.parameters
        exchange.answer["Activity"] = await self._groups.take_out(
            exchange.emulator, exchange.memory, asked["InstanceId"], decrement=asked["ShouldDecrementDesiredCapacity"]
        )

    async def _check_delete(self, exchange: Exchange) -> None:
        group = await self._group(exchange)
        if group["Instances"] and not exchange.parameters.get("ForceDelete"):
            message = (
                "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) "
                "still in the group."
            )
            raise AwsError("ResourceInUse", message)

    async def _delete(self, exchange: Exchange) -> None:
        await self._groups.delete(exchange.emulator, exchange.memory, exchange.parameters["AutoScalingGroupName"])

    async def _replace(self, exchange: Exchange) -> None:
        """TerminateInstances: a group starts another in the place of one of its own."""
        await self._groups.lost(exchange.emulator, exchange.memory, exchange.parameters["InstanceIds"])

    # --- tags ---

    async def _check_tags(self, exchange: Exchange) -> None:
        for tag in exchange.parameters["Tags"]:
            await self._groups.describe(exchange.emulator, exchange.memory, tag["ResourceId"])

    async def _tag(self, exchange: Exchange) -> None:
        for tag in exchange.parameters["Tags"]:
            told = {"ResourceType": "auto-scaling-group", "PropagateAtLaunch": False, "Value": ""} | tag
            self._set_tags(exchange, tag, [told])

    async def _untag(self, exchange: Exchange) -> None:
        for tag in exchange.parameters["Tags"]:
            self._set_tags(exchange, tag, [])

    def _set_tags(self, exchange: Exchange, tag: Fields, there: list[Fields]) -> None:
        shelf = exchange.shelf(KIND)
        known = shelf.get(exchange.scope, tag["ResourceId"])
        if known is not None:
            kept = [one for one in known.get("Tags", []) if one["Key"] != tag["Key"]]
            shelf.put(exchange.scope, tag["ResourceId"], known | {"Tags": kept + there})

    async def _show_tags(self, exchange: Exchange) -> None:
        """The emulator takes filters and ignores them."""
        shown = [
            tag for group in exchange.shelf(KIND).of_scope(exchange.scope).values() for tag in group.get("Tags", [])
        ]
        for chosen in exchange.parameters.get("Filters", []):
            if chosen["Name"] not in _TAG_FILTERS:
                raise AwsError(
                    "ValidationError",
                    f"Filter type {chosen['Name']} is not correct. Allowed: {', '.join(_TAG_FILTERS)}",
                )
            shown = [tag for tag in shown if _text(tag[_TAG_FILTERS[chosen["Name"]]]) in chosen["Values"]]
        exchange.answer["Tags"] = shown


def _has_tag(group: Fields, chosen: Fields) -> bool:
    """Whether a filter of DescribeAutoScalingGroups chooses the group."""
    tags = {tag["Key"]: tag["Value"] for tag in group.get("Tags", [])}
    name, values = chosen["Name"], chosen["Values"]
    if name == "tag-key":
        return any(key in values for key in tags)
    if name == "tag-value":
        return any(value in values for value in tags.values())
    if name.startswith("tag:"):
        return tags.get(name.removeprefix("tag:")) in values
    raise AwsError(
        "ValidationError", f"Filter type {name} is not correct. Allowed Filter types are: tag-key tag-value tag:<key>"
    )


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
