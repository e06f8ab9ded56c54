"""Events of calls: when EventBridge hears of one, and how the record words it, against CloudTrail's user guide."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.twin.corrections.alarms import heard, lets, listener, name, rule, topic, trail
from tests.twin.corrections.server import ACCOUNT, REGION, Twin, allow
from tests.twin.corrections.test_secrets import refused

EVENTS = "events.amazonaws.com"
CALL = "AWS API Call via CloudTrail"


@pytest.fixture(scope="module")
def recorder(twin: Twin) -> str:
    """The queue that hears of every call in both regions, while the trail whose name is given records."""
    arn = topic(twin, lets(EVENTS, "sns:Publish", "*"))
    url = listener(twin, arn)
    rule(twin, {"detail-type": [CALL]}, arn)
    role = twin.client("iam").create_role(
        RoleName="sends-home",
        AssumeRolePolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Principal": {"Service": EVENTS}, "Action": "sts:AssumeRole"}]}
        ),
    )["Role"]["Arn"]  # fmt: skip
    bus = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
    right = json.dumps({"Version": "2012-10-17", "Statement": [allow(bus, "events:PutEvents")]})
    twin.client("iam").put_role_policy(RoleName="sends-home", PolicyName="it", PolicyDocument=right)
    rule(twin, {"detail-type": [CALL]}, bus, "us-east-1", RoleArn=role)
    trail(twin)
    return url


def events(twin: Twin, url: str, do: Callable[[], Any]) -> list[dict[str, Any]]:
    heard(twin, url)
    do()
    return [json.loads(message) for message in heard(twin, url)]


def of(found: list[dict[str, Any]], called: str) -> list[dict[str, Any]]:
    """The records of one operation; reading the queue makes some of its own."""
    return [event["detail"] for event in found if event["detail"]["eventName"] == called]


def test_a_call_that_changes_something_is_told_with_who_and_what(twin: Twin, recorder: str) -> None:
    kms = twin.client("kms", twin.role("somebody", allow("*", "kms:*")), user_agent_extra="my-tool")
    made = kms.create_key()["KeyMetadata"]["KeyId"]
    found = events(twin, recorder, lambda: kms.schedule_key_deletion(KeyId=made, PendingWindowInDays=7))
    (record,) = of(found, "ScheduleKeyDeletion")
    assert (record["eventSource"], record["awsRegion"]) == ("kms.amazonaws.com", REGION)
    assert record["requestParameters"] == {"keyId": made, "pendingWindowInDays": 7}
    assert record["sourceIPAddress"] == "127.0.0.1"
    assert "my-tool" in record["userAgent"]
    who = record["userIdentity"]
    assert who["type"] == "AssumedRole"
    assert who["arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/somebody/test"
    assert who["sessionContext"]["sessionIssuer"]["arn"] == f"arn:aws:iam::{ACCOUNT}:role/somebody"
    assert "errorCode" not in record


def test_root_is_called_root(twin: Twin, recorder: str) -> None:
    found = events(twin, recorder, lambda: twin.client("kms").create_key())
    (record,) = of(found, "CreateKey")
    assert record["userIdentity"]["type"] == "Root"
    assert record["userIdentity"]["arn"] == f"arn:aws:iam::{ACCOUNT}:root"


def test_what_was_refused_is_told_with_the_error(twin: Twin, recorder: str) -> None:
    nobody = twin.client("kms", twin.role("nobody", allow("*", "s3:ListBucket")))
    found = events(twin, recorder, lambda: refused(nobody.create_key))
    (record,) = of(found, "CreateKey")
    assert record["errorCode"] in ("AccessDenied", "AccessDeniedException")


def test_reads_and_data_are_not_told(twin: Twin, recorder: str) -> None:
    s3, called = twin.client("s3"), name("bucket")
    s3.create_bucket(Bucket=called, CreateBucketConfiguration={"LocationConstraint": REGION})

    def reads() -> None:
        twin.client("kms").list_keys()
        twin.client("ec2").describe_vpcs()
        s3.put_object(Bucket=called, Key="a", Body=b"1")
        s3.get_object(Bucket=called, Key="a")
        twin.client("cloudwatch").describe_alarms()

    assert events(twin, recorder, reads) == []


def test_identities_are_told_of_in_us_east_1(twin: Twin, recorder: str) -> None:
    found = events(twin, recorder, lambda: twin.client("iam").create_user(UserName=name("user")))
    (event,) = (one for one in found if one["detail"]["eventName"] == "CreateUser")
    assert (event["region"], event["detail"]["awsRegion"]) == ("us-east-1", "us-east-1")


def test_buckets_and_groups_are_worded_as_cloudtrail_words_them(twin: Twin, recorder: str) -> None:
    s3, ec2, called = twin.client("s3"), twin.client("ec2"), name("bucket")
    s3.create_bucket(Bucket=called, CreateBucketConfiguration={"LocationConstraint": REGION})
    blocks = {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": False,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    }
    vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    group = ec2.create_security_group(GroupName=name("group"), Description="d", VpcId=vpc)["GroupId"]
    world = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}

    def change() -> None:
        s3.put_public_access_block(Bucket=called, PublicAccessBlockConfiguration=blocks)
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[world])

    found = events(twin, recorder, change)
    (block,) = of(found, "PutBucketPublicAccessBlock")
    assert block["requestParameters"]["bucketName"] == called
    assert block["requestParameters"]["PublicAccessBlockConfiguration"]["BlockPublicPolicy"] is False
    (opened,) = of(found, "AuthorizeSecurityGroupIngress")
    (permission,) = opened["requestParameters"]["ipPermissions"]["items"]
    assert permission["ipRanges"]["items"] == [{"cidrIp": "0.0.0.0/0"}]
    (rule_id,) = (one["SecurityGroupRuleId"] for one in ec2.describe_security_group_rules(
        Filters=[{"Name": "group-id", "Values": [group]}])["SecurityGroupRules"] if not one["IsEgress"])  # fmt: skip
    wider = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 22, "CidrIpv4": "0.0.0.0/0"}
    asked = [{"SecurityGroupRuleId": rule_id, "SecurityGroupRule": wider}]
    found = events(twin, recorder, lambda: ec2.modify_security_group_rules(GroupId=group, SecurityGroupRules=asked))
    (changed,) = of(found, "ModifySecurityGroupRules")
    told = changed["requestParameters"]["ModifySecurityGroupRulesRequest"]
    assert told["GroupId"] == group
    assert told["SecurityGroupRule"]["SecurityGroupRule"]["CidrIpv4"] == "0.0.0.0/0"


def test_secrets_are_not_in_a_record(twin: Twin, recorder: str) -> None:
    secret = twin.client("secretsmanager")
    found = events(twin, recorder, lambda: secret.create_secret(Name=name("secret"), SecretString="hunter2"))
    (record,) = of(found, "CreateSecret")
    assert "hunter2" not in json.dumps(record)


def test_nothing_is_told_while_no_trail_records_but_that_it_stopped(twin: Twin, recorder: str) -> None:
    cloudtrail = twin.client("cloudtrail")
    trails = [one["Name"] for one in cloudtrail.describe_trails()["trailList"]]

    def stop() -> None:
        for one in trails:
            cloudtrail.stop_logging(Name=one)
        twin.client("kms").create_key()

    try:
        found = events(twin, recorder, stop)
    finally:
        for one in trails:
            cloudtrail.start_logging(Name=one)
    assert len(of(found, "StopLogging")) == len(trails)
    assert of(found, "CreateKey") == []


def test_root_alone_puts_events_in_the_name_of_aws(twin: Twin, recorder: str) -> None:
    """PutEvents: NotAuthorizedForSourceException, but for what the twin cannot make itself."""
    entry = {"Source": "aws.signin", "DetailType": CALL, "Detail": json.dumps({"eventName": "ConsoleLogin"})}
    bus = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
    somebody = twin.client("events", twin.role("puts-events", allow(bus, "events:PutEvents")))
    (refusal,) = somebody.put_events(Entries=[entry])["Entries"]
    assert refusal["ErrorCode"] == "NotAuthorizedForSourceException"
    found = events(twin, recorder, lambda: twin.client("events").put_events(Entries=[entry]))
    assert len(of(found, "ConsoleLogin")) == 1
