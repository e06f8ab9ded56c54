"""CloudTrail: trails.

Source: AWS CloudTrail API reference; the official provider creates a trail, then starts it and sets its selectors.
"""

from typing import Any

from twin.providers.aws.context import Context
from twin.providers.aws.errors import ProviderError
from twin.providers.aws.kinds import BOOLEAN, STRING, Block, ListOf, MapOf
from twin.providers.aws.schema import REGION, TAGS, Autoname, Call, Facet, Property, ResourceType
from twin.providers.aws.tags import tag_facet

_NAME = {"Name": "{id}"}
_GONE = ("TrailNotFoundException", "InvalidTrailNameException")
_SET = ListOf(STRING, ordered=False)
_UPDATED = (
    "cloudWatchLogsGroupArn",
    "cloudWatchLogsRoleArn",
    "enableLogFileValidation",
    "includeGlobalServiceEvents",
    "isMultiRegionTrail",
    "isOrganizationTrail",
    "kmsKeyId",
    "s3BucketName",
    "s3KeyPrefix",
)
_SELECTORS = ("advancedEventSelectors", "eventSelectors")
_ALL_MANAGEMENT = {"ReadWriteType": "All", "IncludeManagementEvents": True}
"""What a trail records that nobody told otherwise."""


def _field(name: str) -> Property:
    return Property(kind=ListOf(STRING), api=name)


_ADVANCED = ListOf(
    Block(
        {
            "name": Property(),
            "fieldSelectors": Property(
                kind=ListOf(
                    Block(
                        {
                            "field": Property(required=True),
                            "equals": _field("Equals"),
                            "notEquals": _field("NotEquals"),
                            "startsWiths": _field("StartsWith"),
                            "notStartsWiths": _field("NotStartsWith"),
                            "endsWiths": _field("EndsWith"),
                            "notEndsWiths": _field("NotEndsWith"),
                        }
                    ),
                    ordered=False,
                ),
                required=True,
            ),
        }
    )
)
_BASIC = ListOf(
    Block(
        {
            "dataResources": Property(
                kind=ListOf(
                    Block({"type": Property(required=True), "values": Property(kind=ListOf(STRING), required=True)})
                )
            ),
            "excludeManagementEventSources": Property(kind=_SET),
            "includeManagementEvents": Property(kind=BOOLEAN, default=True),
            "readWriteType": Property(default="All"),
        }
    )
)


def _update(ctx: Context) -> None:
    """What has been taken away is sent empty; the log group and its role go together."""
    changed = {
        name for name in _UPDATED if not ctx.type.properties[name].kind.same(ctx.inputs.get(name), ctx.old.get(name))
    }
    if changed & {"cloudWatchLogsGroupArn", "cloudWatchLogsRoleArn"}:
        changed |= {"cloudWatchLogsGroupArn", "cloudWatchLogsRoleArn"}
    emptied = {
        ctx.type.properties[name].api or name[0].upper() + name[1:]: "" for name in changed if name not in ctx.inputs
    }
    ctx.run(Call("update_trail", {"Name": "{name}", **emptied}), sorted(changed))


def _log(ctx: Context) -> None:
    ctx.call("start_logging" if ctx.inputs.get("enableLogging") else "stop_logging", Name=ctx.id)


def _read_selectors(ctx: Context) -> Any:
    """Only selectors that somebody set: a trail says what it does by itself in the same way."""
    trail = ctx.run(_READ) or {}
    if not trail.get("HasCustomEventSelectors"):
        return None
    found = ctx.run(Call("get_event_selectors", {"TrailName": "{id}"}))
    basic = [{name: value for name, value in entry.items() if value} for entry in found.get("EventSelectors", ())]
    return found | {"EventSelectors": None} if basic == [_ALL_MANAGEMENT] else found


def _select(ctx: Context) -> None:
    if all(ctx.inputs.get(name) for name in _SELECTORS):
        raise ProviderError(f"{ctx.type.token} {ctx.id}: {' and '.join(_SELECTORS)} exclude each other; give one")
    ctx.run(Call("put_event_selectors", {"TrailName": "{id}"}), _SELECTORS)


def _find(ctx: Context) -> str | None:
    trail = ctx.run(Call("get_trail", {"Name": "{name}"}, result="Trail", missing=_GONE))
    return trail["TrailARN"] if trail else None


_READ = Call("get_trail", _NAME, result="Trail", missing=_GONE)
_REFUSED = {
    "insightSelectors": "the twin records no insight events",
    "snsTopicName": "the twin delivers log files without telling anybody",
}

TRAIL = ResourceType(
    "aws:cloudtrail/trail:Trail",
    "cloudtrail",
    id="=TrailARN",
    properties={
        "advancedEventSelectors": Property(kind=_ADVANCED),
        "arn": Property(output=True, api="TrailARN"),
        "cloudWatchLogsGroupArn": Property(api="CloudWatchLogsLogGroupArn"),
        "cloudWatchLogsRoleArn": Property(),
        "enableLogFileValidation": Property(kind=BOOLEAN, default=False, read="LogFileValidationEnabled"),
        "enableLogging": Property(kind=BOOLEAN, default=True, initial=False, api="IsLogging"),
        "eventSelectors": Property(kind=_BASIC),
        "homeRegion": Property(output=True),
        "includeGlobalServiceEvents": Property(kind=BOOLEAN, default=True),
        "isMultiRegionTrail": Property(kind=BOOLEAN, default=False),
        "isOrganizationTrail": Property(kind=BOOLEAN, default=False),
        "kmsKeyId": Property(),
        "name": Property(replaces=True, autoname=Autoname(limit=128)),
        "s3BucketName": Property(required=True),
        "s3KeyPrefix": Property(),
        "snsTopicArn": Property(output=True),
        "region": REGION,
        "tags": TAGS["tags"],
        "tagsAll": Property(kind=MapOf(), computed=True, api="TagsList", read="ResourceTagList[0].TagsList"),
    },
    create=Call("create_trail"),
    read=_READ,
    facets=(
        Facet(properties=_UPDATED, put=_update, created=True),
        Facet(properties=("enableLogging",), get=Call("get_trail_status", _NAME), put=_log),
        Facet(
            properties=_SELECTORS,
            get=_read_selectors,
            put=_select,
            delete=Call("put_event_selectors", {"TrailName": "{id}", "EventSelectors": [_ALL_MANAGEMENT]}),
        ),
        tag_facet(
            Call("list_tags", {"ResourceIdList": ["{id}"]}),
            "add_tags",
            "remove_tags",
            {"ResourceId": "{id}"},
            tags="TagsList",
            keys="TagsList",
        ),
    ),
    delete=Call("delete_trail", {"Name": "{name}"}, missing=_GONE),
    find=_find,
    refused=_REFUSED,
    absent=_REFUSED,
)

TYPES = (TRAIL,)
