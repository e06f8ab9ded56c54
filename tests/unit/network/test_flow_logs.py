"""Decides what is asked of the flow logs and of the role that writes them."""

import json

from tests.support.recorder import ACCOUNT_ID, Recorder
from tests.unit.network.conftest import BOUNDARY, LOGS_KEY, Build


def test_every_connection_is_recorded_in_an_encrypted_group_with_retention(build: Build, recorder: Recorder) -> None:
    build(flow_log_retention_days=400)
    group = recorder.one("network-flow-logs-log-group").inputs
    assert (group["kmsKeyId"], group["retentionInDays"]) == (LOGS_KEY, 400)
    log = recorder.one("network-flow-logs-flow-log").inputs
    assert (log["vpcId"], log["trafficType"]) == ("network-vpc-id", "ALL")
    assert log["logDestination"].endswith(f":log-group:{group['name']}")
    assert log["iamRoleArn"].endswith(":role/groundwork-dev-network-flow-logs")


def test_only_the_flow_logs_of_this_account_may_take_the_role(build: Build, recorder: Recorder) -> None:
    build()
    (trust,) = json.loads(recorder.one("network-flow-logs-role").inputs["assumeRolePolicy"])["Statement"]
    assert trust["Principal"] == {"Service": ["vpc-flow-logs.amazonaws.com"]}
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": ACCOUNT_ID},
        "ArnLike": {"aws:SourceArn": f"arn:aws:ec2:eu-west-1:{ACCOUNT_ID}:vpc-flow-log/*"},
    }


def test_the_role_may_write_to_its_log_group_alone_and_bears_the_boundary(build: Build, recorder: Recorder) -> None:
    build()
    group = f"arn:aws:logs:eu-west-1:{ACCOUNT_ID}:log-group:/aws/vpc/groundwork-dev-network-flow-logs"
    rights = json.loads(recorder.one("network-flow-logs-rights").inputs["policy"])["Statement"]
    assert {action: statement["Resource"] for statement in rights for action in statement["Action"]} == {
        "logs:CreateLogStream": [group, f"{group}:*"],
        "logs:DescribeLogStreams": [group, f"{group}:*"],
        "logs:PutLogEvents": [group, f"{group}:*"],
        "logs:DescribeLogGroups": [f"arn:aws:logs:eu-west-1:{ACCOUNT_ID}:log-group:*"],
    }
    assert recorder.one("network-flow-logs-role").inputs["permissionsBoundary"] == BOUNDARY


def test_the_records_are_internal_data(build: Build, recorder: Recorder) -> None:
    build()
    assert recorder.one("network-flow-logs-log-group").inputs["tags"] == {"data-classification": "internal"}
