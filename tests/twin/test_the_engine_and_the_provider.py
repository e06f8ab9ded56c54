"""The real engine and the twin's AWS provider: what people do with Pulumi, each step read back by plain boto3."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.engine import TRUST, Engine, steps
from twin.account import Account
from twin.aws.faults import Fault, plan

INTERRUPTED_SECONDS = 90.0
"""How long an engine may take to end that was asked to."""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A twin of its own, with no program yet."""
    made = Engine.make(tmp_path_factory.mktemp("engine") / "project")
    yield made
    made.project.stop()


def vpcs(aws: Account, name: str) -> list[dict[str, Any]]:
    """The VPCs of that name."""
    answer = aws.client("ec2").describe_vpcs(Filters=[{"Name": "tag:Name", "Values": [name]}])
    found: list[dict[str, Any]] = answer["Vpcs"]
    return found


def code_of(operation: Any, **parameters: Any) -> str:
    """The error code of a call that AWS refuses."""
    with pytest.raises(ClientError) as refused:
        operation(**parameters)
    return str(refused.value.response["Error"]["Code"])


# --- import


def test_what_was_made_by_hand_is_imported_and_its_program_changes_nothing(engine: Engine) -> None:
    made = by_hand(engine.aws)
    engine.up("")
    urn = engine.state()["aws"]["urn"]
    file = engine.project.root / "by-hand.json"
    resources = [{"type": token, "name": name, "id": made[name], "provider": "aws"} for name, token in IMPORTED.items()]
    file.write_text(json.dumps({"nameTable": {"aws": urn}, "resources": resources}))
    engine.pulumi("import", "--file", str(file), "--generate-code=false", "--protect=false", "--yes", "--skip-preview")
    assert {name: engine.state()[name]["id"] for name in IMPORTED} == {name: made[name] for name in IMPORTED}
    engine.declare(BY_HAND)
    engine.no_change()
    engine.declare(BY_HAND.replace("retention_in_days=7", "retention_in_days=14"))
    assert "retentionInDays: 7 => 14" in engine.pulumi("preview", "--diff").stdout, "another program is a change"


IMPORTED = {
    "bucket": "aws:s3/bucket:Bucket",
    "key": "aws:kms/key:Key",
    "role": "aws:iam/role:Role",
    "network": "aws:ec2/vpc:Vpc",
    "subnet-a": "aws:ec2/subnet:Subnet",
    "subnet-b": "aws:ec2/subnet:Subnet",
    "group": "aws:ec2/securityGroup:SecurityGroup",
    "log": "aws:cloudwatch/logGroup:LogGroup",
    "subnets": "aws:rds/subnetGroup:SubnetGroup",
    "parameters": "aws:rds/parameterGroup:ParameterGroup",
    "rule": "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
}

BY_HAND = """\
s3.Bucket("bucket", bucket="made-by-hand-1", opts=on_aws())
kms.Key("key", description="by hand", opts=on_aws())
iam.Role("role", name="by-hand", assume_role_policy=trust, description="by hand", opts=on_aws())
network = ec2.Vpc("network", cidr_block="10.9.0.0/16", tags={"Name": "by hand"}, opts=on_aws())
subnets = [
    ec2.Subnet(
        f"subnet-{zone}", vpc_id=network.id, cidr_block=f"10.9.{i}.0/24", availability_zone=f"eu-west-1{zone}",
        opts=on_aws(),
    )
    for i, zone in enumerate("ab")
]
group = ec2.SecurityGroup("group", name="by-hand", description="by hand", vpc_id=network.id, opts=on_aws())
cloudwatch.LogGroup("log", name="/by/hand", retention_in_days=7, opts=on_aws())
rds.SubnetGroup(
    "subnets", name="by-hand", description="by hand", subnet_ids=[subnet.id for subnet in subnets], opts=on_aws()
)
rds.ParameterGroup(
    "parameters", name="by-hand", family="postgres17", description="by hand",
    parameters=[{"name": "log_statement", "value": "ddl"}], opts=on_aws(),
)
vpc.SecurityGroupIngressRule(
    "rule", security_group_id=group.id, ip_protocol="tcp", from_port=443, to_port=443, cidr_ipv4="10.0.0.0/8",
    description="by hand", opts=on_aws(),
)
"""


def by_hand(aws: Account) -> dict[str, str]:
    """Make all of `IMPORTED` by boto3; returns their ids."""
    ec2, rds = aws.client("ec2"), aws.client("rds")
    aws.client("s3").create_bucket(
        Bucket="made-by-hand-1", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    key = aws.client("kms").create_key(Description="by hand")["KeyMetadata"]["KeyId"]
    aws.client("iam").create_role(RoleName="by-hand", AssumeRolePolicyDocument=TRUST, Description="by hand")
    network = ec2.create_vpc(
        CidrBlock="10.9.0.0/16",
        TagSpecifications=[{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": "by hand"}]}],
    )["Vpc"]["VpcId"]
    subnet_ids = [
        ec2.create_subnet(VpcId=network, CidrBlock=f"10.9.{i}.0/24", AvailabilityZone=f"eu-west-1{zone}")["Subnet"][
            "SubnetId"
        ]
        for i, zone in enumerate("ab")
    ]
    aws.client("logs").create_log_group(logGroupName="/by/hand")
    aws.client("logs").put_retention_policy(logGroupName="/by/hand", retentionInDays=7)
    rds.create_db_subnet_group(DBSubnetGroupName="by-hand", DBSubnetGroupDescription="by hand", SubnetIds=subnet_ids)
    rds.create_db_parameter_group(
        DBParameterGroupName="by-hand", DBParameterGroupFamily="postgres17", Description="by hand"
    )
    ddl = {"ParameterName": "log_statement", "ParameterValue": "ddl", "ApplyMethod": "immediate"}
    rds.modify_db_parameter_group(DBParameterGroupName="by-hand", Parameters=[ddl])
    group = ec2.create_security_group(GroupName="by-hand", Description="by hand", VpcId=network)["GroupId"]
    https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    rule = ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[https | {"IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "by hand"}]}],
    )["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    return {
        "bucket": "made-by-hand-1",
        "key": key,
        "role": "by-hand",
        "network": network,
        "subnet-a": subnet_ids[0],
        "subnet-b": subnet_ids[1],
        "group": group,
        "log": "/by/hand",
        "subnets": "by-hand",
        "parameters": "by-hand",
        "rule": rule,
    }


# --- replacement, ignoreChanges, default tags

REPLACED = """\
ec2.Vpc("network", cidr_block="{cidr}", tags={{"Name": "replaced"}}, opts=on_aws())
ec2.Vpc("careful", cidr_block="{cidr}", tags={{"Name": "careful"}}, opts=on_aws(delete_before_replace=True))
s3.Bucket("renamed", bucket="{bucket}", opts=on_aws())
s3.Bucket("locked", bucket="locked-1", object_lock_enabled={locked}, opts=on_aws())
"""


def test_what_cannot_change_is_replaced_in_the_order_that_it_needs(engine: Engine) -> None:
    s3 = engine.aws.client("s3")
    engine.up(REPLACED.format(cidr="10.1.0.0/16", bucket="name-one", locked=False))
    before = {name: vpcs(engine.aws, name) for name in ("replaced", "careful")}
    assert [vpc["CidrBlock"] for found in before.values() for vpc in found] == ["10.1.0.0/16"] * 2
    s3.head_bucket(Bucket="name-one")
    assert code_of(s3.get_object_lock_configuration, Bucket="locked-1") == "ObjectLockConfigurationNotFoundError"

    order = engine.up(REPLACED.format(cidr="10.2.0.0/16", bucket="name-two", locked=True))

    for name in before:
        after = vpcs(engine.aws, name)
        assert [vpc["CidrBlock"] for vpc in after] == ["10.2.0.0/16"]
        assert after[0]["VpcId"] != before[name][0]["VpcId"]
    s3.head_bucket(Bucket="name-two")
    assert code_of(s3.head_bucket, Bucket="name-one") == "404"
    locked = s3.get_object_lock_configuration(Bucket="locked-1")["ObjectLockConfiguration"]
    assert locked["ObjectLockEnabled"] == "Enabled"
    for name in ("network", "renamed"):
        assert order.index(("create-replacement", name)) < order.index(("delete-replaced", name))
    # By the program's wish; and because the name must be free first, as the provider says.
    for name in ("careful", "locked"):
        assert order.index(("delete-replaced", name)) < order.index(("create-replacement", name))
    engine.no_change()


IGNORED = """\
cloudwatch.LogGroup("kept", name="/kept", retention_in_days={days}, opts=on_aws(ignore_changes=["retentionInDays"]))
cloudwatch.LogGroup("changed", name="/changed", retention_in_days={days}, opts=on_aws())
iam.Role("kept-role", name="kept", assume_role_policy=trust, tags={{"days": "{days}"}},
         opts=on_aws(ignore_changes=["tags", "tagsAll"]))
"""


def test_what_the_program_ignores_stays_as_it_is(engine: Engine) -> None:
    engine.up(IGNORED.format(days=7))
    assert engine.up(IGNORED.format(days=14)) == [("update", "changed")]
    groups = engine.aws.client("logs").describe_log_groups()["logGroups"]
    retention = {group["logGroupName"]: group.get("retentionInDays") for group in groups}
    assert (retention["/kept"], retention["/changed"]) == (7, 14)
    tags = engine.aws.client("iam").list_role_tags(RoleName="kept")["Tags"]
    assert tags == [{"Key": "days", "Value": "7"}]


TAGGED = """\
s3.Bucket("bucket", bucket="tagged-1", opts=on_aws())
kms.Key("key", description="tagged", opts=on_aws())
iam.Role("role", name="tagged", assume_role_policy=trust, tags={"owner": "its own"}, opts=on_aws())
ec2.Vpc("network", cidr_block="10.3.0.0/16", tags={"Name": "tagged"}, opts=on_aws())
cloudwatch.LogGroup("log", name="/tagged", opts=on_aws())
"""


def test_a_change_of_the_default_tags_reaches_every_tagged_resource(engine: Engine) -> None:
    engine.up(TAGGED, 'default_tags={"tags": {"owner": "one", "dropped": "soon"}}')
    assert all(tags["dropped"] == "soon" for tags in tags_of(engine).values())

    done = engine.up(TAGGED, 'default_tags={"tags": {"owner": "two", "added": "since"}}')
    assert set(done) >= {("update", name) for name in ("bucket", "key", "role", "network", "log")}
    assert {operation for operation, _ in done} == {"update"}
    defaults = {"owner": "two", "added": "since"}
    assert tags_of(engine) == {
        "bucket": defaults,
        "key": defaults,
        "role": {**defaults, "owner": "its own"},
        "network": {**defaults, "Name": "tagged"},
        "log": defaults,
    }
    engine.no_change()


def tags_of(engine: Engine) -> dict[str, dict[str, str]]:
    """The tags that AWS has of the resources of `TAGGED`."""
    state, aws = engine.state(), engine.aws

    def plain(pairs: Sequence[Mapping[str, str]], key: str = "Key", value: str = "Value") -> dict[str, str]:
        return {pair[key]: pair[value] for pair in pairs}

    key = aws.client("kms").list_resource_tags(KeyId=state["key"]["id"])["Tags"]
    arn = aws.client("logs").describe_log_groups(logGroupNamePrefix="/tagged")["logGroups"][0]["arn"]
    return {
        "bucket": plain(aws.client("s3").get_bucket_tagging(Bucket="tagged-1")["TagSet"]),
        "key": plain(key, "TagKey", "TagValue"),
        "role": plain(aws.client("iam").list_role_tags(RoleName="tagged")["Tags"]),
        "network": plain(vpcs(aws, "tagged")[0]["Tags"]),
        "log": aws.client("logs").list_tags_for_resource(resourceArn=arn.removesuffix(":*"))["tags"],
    }


# --- what is refused


@pytest.mark.parametrize(
    ("program", "settings", "said"),
    [
        pytest.param(
            's3.Bucket("b", acceleration_status="Enabled", opts=on_aws())',
            "",
            ("aws:s3/bucket:Bucket", "accelerationStatus"),
            id="a property",
        ),
        pytest.param(
            'pulumi.CustomResource("aws:dynamodb/table:Table", "t", {}, opts=on_aws())',
            "",
            ("aws:dynamodb/table:Table", "twin/providers/aws/types/dynamodb.py"),
            id="a type",
        ),
        pytest.param(
            's3.Bucket("b", opts=on_aws())',
            'allowed_account_ids=["111111111111"]',
            ("AWS account ID not allowed: ", "aws:allowedAccountIds allows 111111111111"),
            id="an account",
        ),
    ],
)
def test_what_the_provider_does_not_take_is_named(
    engine: Engine, program: str, settings: str, said: tuple[str, ...]
) -> None:
    told = engine.refused(program, settings)
    for words in said:
        assert words in told


# --- Ctrl-C

SLOW = """\
ec2.Vpc("throttled", cidr_block="10.4.0.0/16", tags={{"Name": "{name}"}}, opts=on_aws())
rds.Instance(
    "database", identifier="{name}", engine="postgres", engine_version="17", instance_class="db.t4g.micro",
    allocated_storage=20, username="master", password="correct horse 1", skip_final_snapshot=True, opts=on_aws(),
)
"""


@pytest.mark.parametrize(
    ("name", "interrupt"),
    [
        pytest.param("by-kill", os.kill, id="the engine alone, which then cancels the provider's calls"),
        pytest.param("by-terminal", os.killpg, id="all of its processes, as Ctrl-C does"),
    ],
)
def test_an_up_that_is_interrupted_ends_within_seconds_and_the_next_one_finishes(
    name: str, interrupt: Callable[[int, int], None], engine: Engine
) -> None:
    twin, program = engine.project.root / ".twin", SLOW.format(name=name)
    engine.up("")
    engine.declare(program)
    plan(twin, [Fault("ec2", "CreateVpc", "throttled", times=10_000)])
    running, log = engine.begin_up()
    try:
        deadline = time.monotonic() + 60
        while not database(engine.aws, name) or ("create", "throttled") not in steps(log):
            assert running.poll() is None, log.with_suffix(".out").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        interrupt(running.pid, signal.SIGINT)
        asked = time.monotonic()
        running.wait(timeout=180)
        assert time.monotonic() - asked < INTERRUPTED_SECONDS
        assert running.returncode != 0
        assert "stopped while waiting, as you asked" in log.with_suffix(".out").read_text()
    finally:
        plan(twin, [])
        running.kill()
        running.wait()
    assert "throttled" not in engine.state()
    assert vpcs(engine.aws, name) == []
    first = database(engine.aws, name)

    engine.up(program)
    assert len(vpcs(engine.aws, name)) == 1
    now = database(engine.aws, name)
    assert [entry["DBInstanceStatus"] for entry in now] == ["available"]
    assert now[0]["DbiResourceId"] == first[0]["DbiResourceId"] == engine.state()["database"]["id"]
    engine.no_change()


def database(aws: Account, identifier: str) -> list[dict[str, Any]]:
    """The DB instance of that identifier, if there is one."""
    there: list[dict[str, Any]] = aws.client("rds").describe_db_instances()["DBInstances"]
    return [entry for entry in there if entry["DBInstanceIdentifier"] == identifier]


# --- secrets, refresh


def test_a_secret_input_stays_a_secret_in_the_state(engine: Engine) -> None:
    engine.up(
        's3.Bucket("bucket", bucket="secretive-1", tags={"token": pulumi.Output.secret("open sesame")}, opts=on_aws())'
    )
    tags = engine.aws.client("s3").get_bucket_tagging(Bucket="secretive-1")["TagSet"]
    assert tags == [{"Key": "token", "Value": "open sesame"}]
    assert "open sesame" not in engine.pulumi("stack", "export").stdout
    bucket = engine.state()["bucket"]
    for held in (bucket["inputs"]["tags"], bucket["outputs"]["tags"], bucket["outputs"]["tagsAll"]):
        assert "ciphertext" in json.dumps(held)
    assert "open sesame" in engine.pulumi("stack", "export", "--show-secrets").stdout
    engine.no_change()


def test_what_somebody_deleted_leaves_the_state_by_a_refresh_and_is_made_again(engine: Engine) -> None:
    logs = engine.aws.client("logs")
    program = 'cloudwatch.LogGroup("log", name="/deleted", retention_in_days=7, opts=on_aws())'
    engine.up(program)
    logs.delete_log_group(logGroupName="/deleted")
    engine.pulumi("refresh", "--yes", "--skip-preview")
    assert "log" not in engine.state()
    assert engine.up(program) == [("create", "log")]
    found = logs.describe_log_groups(logGroupNamePrefix="/deleted")["logGroups"]
    assert [group["retentionInDays"] for group in found] == [7]
