"""The alarms of dev as the program asks for them, on the emulator: what should not happen arrives as a message.

Calls are really made, by a role, while a trail records. What the twin cannot do is put on the bus in AWS' name:
sign-ins, for which it has no console, and RDS' own words of an instance. So are values of metrics; of these there is
every alarm that an environment can have.
"""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from components.monitoring.alarm_metrics import GIB
from components.monitoring.security_events import EVENT_ALARMS
from tests.contracts.providers.aws.driver import Driver, Resource
from tests.contracts.providers.aws.examples import ACCOUNT, REGION, World
from tests.contracts.providers.aws.test_secrets_and_queues_of_the_program import asked, without_tls_denial
from tests.contracts.providers.aws.test_the_program_is_modelled import plain
from tests.support.program import record, recorded
from tests.support.recorder import Recorder
from tests.support.search_domains import with_search_domain
from tests.support.stack_files import ENVIRONMENTS
from tests.unit.monitoring import recorded_events as shapes

ALARM, RULE, TARGET = (
    f"aws:cloudwatch/{name}" for name in ("metricAlarm:MetricAlarm", "eventRule:EventRule", "eventTarget:EventTarget")
)
TOPIC, QUEUE, KEY = "aws:sns/topic:Topic", "aws:sqs/queue:Queue", "aws:kms/key:Key"
ROLE, RIGHTS, POLICY = "aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy", "aws:iam/policy:Policy"
GLOBAL = "us-east-1"
SOMEBODY = "somebody-with-too-many-rights"
PREFIX = "groundwork-dev-"
SILENCE = f"{PREFIX}heartbeat"
WATCHED: dict[str, Any] = {
    "database": {"connections": 60, "free_storage_gib": 1, "cpu_credits": 30, "cpu_percent": 90},
    "registry_events": {"oldest_message_minutes": 60, "dead_letters": True},
    "audit_copy": {"late_minutes": 60},
}
"""Everything that can be: dev leaves most of it out."""
VALUES: dict[str, tuple[float, float]] = {
    "database-connections": (60, 61),
    "database-storage": (1.5 * GIB, 0.9 * GIB),
    "database-cpu-credits": (31, 29),
    "database-cpu": (85, 99),
    "registry-events-wait": (59 * 60, 61 * 60),
    "registry-events-dead": (0, 1),
    "audit-copy-late": (59 * 60, 61 * 60),
    "search-red": (0, 1),
    "search-storage": (60 * 1024, 20 * 1024),
    "search-writes-blocked": (0, 1),
    "search-memory": (80, 95),
    "search-key-error": (0, 1),
    "search-key-inaccessible": (0, 1),
}
"""By alarm a value in order and one that is not, as AWS counts it: bytes, MiB, seconds, per cent."""


@dataclass
class Listener:
    """A queue that is subscribed to the topic."""

    sqs: Any
    url: str

    def heard(self) -> list[dict[str, Any]]:
        """What has arrived since it was asked last: facts of messages of events, CloudWatch's of alarms."""
        found: list[dict[str, Any]] = []
        while messages := self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(json.loads(json.loads(message["Body"])["Message"]))
                self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return found


@dataclass
class Alarms:
    """What was made of the program."""

    topic: Resource
    listener: Listener
    undelivered: Resource
    made: dict[str, Resource]


@cache
def watched() -> Recorder:
    """Dev's program with every alarm on a metric that an environment can have."""
    settings = with_search_domain("dev")
    settings["monitoring"]["alarms"] |= WATCHED
    return record("dev", settings)


def _made(driver: Driver, made: dict[str, Resource], token: str, name: str, **changed: Any) -> Resource:
    """Make a resource of dev, which a refresh finds as it is wanted."""
    return _kept(driver, made, token, name, asked(name) | changed)


def _kept(driver: Driver, made: dict[str, Resource], token: str, name: str, inputs: dict[str, Any]) -> Resource:
    resource = driver.create(token, name, inputs)
    read = driver.read(resource)
    assert read is not None
    assert not driver.diff(read, inputs).paths
    made[name] = resource
    return resource


@pytest.fixture(scope="module")
def alarms(driver: Driver, world: World) -> Iterator[Alarms]:
    made: dict[str, Resource] = {}
    key = driver.create(KEY, "keys-confidential", asked("keys-confidential")).outputs["arn"]
    topic = _made(driver, made, TOPIC, "alarms-topic", kmsMasterKeyId=key)
    arn = topic.outputs["arn"]
    undelivered, away = (
        _made(driver, made, QUEUE, name, policy=without_tls_denial(asked(name)["policy"]))
        for name in ("alarms-undelivered", "alarms-undelivered-global")
    )
    boundary = driver.create(POLICY, "alarms-boundary", asked("boundary-policy") | {"name": world.name("boundary")})
    role = _made(driver, made, ROLE, "alarms-role", permissionsBoundary=boundary.outputs["arn"])
    _made(driver, made, RIGHTS, "alarms-rights", role=role.outputs["name"])
    for one in watched().of_type(ALARM):
        _kept(driver, made, ALARM, one.name, plain(one.inputs) | {"alarmActions": [arn], "okActions": [arn]})
    for event in EVENT_ALARMS:
        name = f"alarms-{event.name}"
        rule = _made(driver, made, RULE, name)
        dead = {"arn": undelivered.outputs["arn"]}
        wired = {"rule": rule.outputs["name"], "arn": arn, "deadLetterConfig": dead}
        _made(driver, made, TARGET, f"{name}-target", **wired)
        if event.everywhere:
            rule = _made(driver, made, RULE, f"{name}-global")
            dead = {"arn": away.outputs["arn"]}
            wired = {"rule": rule.outputs["name"], "roleArn": role.outputs["arn"], "deadLetterConfig": dead}
            _made(driver, made, TARGET, f"{name}-global-target", **wired)
    _trail(world)
    yield Alarms(topic, _listener(world, arn), undelivered, made)
    for resource in reversed(made.values()):  # the trail stays: other files of this worker find no rule any more
        driver.delete(resource)


def _listener(world: World, topic: str) -> Listener:
    sqs, name = world.client("sqs"), world.name("heard")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    world.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    return Listener(sqs, url)


def _trail(world: World) -> None:
    bucket, name = world.name("trail-of-alarms"), world.name("trail")
    world.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    world.client("cloudtrail").create_trail(Name=name, S3BucketName=bucket, IsMultiRegionTrail=True)
    world.client("cloudtrail").start_logging(Name=name)


@pytest.fixture(scope="module")
def somebody(world: World, alarms: Alarms) -> Callable[[str], Any]:
    """Clients of a role that may do anything, as people have them where nobody looks."""
    return _role(world, SOMEBODY)


@pytest.fixture(scope="module")
def pipeline(world: World, alarms: Alarms) -> Callable[[str], Any]:
    """Clients of the role that the program takes for the pipeline's."""
    return _role(world, "groundwork-dev-github-deploy")


def _role(world: World, name: str) -> Callable[[str], Any]:
    iam = world.client("iam")
    root = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    trust = {"Statement": [{"Effect": "Allow", "Principal": root, "Action": "sts:AssumeRole"}]}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [everything]})
    iam.put_role_policy(RoleName=name, PolicyName="everything", PolicyDocument=document)
    taken = world.client("sts").assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{name}", RoleSessionName="test")
    given = taken["Credentials"]

    def client(service: str) -> Any:
        return boto3.client(
            service,
            region_name=world.region,
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
        )

    return client


def told(alarms: Alarms, do: Callable[[], Any]) -> list[dict[str, Any]]:
    """The events that arrive because of this and nothing else."""
    return [one for one in _heard(alarms, do) if "AlarmName" not in one]


def states(alarms: Alarms, name: str, do: Callable[[], Any]) -> list[dict[str, Any]]:
    """What arrives because of this of an alarm of CloudWatch."""
    return [one for one in _heard(alarms, do) if one.get("AlarmName") == name]


def _heard(alarms: Alarms, do: Callable[[], Any]) -> list[dict[str, Any]]:
    alarms.listener.heard()
    do()
    return alarms.listener.heard()


def as_aws(world: World, event: dict[str, Any], region: str = REGION) -> None:
    """Put an event of AWS' own on a bus."""
    events = boto3.client("events", region_name=region)
    entry = {
        "Source": event["source"],
        "DetailType": event["detail-type"],
        "Detail": json.dumps(event["detail"]),
        "Resources": event["resources"],
    }
    assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0


def _prepared(world: World) -> dict[str, str]:
    """What somebody can do harm to."""
    ec2, s3 = world.client("ec2"), world.client("s3")
    bucket = world.name("harmed")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    group = ec2.create_security_group(GroupName=world.name("group"), Description="d", VpcId=vpc)["GroupId"]
    key = world.client("kms").create_key()["KeyMetadata"]["KeyId"]
    return {"bucket": bucket, "group": group, "key": key}


@pytest.fixture(scope="module")
def victims(world: World, alarms: Alarms) -> dict[str, str]:
    return _prepared(world)


def _harm(name: str, somebody: Callable[[str], Any], victims: dict[str, str], world: World) -> Any:
    """Do what an alarm is for; returns the fact of its message that says on what."""
    match name:
        case "identity-changes":
            made = world.name("backdoor")
            somebody("iam").create_user(UserName=made)
            return "user", made
        case "keys-endangered":
            somebody("kms").schedule_key_deletion(KeyId=victims["key"], PendingWindowInDays=7)
            return "key", victims["key"]
        case "bucket-exposed":
            somebody("s3").delete_public_access_block(Bucket=victims["bucket"])
            return "bucket", victims["bucket"]
        case "network-opened":
            ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
            somebody("ec2").authorize_security_group_ingress(GroupId=victims["group"], IpPermissions=[ssh])
            return "group", victims["group"]
        case "database-exposed":
            # Refused, since there is none of the name: an attempt is told of too.
            with pytest.raises(ClientError):
                somebody("rds").modify_db_instance(DBInstanceIdentifier="harmed", PubliclyAccessible=True)
            return "database", "harmed"
        case "trail-changed":
            trail = world.client("cloudtrail").describe_trails()["trailList"][0]["Name"]
            somebody("cloudtrail").stop_logging(Name=trail)
            world.client("cloudtrail").start_logging(Name=trail)
            return "trail", trail
        case "audit-copy-changed":
            group = f"/aws/eks/{world.name('harmed')}/cluster"
            world.client("logs").create_log_group(logGroupName=group)
            somebody("logs").delete_log_group(logGroupName=group)
            return "group", group
        case "alarms-changed":
            events = world.client("events")
            events.put_rule(Name="groundwork-dev-other", EventPattern='{"source": ["x"]}')
            somebody("events").delete_rule(Name="groundwork-dev-other")
            return "rule", "groundwork-dev-other"
    raise NotImplementedError(name)


CALLS = (
    "identity-changes",
    "keys-endangered",
    "bucket-exposed",
    "network-opened",
    "database-exposed",
    "trail-changed",
    "audit-copy-changed",
    "alarms-changed",
)


@pytest.mark.parametrize("name", CALLS)
def test_what_somebody_does_arrives_with_who_what_and_runbook(
    name: str, alarms: Alarms, somebody: Any, victims: dict[str, str], world: World
) -> None:
    harmed: list[Any] = []
    heard = told(alarms, lambda: harmed.append(_harm(name, somebody, victims, world)))
    (alarm,) = (one for one in EVENT_ALARMS if one.name == name)
    (message,) = (one for one in heard if one.get("alarm") == alarm.title)
    assert message["who"].startswith(f"arn:aws:sts::{ACCOUNT}:assumed-role/{SOMEBODY}/")
    assert message["kind"] == "AssumedRole"
    assert message["what"]
    assert message["when"]
    assert message["region"] == (GLOBAL if alarm.everywhere else REGION)
    assert message["address"] == "127.0.0.1"
    assert message["runbook"].endswith(f"/aws-{name}.md")
    assert message["severity"] == alarm.severity
    ((fact, value),) = harmed
    assert message[fact] == value


def test_the_use_of_root_arrives(alarms: Alarms, world: World) -> None:
    heard = told(alarms, lambda: world.client("ec2").create_vpc(CidrBlock="10.8.0.0/16"))
    (message,) = heard
    assert message["alarm"] == "The account's root user was used"
    assert (message["who"], message["what"]) == (f"arn:aws:iam::{ACCOUNT}:root", "CreateVpc")


def test_what_only_reads_or_is_in_order_does_not_arrive(
    alarms: Alarms, somebody: Any, pipeline: Any, victims: dict[str, str], world: World
) -> None:
    private = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}

    def in_order() -> None:
        somebody("kms").describe_key(KeyId=victims["key"])
        somebody("iam").tag_role(RoleName=SOMEBODY, Tags=[{"Key": "a", "Value": "b"}])
        somebody("ec2").authorize_security_group_ingress(GroupId=victims["group"], IpPermissions=[private])
        somebody("s3").put_object(Bucket=victims["bucket"], Key="data", Body=b"1")
        pipeline("iam").create_user(UserName=world.name("reviewed"))

    assert told(alarms, in_order) == []


def test_a_failed_sign_in_is_sent_home_and_a_good_one_is_not(alarms: Alarms, world: World) -> None:
    failed = shapes.sign_in("Failure", errorMessage="Failed authentication")
    (message,) = told(alarms, lambda: as_aws(world, failed, GLOBAL))
    assert message["alarm"] == "Somebody could not sign in to the console"
    assert (message["user"], message["because"]) == ("alice", "Failed authentication")
    assert message["region"] == GLOBAL
    assert told(alarms, lambda: as_aws(world, shapes.sign_in("Success"), GLOBAL)) == []


def test_root_that_signs_in_arrives_once(alarms: Alarms, world: World) -> None:
    (message,) = told(alarms, lambda: as_aws(world, shapes.sign_in("Success", shapes.ROOT), GLOBAL))
    assert (message["kind"], message["what"]) == ("Root", "ConsoleLogin")


def test_what_rds_says_of_the_database_arrives(alarms: Alarms, world: World) -> None:
    (message,) = told(alarms, lambda: as_aws(world, shapes.of_database("failover", "Failover completed")))
    assert (message["what"], message["database"]) == ("Failover completed", "groundwork-dev-registry")
    assert told(alarms, lambda: as_aws(world, shapes.of_database("backup", "Backing up"))) == []


def test_every_alarm_on_a_metric_has_values_here() -> None:
    names = {one.inputs["name"].removeprefix(PREFIX) for one in watched().of_type(ALARM)}
    assert names == {*VALUES, "heartbeat"}
    for environment in ENVIRONMENTS:
        prefix = f"groundwork-{environment}-"
        assert names >= {one.inputs["name"].removeprefix(prefix) for one in recorded(environment).of_type(ALARM)}


@pytest.mark.parametrize("name", VALUES)
def test_a_value_out_of_order_is_told_and_that_it_is_over(name: str, alarms: Alarms, world: World) -> None:
    cloudwatch, alarm = world.client("cloudwatch"), f"{PREFIX}{name}"
    (held,) = cloudwatch.describe_alarms(AlarmNames=[alarm])["MetricAlarms"]
    own = {one["Name"]: one["Value"] for one in held["Dimensions"]}
    good, bad = VALUES[name]

    def heard(value: float, dimensions: dict[str, str]) -> list[dict[str, Any]]:
        """What is told of a value in each period that the alarm looks at."""
        minutes = [2 + number * held["Period"] / 60 for number in range(held["EvaluationPeriods"])]
        return states(alarms, alarm, lambda: put(world, held, value, dimensions, *minutes))

    for key in own:
        strange = heard(bad, own | {key: "another"})
        assert "ALARM" not in [one["NewStateValue"] for one in strange], f"it is about one {key}"
    assert "ALARM" not in [one["NewStateValue"] for one in heard(good, own)]
    (told,) = heard(bad, own)
    assert told["NewStateValue"] == "ALARM"
    assert f"/aws-{name}.md" in told["AlarmDescription"]

    def over() -> None:
        cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="OK", StateReason="over")

    # Its values ask for another state, which it has as soon as they are looked at.
    assert states(alarms, alarm, over)[0]["NewStateValue"] == "OK"


def test_silence_of_the_heartbeat_is_told(alarms: Alarms, world: World) -> None:
    """The last beat is a quarter of an hour ago but for some seconds; a later one is another topic's."""
    cloudwatch = world.client("cloudwatch")
    (held,) = cloudwatch.describe_alarms(AlarmNames=[SILENCE])["MetricAlarms"]
    (dimension,) = held["Dimensions"]
    minutes = held["EvaluationPeriods"] * held["Period"] / 60
    assert minutes == 15
    beat = states(alarms, SILENCE, lambda: put(world, held, 1, {dimension["Name"]: SILENCE}, minutes - 0.5))
    assert [one["NewStateValue"] for one in beat] == ["OK"]
    assert states(alarms, SILENCE, lambda: put(world, held, 1, {dimension["Name"]: "another"}, 0)) == []

    end, told = time.monotonic() + 90, list[dict[str, Any]]()
    while not told and time.monotonic() < end:
        time.sleep(1)
        cloudwatch.describe_alarms(AlarmNames=[SILENCE])
        told = [one for one in alarms.listener.heard() if one.get("AlarmName") == SILENCE]
    assert [one["NewStateValue"] for one in told] == ["ALARM"]
    assert "/watchdog.md" in told[0]["AlarmDescription"]


def put(world: World, alarm: dict[str, Any], value: float, dimensions: dict[str, str], *minutes: float) -> None:
    """Put a value of an alarm's metric, of so many minutes ago, and let alarms be looked at."""
    now = datetime.datetime.now(datetime.UTC)
    data = [
        {
            "MetricName": alarm["MetricName"],
            "Dimensions": [{"Name": key, "Value": one} for key, one in dimensions.items()],
            "Value": value,
            "Timestamp": now - datetime.timedelta(minutes=ago),
        }
        for ago in minutes
    ]
    world.client("cloudwatch").put_metric_data(Namespace=alarm["Namespace"], MetricData=data)


def test_nobody_else_publishes(alarms: Alarms, somebody: Any, world: World) -> None:
    with pytest.raises(ClientError) as error:
        somebody("sns").publish(TopicArn=alarms.topic.outputs["arn"], Message=json.dumps({"alarm": "all is well"}))
    assert error.value.response["Error"]["Code"] in ("AuthorizationError", "AccessDenied")
    assert not [one for one in alarms.listener.heard() if one.get("alarm") == "all is well"]


def test_what_cannot_be_delivered_is_kept(alarms: Alarms, somebody: Any, world: World, victims: dict[str, str]) -> None:
    """As where somebody has broken the topic's policy: the event waits, as it came."""
    sns, arn = world.client("sns"), alarms.topic.outputs["arn"]
    policy = sns.get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"]
    sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy.replace("events.", "s3."))
    try:
        assert told(alarms, lambda: as_aws(world, shapes.of_database("failover", "Failover completed"))) == []
    finally:
        sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)
    kept = Listener(world.client("sqs"), alarms.undelivered.id)
    bodies = []
    while messages := kept.sqs.receive_message(QueueUrl=kept.url, MaxNumberOfMessages=10).get("Messages"):
        for one in messages:
            bodies.append(json.loads(one["Body"]))
            kept.sqs.delete_message(QueueUrl=kept.url, ReceiptHandle=one["ReceiptHandle"])
    assert "Failover completed" in [one["detail"].get("Message") for one in bodies]
