"""A queue that listens to a topic: what people are told."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from twin.account import Account


@dataclass
class Mailbox:
    """All that the topic was told since the queue subscribed to it, or since somebody forgot it."""

    account: Account
    url: str
    messages: list[dict[str, Any]] = field(default_factory=list)

    def received(self) -> list[dict[str, Any]]:
        """The messages until now, in the order in which they came."""
        sqs = self.account.client("sqs")
        while found := sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages"):
            for one in found:
                self.messages.append(json.loads(one["Body"]))
                sqs.delete_message(QueueUrl=self.url, ReceiptHandle=one["ReceiptHandle"])
        return self.messages

    def forget(self) -> None:
        """Begin anew: what was told until now is none of what comes."""
        self.received().clear()

    def about(self, alert: str, team: str) -> list[dict[str, Any]]:
        """Alertmanager's messages about an alert of a team."""
        return [one for one in self.received() if re.search(rf"\] {alert} \({team},", one["Subject"])]

    def facts(self) -> list[dict[str, Any]]:
        """What AWS' own messages say: EventBridge's of events, CloudWatch's of alarms."""
        return [json.loads(one["Message"]) for one in self.received()]


@contextmanager
def listening(account: Account, topic: str) -> Iterator[Mailbox]:
    """Subscribe to dev's topic of that name, for a while."""
    sns, sqs = account.client("sns"), account.client("sqs")
    topics = [one["TopicArn"] for page in sns.get_paginator("list_topics").paginate() for one in page["Topics"]]
    (arn,) = [one for one in topics if one.endswith(f":groundwork-dev-{topic}")]
    name = f"listens-to-{topic}"
    queue = f"{arn.replace(':sns:', ':sqs:').rpartition(':')[0]}:{name}"
    allowed = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": arn}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    url = sqs.create_queue(QueueName=name, Attributes={"Policy": policy})["QueueUrl"]
    subscription = sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue)["SubscriptionArn"]
    try:
        yield Mailbox(account, url)
    finally:
        sns.unsubscribe(SubscriptionArn=subscription)
        sqs.delete_queue(QueueUrl=url)
