"""CloudWatch: log groups here; their streams and subscriptions, alarms, rules and targets in modules of their own."""

from twin.providers.aws.context import Context
from twin.providers.aws.kinds import BOOLEAN, INTEGER
from twin.providers.aws.schema import REGION, TAGS, Autoname, Call, Facet, Property, ResourceType
from twin.providers.aws.tags import tag_facet
from twin.providers.aws.types._cloudwatch_alarm import METRIC_ALARM
from twin.providers.aws.types._cloudwatch_events import EVENT_RULE, EVENT_TARGET
from twin.providers.aws.types._cloudwatch_logs import LOG_RESOURCE_POLICY, LOG_STREAM, LOG_SUBSCRIPTION_FILTER

_GROUP = {"logGroupName": "{id}"}
_GONE = ("ResourceNotFoundException",)
_ARN = "arn:{partition}:logs:{region}:{account}:log-group:{id}"
_PREFIX = "give the name itself, or none and get one made from the logical name"


def _read(ctx: Context) -> object:
    """The group with just this name: the API lists by prefix."""
    answer = ctx.call("describe_log_groups", logGroupNamePrefix=ctx.id)
    return next((group for group in answer["logGroups"] if group["logGroupName"] == ctx.id), None)


def _encrypt(ctx: Context) -> None:
    ctx.call("associate_kms_key", logGroupName=ctx.id, kmsKeyId=ctx.inputs["kmsKeyId"])


def _delete(ctx: Context) -> None:
    if not ctx.value("skipDestroy"):
        ctx.run(Call("delete_log_group", _GROUP, missing=_GONE))


LOG_GROUP = ResourceType(
    "aws:cloudwatch/logGroup:LogGroup",
    "logs",
    id="{name}",
    properties={
        "arn": Property(output=True, derived=_ARN),
        "deletionProtectionEnabled": Property(kind=BOOLEAN, computed=True),
        "kmsKeyId": Property(),
        "logGroupClass": Property(computed=True, replaces=True),
        "name": Property(replaces=True, autoname=Autoname(limit=512), api="logGroupName"),
        "retentionInDays": Property(kind=INTEGER, default=0),
        "skipDestroy": Property(kind=BOOLEAN, default=False, sent=False, returned=False),
        "region": REGION,
        **TAGS,
    },
    create=Call("create_log_group"),
    read=_read,
    facets=(
        tag_facet(
            Call("list_tags_for_resource", {"resourceArn": _ARN}),
            "tag_resource",
            "untag_resource",
            {"resourceArn": _ARN},
            tags="tags",
            keys="tagKeys",
        ),
        Facet(properties=("kmsKeyId",), put=_encrypt, delete=Call("disassociate_kms_key", _GROUP), created=True),
        Facet(
            properties=("retentionInDays",),
            put=Call("put_retention_policy", _GROUP),
            delete=Call("delete_retention_policy", _GROUP),
        ),
        Facet(
            properties=("deletionProtectionEnabled",),
            put=Call("put_log_group_deletion_protection", {"logGroupIdentifier": "{id}"}),
            created=True,
        ),
    ),
    delete=_delete,
    refused={"namePrefix": _PREFIX},
    absent={"namePrefix": _PREFIX},
)

TYPES = (
    LOG_GROUP,
    LOG_RESOURCE_POLICY,
    LOG_STREAM,
    LOG_SUBSCRIPTION_FILTER,
    METRIC_ALARM,
    EVENT_RULE,
    EVENT_TARGET,
)
