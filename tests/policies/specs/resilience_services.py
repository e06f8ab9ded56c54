"""As `encryption`, for RES-06 to RES-08."""

from dataclasses import replace
from typing import Any

from tests.policies.harness import UNKNOWN, R
from tests.policies.spec import Case, Spec, depending, edit, of_type, swap

CACHE = R(
    "aws:elasticache/replicationGroup:ReplicationGroup",
    {"multiAzEnabled": True, "automaticFailoverEnabled": True, "snapshotRetentionLimit": 7},
    "cache",
)
DOMAIN = {"clusterConfig": {"instanceCount": 3, "zoneAwarenessEnabled": True}}
QUEUE = R(
    "aws:sqs/queue:Queue",
    {"name": "work"},
    "queue",
    outputs={"id": "https://sqs/1/work", "arn": "arn:aws:sqs:r:1:work"},
)
DEAD = R(
    "aws:sqs/queue:Queue", {"name": "dead"}, "dead", outputs={"id": "https://sqs/1/dead", "arn": "arn:aws:sqs:r:1:dead"}
)
POLICY = '{"deadLetterTargetArn": "arn:aws:sqs:r:1:dead", "maxReceiveCount": 5}'
REDRIVE = R(
    "aws:sqs/redrivePolicy:RedrivePolicy", {"queueUrl": "https://sqs/1/work", "redrivePolicy": POLICY}, "redrive"
)
DELIVERED = (REDRIVE, QUEUE, DEAD)
TARGET = "cloudwatch/eventTarget:EventTarget"
BUCKET = R("aws:s3/bucket:Bucket", {"bucket": "data", "forceDestroy": False}, "bucket", protect=True)


def with_policy(policy: Any) -> tuple[R, ...]:
    return (QUEUE.with_props({"name": "work", "redrivePolicy": policy}), DEAD)


SPECS: dict[str, Spec] = {
    "RES-06": Spec(
        good=(CACHE,),
        leaf="multiAzEnabled",
        bad=False,
        extra=(
            Case("no failover", swap((CACHE,), 0, edit("automaticFailoverEnabled", False)), "deny"),
            Case("no snapshots", swap((CACHE,), 0, edit("snapshotRetentionLimit", 0)), "deny"),
            Case("domain", (of_type("opensearch/domain:Domain", **DOMAIN),), "pass"),
            Case("domain of the older type", (of_type("elasticsearch/domain:Domain", **DOMAIN),), "pass"),
            Case("domain of the older type, alone", (of_type("elasticsearch/domain:Domain"),), "deny"),
            Case("domain of two nodes", (edit("clusterConfig.instanceCount", 2)(
                of_type("opensearch/domain:Domain", **DOMAIN)),), "deny"),
            Case("domain in one zone", (edit("clusterConfig.zoneAwarenessEnabled", False)(
                of_type("opensearch/domain:Domain", **DOMAIN)),), "deny"),
            Case("domain without a configuration", (of_type("opensearch/domain:Domain"),), "deny"),
            Case("domain, configuration unknown", (of_type("opensearch/domain:Domain", clusterConfig=UNKNOWN),),
                 "unknown"),
        ),
    ),
    "RES-07": Spec(
        good=DELIVERED,
        leaf="redrivePolicy",
        bad='{"maxReceiveCount": 5}',
        flips={"redrivePolicy": "{"},
        equivalent={
            **{f"{mutation} name": "a queue is known by its id: killed by the queueUrl"
               for mutation in ("delete", "flip", "unknown")},
        },
        extra=(
            Case("no companion", (QUEUE,), "deny"),
            Case("not JSON", swap(DELIVERED, 0, edit("redrivePolicy", "{")), "deny"),
            Case("a JSON list", swap(DELIVERED, 0, edit("redrivePolicy", "[]")), "deny"),
            Case("of a queue that is not known", swap(DELIVERED, 0, edit("queueUrl", UNKNOWN)), "unknown"),
            Case("joined by dependency",
                 swap(swap(DELIVERED, 0, edit("queueUrl", UNKNOWN)), 0, depending(queueUrl=QUEUE)), "pass"),
            Case("of another queue", swap(DELIVERED, 0, edit("queueUrl", "https://sqs/1/other")), "deny"),
            Case("policy unknown, of a queue of this stack",
                 swap(swap(DELIVERED, 0, edit("redrivePolicy", UNKNOWN)), 0, depending(redrivePolicy=DEAD)), "pass"),
            Case("inline", with_policy(POLICY), "pass"),
            Case("inline, without a target", with_policy('{"maxReceiveCount": 5}'), "deny"),
            Case("inline as a map", with_policy({"deadLetterTargetArn": "arn:aws:sqs:r:1:dead"}), "pass"),
            Case("inline unknown, of a queue of this stack", (
                depending(redrivePolicy=DEAD)(with_policy(UNKNOWN)[0]), DEAD), "pass"),
            Case("inline unknown", with_policy(UNKNOWN), "unknown"),
            Case("a dead-letter queue of another stack's name",
                 (with_policy('{"deadLetterTargetArn": "arn:aws:sqs:r:1:elsewhere"}')[0],), "pass"),
            Case("event target", (of_type(TARGET, arn="x", deadLetterConfig={"arn": "arn:aws:sqs:r:1:dead"}), DEAD),
                 "pass"),
            Case("event target without", (of_type(TARGET, arn="x"),), "deny"),
            Case("event target, unknown", (of_type(TARGET, arn="x", deadLetterConfig={"arn": UNKNOWN}),), "unknown"),
            Case("event target, of a queue of this stack", (
                depending(deadLetterConfig=DEAD)(of_type(TARGET, deadLetterConfig={"arn": UNKNOWN})), DEAD), "pass"),
        ),
    ),
    "RES-08": Spec(
        good=(BUCKET,),
        settings={"production": True},
        leaf="forceDestroy",
        bad=True,
        absent="pass",
        twins={"aws:s3/bucket:Bucket": "aws:s3/bucketV2:BucketV2"},
        equivalent={
            "delete forceDestroy": "S3 refuses to delete a bucket with objects by default",
            "delete bucket": "what it is called does not matter",
            "flip bucket": "as above",
            "unknown bucket": "as above",
        },
        extra=(
            Case("not production", (replace(BUCKET, protect=False),), "pass", {}),
            Case("not protected", (replace(BUCKET, protect=False),), "deny"),
            Case("emptied by a number", swap((BUCKET,), 0, edit("forceDestroy", 1)), "deny"),
            Case("repository", (replace(of_type("ecr/repository:Repository"), protect=True),), "pass"),
            Case("repository, emptied",
                 (replace(of_type("ecr/repository:Repository", forceDelete=True), protect=True),), "deny"),
            Case("key", (of_type("kms/key:Key"),), "deny"),
            Case("not stateful by the settings", (of_type("kms/key:Key"),), "pass",
                 {"production": True, "statefulTypes": ["aws:s3/bucket:Bucket"]}),
            Case("stateful by the settings", (of_type("mq/broker:Broker"),), "deny",
                 {"production": True, "statefulTypes": ["aws:mq/broker:Broker"]}),
        ),
    ),
}  # fmt: skip
