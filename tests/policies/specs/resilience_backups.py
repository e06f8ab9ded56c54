"""As `encryption`, for RES-11."""

from typing import Any

from tests.policies.harness import UNKNOWN, R
from tests.policies.mutate import ABSENT
from tests.policies.spec import Case, Spec, depending, edit, of_type, swap

DATA = R("aws:s3/bucket:Bucket", {"bucket": "my-datasets", "tags": {"backup": "daily"}}, "bucket")
SELECTION = R("aws:backup/selection:Selection", {"resources": ["arn:aws:s3:::my-datasets"]}, "selection")
SELECTED = (SELECTION, DATA)
DB = R("aws:rds/instance:Instance", {"identifier": "registry"}, "db")
DB_ARN = "arn:aws:rds:eu-west-1:111122223333:db:registry"
FILES = R("aws:efs/fileSystem:FileSystem", {"encrypted": True}, "files")
REPLICATION = R(
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
    {"bucket": "source", "rules": [{"destination": {"bucket": "arn:aws:s3:::my-datasets"}}]},
    "replication",
)


def select(store: R = DATA, **inputs: Any) -> tuple[R, ...]:
    return (SELECTION.with_props({key: value for key, value in inputs.items() if value is not ABSENT}), store)


def tags(kind: Any = "STRINGEQUALS", key: Any = "backup", value: Any = "daily") -> list[dict[str, Any]]:
    return [{"type": kind, "key": key, "value": value}]


def condition(operator: str, key: Any = "aws:ResourceTag/backup", value: Any = "daily") -> list[dict[str, Any]]:
    return [{operator: [{"key": key, "value": value}]}]


SPECS: dict[str, Spec] = {
    "RES-11": Spec(
        good=SELECTED,
        leaf="resources[0]",
        bad="arn:aws:s3:::other",
        twins={"aws:s3/bucket:Bucket": "aws:s3/bucketV2:BucketV2"},
        equivalent={
            "delete tags.backup": "selected by its ARN",
            "flip tags.backup": "as above",
            "unknown tags.backup": "as above",
        },
        survives={
            "delete bucket": "the name by which the program calls it is then all that is known, and no data is in that",
        },
        extra=(
            Case("no selection", (DATA,), "deny"),
            Case("no data in it", (of_type("s3/bucket:Bucket", bucket="logs"),), "pass"),
            Case("perhaps data in it", (of_type("s3/bucket:Bucket", bucket=UNKNOWN),), "unknown"),
            Case("everything", select(resources=["*"]), "pass"),
            Case("every bucket", select(resources=["arn:aws:s3:::*"]), "pass"),
            Case("nothing at all", select(), "deny"),
            Case("excluded", select(resources=["*"], notResources=["arn:aws:s3:::my-*"]), "deny"),
            Case("others excluded", select(resources=["*"], notResources=["arn:aws:s3:::logs"]), "pass"),
            Case("exclusion unknown", select(resources=["*"], notResources=[UNKNOWN]), "unknown"),
            Case("joined by dependency", (depending(resources=DATA)(
                SELECTION.with_props({"resources": [UNKNOWN]})), DATA), "pass"),
            Case("by one of two selections", (*select(resources=["arn:aws:s3:::x"]), SELECTION), "pass"),
            Case("by tag", select(selectionTags=tags()), "pass"),
            Case("by another value", select(selectionTags=tags(value="weekly")), "deny"),
            Case("by a tag it lacks", select(selectionTags=tags(key="plan")), "deny"),
            Case("by one of two tags", select(selectionTags=[*tags(value="weekly"), *tags()]), "pass"),
            Case("by an operator of its own", select(selectionTags=tags(kind="STRINGLIKE")), "deny"),
            Case("by a tag, value unknown", select(selectionTags=tags(value=UNKNOWN)), "unknown"),
            Case("by a tag, key unknown", select(selectionTags=tags(key=UNKNOWN)), "unknown"),
            Case("by a tag, tags unknown", select(edit("tags", UNKNOWN)(DATA), selectionTags=tags()), "unknown"),
            Case("by a default tag", select(
                R(DATA.type, {"bucket": "my-datasets"}, "b", default_tags={"backup": "daily"}),
                selectionTags=tags()), "pass"),
            Case("by ARN and another tag", select(resources=["*"], selectionTags=tags(value="weekly")), "deny"),
            Case("condition", select(conditions=condition("stringEquals")), "pass"),
            Case("condition, not met", select(conditions=condition("stringEquals", value="weekly")), "deny"),
            Case("condition as a map", select(conditions=condition("stringEquals")[0]), "pass"),
            Case("condition, like", select(conditions=condition("stringLikes", value="da*")), "pass"),
            Case("condition, like another", select(conditions=condition("stringLikes", value="we*")), "deny"),
            Case("condition, one letter for ?", select(conditions=condition("stringLikes", value="dail?")), "deny"),
            Case("condition, not", select(conditions=condition("stringNotEquals", value="weekly")), "pass"),
            Case("condition, not it", select(conditions=condition("stringNotEquals")), "deny"),
            Case("condition, not like it", select(conditions=condition("stringNotLikes", value="d*")), "deny"),
            Case("condition, one of two not met", select(
                conditions=[*condition("stringEquals"), *condition("stringEquals", key="plan")]), "deny"),
            Case("condition, value unknown", select(conditions=condition("stringEquals", value=UNKNOWN)), "unknown"),
            Case("condition, value a number", select(conditions=condition("stringEquals", value=1)), "deny"),
            Case("conditions unknown", select(conditions=UNKNOWN), "unknown"),
            Case("database by name in any region", select(DB, resources=["arn:aws:rds:*:*:db:reg*"]), "pass"),
            Case("database by its whole ARN, before it exists", select(DB, resources=[DB_ARN]), "unknown"),
            Case("database by its whole ARN", select(
                R(DB.type, DB.props, "db", outputs={"arn": DB_ARN}), resources=[DB_ARN]), "pass"),
            Case("another database's ARN", select(DB, resources=[DB_ARN.replace("registry", "x")]), "deny"),
            Case("database without a name, by ARN", select(
                of_type("rds/instance:Instance", engine="postgres"), resources=[DB_ARN]), "unknown"),
            Case("replica", (of_type("rds/instance:Instance", replicateSourceDb="db"),), "pass"),
            Case("perhaps a replica", (of_type("rds/instance:Instance", replicateSourceDb=UNKNOWN),), "unknown"),
            Case("replica of this stack", (*select(DB, resources=["arn:aws:rds:*:*:db:registry"]), depending(
                replicateSourceDb=DB)(of_type("rds/instance:Instance", replicateSourceDb=UNKNOWN))), "pass"),
            Case("files by ARN, before they exist",
                 select(FILES, resources=["arn:aws:elasticfilesystem:*"]), "unknown"),
            Case("files, not selected", (FILES,), "deny"),
            Case("a bucket that is a copy", (REPLICATION, DATA), "pass"),
            Case("a bucket that is a copy, before it exists", (depending(rules=DATA)(
                edit("rules[0].destination.bucket", UNKNOWN)(REPLICATION)), DATA), "pass"),
            Case("a copy of another bucket", (edit("rules[0].destination.bucket", "arn:aws:s3:::x")(REPLICATION), DATA),
                 "deny"),
            Case("no store by the settings", (FILES,), "pass", {"backupTypes": ["aws:s3/bucket:Bucket"]}),
            Case("a store by the settings", (of_type("mq/broker:Broker"),), "deny",
                 {"backupTypes": ["aws:mq/broker:Broker"]}),
            Case("by a pattern that is none", swap(SELECTED, 0, edit("resources", [7])), "deny"),
        ),
    ),
}  # fmt: skip
