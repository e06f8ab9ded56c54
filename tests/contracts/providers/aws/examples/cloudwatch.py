"""CloudWatch Logs."""

from collections.abc import Mapping
from typing import Any

from tests.contracts.providers.aws.examples import ACCOUNT, REGION, Example, World


def _key(world: World) -> str:
    made: str = world.client("kms").create_key()["KeyMetadata"]["Arn"]
    return made


def _log_group_holds(world: World, name: str, inputs: Mapping[str, Any]) -> None:
    logs = world.client("logs")
    [there] = [g for g in logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"] if g["logGroupName"] == name]
    assert there.get("retentionInDays", 0) == inputs["retentionInDays"]
    assert there.get("kmsKeyId") == inputs.get("kmsKeyId")
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}"
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == inputs["tagsAll"]


EXAMPLES = (
    Example(
        "aws:cloudwatch/logGroup:LogGroup",
        inputs=lambda world: {
            "name": world.name("/groundwork/flow-logs"),
            "retentionInDays": 365,
            "kmsKeyId": _key(world),
        },
        holds=_log_group_holds,
        updates=(
            {"retentionInDays": 400},
            {"retentionInDays": None},
            {"tags": {"data-classification": "internal"}},
        ),
    ),
    Example("aws:cloudwatch/logGroup:LogGroup", inputs=lambda _: {}, holds=_log_group_holds, case="autonamed"),
)
