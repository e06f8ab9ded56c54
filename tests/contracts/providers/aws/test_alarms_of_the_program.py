"""The alarms of dev as the program asks for them, on the emulator: what should not happen arrives as a message.

Calls are really made, by a role, while a trail records. What the twin cannot do is put on the bus in AWS' name:
sign-ins, for which it has no console, and RDS' own words of an instance.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from components.monitoring.security_events import EVENT_ALARMS
from tests.contracts.providers.aws.driver import Driver, Resource
from tests.contracts.providers.aws.examples import ACCOUNT, REGION, World
from tests.contracts.providers.aws.test_secrets_and_queues_of_the_program import asked, without_tls_denial
from tests.support.program import record, recorded
from tests.support.search_domains import with_search_domain
from tests.support.stack_files import written
from tests.unit.monitoring import recorded_events as shapes

ALARM, RULE, TARGET = (
    f"aws:cloudwatch/{name}" for name in ("metricAlarm:MetricAlarm", "eventRule:EventRule", "eventTarget:EventTarget")
)
TOPIC, QUEUE, KEY = "aws:sns/topic:Topic", "aws:sqs/queue:Queue", "aws:kms/key:Key"
ROLE, RIGHTS, POLICY = "aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy", "aws:iam/policy:Policy"
GLOBAL = "us-east-1"
OWNER = written("dev")["account_id"]
SOMEBODY = "somebody-with-too-many-rights"


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


def _made(driver: Driver, made: dict[str, Resource], token: str, name: str, **changed: Any) -> Resource:
    """Make a resource, which a refresh finds as it is wanted."""
    inputs = asked(name) | changed
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
    for one in recorded("dev").of_type(ALARM):
        _made(driver, made, ALARM, one.name, alarmActions=[arn], okActions=[arn])
    searched = record("dev", with_search_domain("dev")).one("alarms-search-storage")
    made[searched.name] = driver.create(
        ALARM, searched.name, searched.inputs | {"alarmActions": [arn], "okActions": [arn]}
    )
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


def test_an_alarm_tells_of_its_beginning_and_its_end(alarms: Alarms, world: World) -> None:
    cloudwatch = world.client("cloudwatch")
    name = "groundwork-dev-database-connections"

    def value(identifier: str, connections: int) -> None:
        """In two periods of five minutes, as the alarm wants it."""
        now = datetime.datetime.now(datetime.UTC)
        data = [
            {
                "MetricName": "DatabaseConnections",
                "Dimensions": [{"Name": "DBInstanceIdentifier", "Value": identifier}],
                "Value": connections,
                "Timestamp": now - datetime.timedelta(minutes=minutes),
            }
            for minutes in (7, 2)
        ]
        cloudwatch.put_metric_data(Namespace="AWS/RDS", MetricData=data)
        cloudwatch.describe_alarms(AlarmNames=[name])

    strange = states(alarms, name, lambda: value("another-database", 1000))
    assert not strange, "it watches one database"
    beginning = states(alarms, name, lambda: value("groundwork-dev-registry", 1000))
    assert [one["NewStateValue"] for one in beginning] == ["ALARM"]
    assert "aws-database-connections.md" in beginning[0]["AlarmDescription"]

    def over() -> None:
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="over")

    # Its values ask for another state, which it has as soon as they are looked at.
    assert states(alarms, name, over)[0]["NewStateValue"] == "OK"


def test_a_data_node_without_room_for_logs_is_told_of(alarms: Alarms, world: World) -> None:
    cloudwatch = world.client("cloudwatch")
    name = "groundwork-dev-search-storage"

    def free(domain: str, mib: int) -> None:
        dimensions = {"DomainName": domain, "ClientId": OWNER}
        cloudwatch.put_metric_data(
            Namespace="AWS/ES",
            MetricData=[
                {
                    "MetricName": "FreeStorageSpace",
                    "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
                    "Value": mib,
                    "Timestamp": datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=2),
                }
            ],
        )
        cloudwatch.describe_alarms(AlarmNames=[name])

    def heard(domain: str, mib: int) -> list[str]:
        return [one["NewStateValue"] for one in states(alarms, name, lambda: free(domain, mib))]

    assert "ALARM" not in heard("another-domain", 1)
    assert "ALARM" not in heard("groundwork-dev-logs", 60 * 1024)
    assert heard("groundwork-dev-logs", 20 * 1024)[-1:] == ["ALARM"]


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
