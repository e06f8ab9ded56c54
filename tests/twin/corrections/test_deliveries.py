"""What CloudWatch and EventBridge deliver, and what they must not, against the guides of both and of SNS."""

import datetime
import json
from typing import Any

import pytest

from tests.twin.corrections.alarms import SQS, heard, lets, listener, name, policy, rule, topic
from tests.twin.corrections.server import ACCOUNT, REGION, Twin, allow

EVENTS, ALARMS = "events.amazonaws.com", "cloudwatch.amazonaws.com"
ELSEWHERE = "us-east-1"
RULES = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/*"


def put(twin: Twin, source: str, region: str = REGION) -> None:
    entry = {"Source": source, "DetailType": "it", "Detail": json.dumps({"word": source})}
    assert twin.client("events", region=region).put_events(Entries=[entry])["FailedEntryCount"] == 0


def key(twin: Twin, *statements: dict[str, Any]) -> str:
    administer = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*"}
    whole = [one | {"Resource": "*"} for one in (administer, *statements)]
    return str(twin.client("kms").create_key(Policy=policy(*whole))["KeyMetadata"]["Arn"])


def use(service: str, condition: dict[str, Any]) -> dict[str, Any]:
    actions = ["kms:Decrypt", "kms:GenerateDataKey*"]
    return {"Effect": "Allow", "Principal": {"Service": service}, "Action": actions, "Condition": condition}


ANY_TOPIC = {"StringLike": {"kms:EncryptionContext:aws:sns:topicArn": "arn:aws:sns:*"}}


def test_a_rule_publishes_where_the_topic_lets_it(twin: Twin) -> None:
    source = name("shop")
    open_to = topic(twin, lets(EVENTS, "sns:Publish", "*", RULES))
    shut, for_another = topic(twin, lets(ALARMS, "sns:Publish", "*")), f"{RULES[:-1]}another"
    elsewhere = topic(twin, lets(EVENTS, "sns:Publish", "*", for_another))
    queues = [listener(twin, arn) for arn in (open_to, shut, elsewhere)]
    for arn in (open_to, shut, elsewhere):
        rule(twin, {"source": [source]}, arn)
    put(twin, source)
    assert [len(heard(twin, url)) for url in queues] == [1, 0, 0]


@pytest.mark.parametrize(
    ("condition", "delivered"),
    [
        (ANY_TOPIC, 1),
        ({"StringLike": {"kms:EncryptionContext:aws:sns:topicArn": "arn:aws:sns:*:another"}}, 0),
        # EventBridge tells KMS neither: as on AWS, such a condition loses the message.
        ({"StringEquals": {"aws:SourceAccount": ACCOUNT}}, 0),
        ({"ArnLike": {"aws:SourceArn": RULES}}, 0),
    ],
    ids=["its topics", "another topic", "the account", "the rule"],
)
def test_a_rule_needs_the_key_of_the_topic(twin: Twin, condition: dict[str, Any], delivered: int) -> None:
    source = name("shop")
    encrypted = topic(twin, lets(EVENTS, "sns:Publish", "*", RULES), key=key(twin, use(EVENTS, condition)))
    url = listener(twin, encrypted)
    rule(twin, {"source": [source]}, encrypted)
    put(twin, source)
    assert len(heard(twin, url)) == delivered


def test_what_is_not_delivered_goes_to_the_queue_for_it_as_it_came(twin: Twin) -> None:
    source, called = name("shop"), name("undelivered")
    sqs = twin.client("sqs")
    attributes = {"Policy": policy(lets(EVENTS, "sqs:SendMessage", f"{SQS}:{called}", RULES))}
    url = sqs.create_queue(QueueName=called, Attributes=attributes)["QueueUrl"]
    shut = topic(twin, lets(ALARMS, "sns:Publish", "*"))
    rule(twin, {"source": [source]}, shut, DeadLetterConfig={"Arn": f"{SQS}:{called}"}, Input='"a message"')
    put(twin, source)
    (event,) = heard(twin, url)
    assert json.loads(event)["detail"] == {"word": source}


def test_an_alarm_publishes_where_topic_and_key_let_it(twin: Twin) -> None:
    mine = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:*"
    source = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    open_to = topic(twin, lets(ALARMS, "sns:Publish", "*", mine), key=key(twin, use(ALARMS, source)))
    shut = topic(twin, lets(EVENTS, "sns:Publish", "*"))
    keyless = topic(twin, lets(ALARMS, "sns:Publish", "*", mine), key=key(twin, use(EVENTS, ANY_TOPIC)))
    queues = [listener(twin, arn) for arn in (open_to, shut, keyless)]
    alarm(twin, called := name("alarm"), {"Id": "a"}, [open_to, shut, keyless])
    twin.client("cloudwatch").set_alarm_state(AlarmName=called, StateValue="ALARM", StateReason="tried")
    assert [len(heard(twin, url)) for url in queues] == [1, 0, 0]


def test_a_message_of_an_alarm_spells_dimensions_in_small_letters(twin: Twin) -> None:
    url = listener(twin, arn := topic(twin, lets(ALARMS, "sns:Publish", "*")))
    alarm(twin, called := name("alarm"), {"Shop": "corner"}, [arn])
    twin.client("cloudwatch").set_alarm_state(AlarmName=called, StateValue="ALARM", StateReason="tried")
    (message,) = heard(twin, url)
    assert json.loads(message)["Trigger"]["Dimensions"] == [{"value": "corner", "name": "Shop"}]
    (held,) = twin.client("cloudwatch").describe_alarms(AlarmNames=[called])["MetricAlarms"]
    assert held["Dimensions"] == [{"Name": "Shop", "Value": "corner"}]


def alarm(twin: Twin, called: str, dimensions: dict[str, str], actions: list[str], periods: int = 1) -> None:
    twin.client("cloudwatch").put_metric_alarm(
        AlarmName=called,
        Namespace="Shop",
        MetricName="Orders",
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=periods,
        Threshold=10,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=actions,
    )


def test_an_alarm_looks_at_its_own_dimensions(twin: Twin) -> None:
    cloudwatch = twin.client("cloudwatch")
    called, one, other = name("alarm"), name("shop"), name("shop")
    alarm(twin, called, {"Shop": one}, [])

    def state(shop: str) -> str:
        datum = {"MetricName": "Orders", "Dimensions": [{"Name": "Shop", "Value": shop}], "Value": 100}
        cloudwatch.put_metric_data(Namespace="Shop", MetricData=[datum])
        return str(cloudwatch.describe_alarms(AlarmNames=[called])["MetricAlarms"][0]["StateValue"])

    assert state(other) == "INSUFFICIENT_DATA"
    assert state(one) == "ALARM"


def test_an_alarm_needs_as_many_periods_as_it_asks_for(twin: Twin) -> None:
    cloudwatch, called, shop = twin.client("cloudwatch"), name("alarm"), name("shop")
    alarm(twin, called, {"Shop": shop}, [], periods=2)

    def state(value: int, seconds_ago: int) -> str:
        at = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=seconds_ago)
        own = [{"Name": "Shop", "Value": shop}]
        datum = {"MetricName": "Orders", "Dimensions": own, "Value": value, "Timestamp": at}
        cloudwatch.put_metric_data(Namespace="Shop", MetricData=[datum])
        return str(cloudwatch.describe_alarms(AlarmNames=[called])["MetricAlarms"][0]["StateValue"])

    assert state(1, seconds_ago=90) == "OK"
    assert state(100, seconds_ago=5) == "OK"
    assert state(100, seconds_ago=85) == "ALARM"


def forwarder(twin: Twin, *statements: dict[str, Any], service: str = EVENTS, boundary: str = "") -> str:
    iam, called = twin.client("iam"), name("forwarder")
    trust = policy({"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"})
    given = {"PermissionsBoundary": boundary} if boundary else {}
    arn = iam.create_role(RoleName=called, AssumeRolePolicyDocument=trust, **given)["Role"]["Arn"]
    if statements:
        iam.put_role_policy(RoleName=called, PolicyName="it", PolicyDocument=policy(*statements))
    return str(arn)


def test_a_bus_of_another_region_gets_what_the_role_of_the_target_may_send(twin: Twin) -> None:
    """The event arrives with the region that it is of."""
    bus = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
    right = allow(bus, "events:PutEvents")
    narrow = twin.client("iam").create_policy(
        PolicyName=name("boundary"), PolicyDocument=policy(allow("*", "s3:GetObject"))
    )["Policy"]["Arn"]
    roles = {
        "may": forwarder(twin, right),
        "may not": forwarder(twin),
        "of another service": forwarder(twin, right, service="ec2.amazonaws.com"),
        "bounded": forwarder(twin, right, boundary=narrow),
    }
    found = {}
    for what, role in roles.items():
        source = name("shop")
        arn = topic(twin, lets(EVENTS, "sns:Publish", "*", RULES))
        url = listener(twin, arn)
        rule(twin, {"source": [source]}, arn)
        rule(twin, {"source": [source]}, bus, ELSEWHERE, RoleArn=role)
        put(twin, source, ELSEWHERE)
        found[what] = [json.loads(message)["region"] for message in heard(twin, url)]
    assert found == {"may": [ELSEWHERE], "may not": [], "of another service": [], "bounded": []}
