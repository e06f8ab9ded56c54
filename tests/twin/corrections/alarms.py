"""What tests of alarms share: a topic, a queue that listens, a trail that records."""

import json
import uuid
from typing import Any

from tests.twin.corrections.server import ACCOUNT, REGION, Twin

SNS = f"arn:aws:sns:{REGION}:{ACCOUNT}"
SQS = f"arn:aws:sqs:{REGION}:{ACCOUNT}"


def name(stem: str) -> str:
    return f"{stem}-{uuid.uuid4().hex[:8]}"


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def lets(service: str, action: str, resource: str, source: str = "*") -> dict[str, Any]:
    """A statement that lets a service do something for one source of the account."""
    return {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": action,
        "Resource": resource,
        "Condition": {"ArnLike": {"aws:SourceArn": source}},
    }


def topic(twin: Twin, *statements: dict[str, Any], key: str = "") -> str:
    """A topic with this policy of its own, encrypted if a key is given."""
    called = name("topic")
    arn = f"{SNS}:{called}"
    given = {"Policy": policy(*(one | {"Resource": arn} for one in statements))} if statements else {}
    given |= {"KmsMasterKeyId": key} if key else {}
    twin.client("sns").create_topic(Name=called, Attributes=given)
    return arn


def listener(twin: Twin, topic_arn: str) -> str:
    """The address of a queue that hears a topic."""
    called = name("queue")
    sqs = twin.client("sqs")
    url = sqs.create_queue(
        QueueName=called,
        Attributes={"Policy": policy(lets("sns.amazonaws.com", "sqs:SendMessage", f"{SQS}:{called}", topic_arn))},
    )["QueueUrl"]
    twin.client("sns").subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=f"{SQS}:{called}")
    return str(url)


def heard(twin: Twin, url: str) -> list[str]:
    """The messages that have arrived since this was asked last."""
    sqs, found = twin.client("sqs"), []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            body = json.loads(message["Body"])
            found.append(body.get("Message", message["Body"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def trail(twin: Twin) -> str:
    """A trail that records."""
    called, bucket = name("trail"), name("trail-bucket")
    twin.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    twin.client("cloudtrail").create_trail(Name=called, S3BucketName=bucket, IsMultiRegionTrail=True)
    twin.client("cloudtrail").start_logging(Name=called)
    return called


def rule(twin: Twin, pattern: dict[str, Any], target: str, region: str = REGION, **more: Any) -> str:
    """The ARN of a rule with one target."""
    events, called = twin.client("events", region=region), name("rule")
    arn = str(events.put_rule(Name=called, EventPattern=json.dumps(pattern))["RuleArn"])
    events.put_targets(Rule=called, Targets=[{"Id": "it", "Arn": target, **more}])
    return arn
