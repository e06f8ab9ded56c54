"""CloudTrail: the log group, its role and the tags of a trail, which ministack 1.5.33 takes and forgets.

Source: AWS CloudTrail API reference: CreateTrail, UpdateTrail, GetTrail, DescribeTrails, GetTrailStatus, ListTags.
"""

from twin.aws.corrections.engine import Correction, Exchange
from twin.aws.corrections.remembered import Fields, Remembered, given
from twin.aws.corrections.wire import Parameters


def _delivery(parameters: Parameters) -> Fields:
    return given(parameters, "CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn")


TRAILS = Remembered(
    service="cloudtrail",
    kind="trail",
    id_field="Name",
    create="CreateTrail",
    created_ids="Name",
    fields=_delivery,
    modify={"UpdateTrail": ("Name", lambda known, parameters: known | _delivery(parameters))},
    shown={"CreateTrail": "@", "UpdateTrail": "@", "GetTrail": "Trail", "DescribeTrails": "trailList[]"},
    delete={"DeleteTrail": "Name"},
)


async def _tag(exchange: Exchange) -> None:
    if tags := exchange.parameters.get("TagsList"):
        await exchange.emulator.call("cloudtrail", "AddTags", ResourceId=exchange.answer["TrailARN"], TagsList=tags)


async def _say_nothing_delivered_yet(exchange: Exchange) -> None:
    """GetTrailStatus: a time that has not come is absent; the emulator sends an empty string, which is no timestamp."""
    for name in [name for name, value in exchange.answer.items() if value == ""]:
        del exchange.answer[name]


async def _say_selectors_are_custom(exchange: Exchange) -> None:
    selectors = exchange.parameters.get("EventSelectors") or exchange.parameters.get("AdvancedEventSelectors")
    name = exchange.parameters["TrailName"].rpartition("/")[2]
    shelf = exchange.shelf("trail")
    known = shelf.get(exchange.scope, name) or {}
    shelf.put(exchange.scope, name, known | {"HasCustomEventSelectors": bool(selectors)})


CORRECTIONS = (
    Correction("cloudtrail", ("CreateTrail",), after=_tag),
    *TRAILS.corrections(),
    Correction("cloudtrail", ("GetTrailStatus",), after=_say_nothing_delivered_yet),
    Correction("cloudtrail", ("PutEventSelectors",), after=_say_selectors_are_custom),
)
