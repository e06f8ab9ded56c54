"""Which differences there are, and which need a new resource."""

from typing import Any

import pytest

from tests.unit.providers.aws.conftest import ACCOUNT
from twin.providers.aws.check import DEFAULTS, Naming, check
from twin.providers.aws.diff import diff, inputs_from
from twin.providers.aws.kinds import STRING, Block, ListOf
from twin.providers.aws.schema import Property, ResourceType
from twin.providers.aws.types import resource_type
from twin.providers.wire import UNKNOWN

BUCKET = resource_type("aws:s3/bucket:Bucket")
KEY = resource_type("aws:kms/key:Key")
ROLE = resource_type("aws:iam/role:Role")
LIFECYCLE = resource_type("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration")
ENCRYPTION = resource_type("aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration")


def _inputs(resource: ResourceType, given: dict[str, Any], olds: dict[str, Any] | None = None) -> dict[str, Any]:
    inputs, problems = check(resource, ACCOUNT, given, olds or {}, Naming("it", b"seed"))
    assert problems == []
    return inputs


def _kinds(resource: ResourceType, old: dict[str, Any], new: dict[str, Any], *ignored: str) -> dict[str, str]:
    olds = _inputs(resource, old)
    return diff(resource, olds, olds, _inputs(resource, new, olds), ignored).kinds


@pytest.mark.parametrize(
    ("old", "new", "kinds"),
    [
        pytest.param({}, {}, {}, id="nothing"),
        pytest.param({"description": "a"}, {"description": "b"}, {"description": "UPDATE"}, id="changed"),
        pytest.param({"description": "a"}, {}, {}, id="left to AWS again"),
        pytest.param({}, {"isEnabled": False}, {"isEnabled": "UPDATE"}, id="no longer the default"),
        pytest.param({"keyUsage": "SIGN_VERIFY"}, {}, {"keyUsage": "UPDATE_REPLACE"}, id="a default again, replaces"),
        pytest.param({}, {"region": "us-east-1"}, {"region": "UPDATE_REPLACE"}, id="another region"),
        pytest.param({}, {"policy": UNKNOWN}, {"policy": "ADD"}, id="not known yet"),
        pytest.param(
            {"tags": {"a": "1", "b": "2"}},
            {"tags": {"a": "1", "c": "3"}},
            {"tags.b": "DELETE", "tags.c": "ADD", "tagsAll.b": "DELETE", "tagsAll.c": "ADD"},
            id="single tags",
        ),
    ],
)
def test_differences_of_a_key(old: dict[str, Any], new: dict[str, Any], kinds: dict[str, str]) -> None:
    assert _kinds(KEY, old, new) == kinds


def test_the_layout_of_a_policy_is_no_difference() -> None:
    old = {"assumeRolePolicy": '{"Statement": [{"Action": "sts:AssumeRole"}]}'}
    new = {"assumeRolePolicy": '{"Statement":{"Action":["sts:assumerole"]}}'}
    assert _kinds(ROLE, old, new) == {}


def test_the_order_of_a_set_is_no_difference_and_a_nested_change_is_named() -> None:
    one = {"id": "a", "status": "Enabled", "filter": {}, "noncurrentVersionExpiration": {"noncurrentDays": 1}}
    two = {"id": "b", "status": "Enabled", "filter": {}}
    changed = one | {"noncurrentVersionExpiration": {"noncurrentDays": 2}}
    assert _kinds(LIFECYCLE, {"bucket": "x", "rules": [one, two]}, {"bucket": "x", "rules": [two, one]}) == {}
    found = _kinds(LIFECYCLE, {"bucket": "x", "rules": [one, two]}, {"bucket": "x", "rules": [changed, two]})
    assert found == {"rules[0].noncurrentVersionExpiration.noncurrentDays": "UPDATE"}


def test_what_is_ignored_is_no_difference() -> None:
    assert _kinds(KEY, {"description": "a"}, {"description": "b"}, "description") == {}
    tags = {"tags": {"a": "1"}}, {"tags": {"a": "2"}}
    assert _kinds(KEY, *tags, "tags", "tagsAll") == {}
    assert _kinds(KEY, *tags, "tags.a", "tagsAll.a") == {}


@pytest.mark.parametrize(
    ("old", "new", "first"),
    [
        pytest.param({"bucket": "given"}, {"bucket": "given", "objectLockEnabled": True}, True, id="a given name"),
        pytest.param({"bucket": "given"}, {"bucket": "other"}, False, id="another name"),
        pytest.param({}, {"objectLockEnabled": True}, False, id="a made-up name"),
    ],
)
def test_a_name_that_stays_is_freed_before_the_replacement(old: Any, new: Any, first: bool) -> None:
    olds = _inputs(BUCKET, old)
    found = diff(BUCKET, olds, olds, _inputs(BUCKET, new, olds))
    assert found.replaces
    assert found.delete_before_replace is first


def test_what_somebody_else_changed_is_seen_after_a_refresh() -> None:
    olds = _inputs(ENCRYPTION, {"bucket": "b", "rules": [{"bucketKeyEnabled": True}]})
    state = {"bucket": "b", "region": "eu-west-1", "rules": [{"bucketKeyEnabled": False}]}
    refreshed = inputs_from(ENCRYPTION, state, olds)
    assert diff(ENCRYPTION, refreshed, state, olds).kinds == {"rules[0].bucketKeyEnabled": "UPDATE"}


def test_what_somebody_else_added_is_seen_after_a_refresh() -> None:
    olds = _inputs(ROLE, {"name": "r", "assumeRolePolicy": "{}"})
    state = {**olds, "permissionsBoundary": "arn:aws:iam::aws:policy/ReadOnlyAccess", "arn": "arn:…"}
    refreshed = inputs_from(ROLE, state, olds)
    assert diff(ROLE, refreshed, state, olds).kinds == {"permissionsBoundary": "DELETE"}


def test_an_import_keeps_a_name_that_the_program_leaves_to_us() -> None:
    state = {"bucket": "made-up-0123456", "region": "eu-west-1", "tagsAll": dict(ACCOUNT.default_tags), "arn": "arn:…"}
    imported = inputs_from(BUCKET, state, {})
    assert "bucket" in imported[DEFAULTS]
    assert _inputs(BUCKET, {}, imported)["bucket"] == "made-up-0123456"
    assert diff(BUCKET, imported, state, _inputs(BUCKET, {}, imported)).kinds == {}


def test_what_aws_fills_into_a_block_stays_beside_the_programs_words() -> None:
    block = Block({"subnets": Property(kind=ListOf(STRING, ordered=False)), "group": Property(output=True)})
    actual = {"subnets": ["b", "a"], "group": "sg-1"}
    assert block.worded(actual, {"subnets": ["a", "b"]}) == {"subnets": ["a", "b"], "group": "sg-1"}


def test_a_refresh_takes_no_part_of_a_block_that_aws_alone_fills_in_for_an_input() -> None:
    cluster = resource_type("aws:eks/cluster:Cluster")
    given = {"subnetIds": ["subnet-1"], "endpointPublicAccess": False}
    filled = {"vpcId": "vpc-1", "clusterSecurityGroupId": "sg-1", "publicAccessCidrs": ["0.0.0.0/0"]}
    there = {**given, **filled, "endpointPublicAccess": True, "securityGroupIds": ["sg-2"]}
    found = inputs_from(cluster, {"vpcConfig": there}, {"vpcConfig": given})
    changed = {"subnetIds": ["subnet-1"], "endpointPublicAccess": True, "securityGroupIds": ["sg-2"]}
    assert found["vpcConfig"] == changed, "what somebody has changed or added is one"
