"""What Check fills in and what it refuses."""

from typing import Any

import pytest

from tests.contracts.providers.aws.driver import Driver, Resource
from tests.unit.providers.aws.conftest import ACCOUNT
from twin.providers.aws.check import DEFAULTS, Naming, check, preview_of_create, preview_of_update
from twin.providers.aws.types import resource_type
from twin.providers.wire import UNKNOWN

BUCKET = resource_type("aws:s3/bucket:Bucket")
KEY = resource_type("aws:kms/key:Key")
ROLE = resource_type("aws:iam/role:Role")


def _check(resource: Any, news: dict[str, Any], olds: dict[str, Any] | None = None, **naming: Any) -> dict[str, Any]:
    inputs, problems = check(resource, ACCOUNT, news, olds or {}, Naming("Artifacts", b"seed", **naming))
    assert problems == []
    return inputs


def test_a_name_is_made_of_the_logical_name_and_seven_hex_digits() -> None:
    inputs = _check(BUCKET, {})
    assert len(inputs["bucket"]) == len("artifacts-") + 7
    assert inputs["bucket"].startswith("artifacts-")
    int(inputs["bucket"].removeprefix("artifacts-"), 16)
    assert "bucket" in inputs[DEFAULTS]


def test_a_made_up_name_is_kept_and_another_seed_makes_another() -> None:
    first = _check(BUCKET, {})
    again, _ = check(BUCKET, ACCOUNT, {}, first, Naming("Artifacts", b"another seed"))
    fresh, _ = check(BUCKET, ACCOUNT, {}, {}, Naming("Artifacts", b"another seed"))
    assert again["bucket"] == first["bucket"]
    assert fresh["bucket"] != first["bucket"]


def test_a_name_that_the_program_gave_up_is_not_kept() -> None:
    given = _check(BUCKET, {"bucket": "given"})
    assert _check(BUCKET, {}, given)["bucket"].startswith("artifacts-")


def test_a_long_name_is_cut_to_the_limit_of_the_service() -> None:
    inputs, _ = check(ROLE, ACCOUNT, {"assumeRolePolicy": "{}"}, {}, Naming("x" * 200, b"seed"))
    assert len(inputs["name"]) == 64


def test_a_prefix_takes_the_place_of_the_logical_name() -> None:
    group = resource_type("aws:ec2/securityGroup:SecurityGroup")
    first = _check(group, {"namePrefix": "front-", "vpcId": "vpc-1"})
    assert first["name"].startswith("front-")
    assert len(first["name"]) == len("front-") + 26
    again, _ = check(group, ACCOUNT, {"namePrefix": "front-", "vpcId": "vpc-1"}, first, Naming("it", b"another seed"))
    assert again["name"] == first["name"]
    other, _ = check(group, ACCOUNT, {"namePrefix": "back-", "vpcId": "vpc-1"}, first, Naming("it", b"another seed"))
    assert other["name"].startswith("back-")
    _, problems = check(group, ACCOUNT, {"namePrefix": "front-", "name": "a", "vpcId": "vpc-1"}, {}, Naming("it"))
    assert problems == [("name", "excludes namePrefix; give one of them")]


def test_the_engine_may_propose_a_name_or_ask_for_one() -> None:
    assert _check(BUCKET, {}, proposed="proposed-1")["bucket"] == "proposed-1"
    _, problems = check(BUCKET, ACCOUNT, {}, {}, Naming("a", disabled=True))
    assert [path for path, _ in problems] == ["bucket"]


def test_defaults_are_filled_in_and_marked() -> None:
    inputs = _check(KEY, {"isEnabled": False})
    assert inputs["keyUsage"] == "ENCRYPT_DECRYPT"
    assert inputs["isEnabled"] is False
    assert inputs["region"] == "eu-west-1"
    assert set(inputs[DEFAULTS]) >= {"keyUsage", "region"}
    assert "isEnabled" not in inputs[DEFAULTS]


@pytest.mark.parametrize(
    ("tags", "all_tags"),
    [
        pytest.param(None, {"environment": "dev", "owner": "mlops"}, id="none of its own"),
        pytest.param({"a": "1"}, {"environment": "dev", "owner": "mlops", "a": "1"}, id="merged"),
        pytest.param({"owner": "data"}, {"environment": "dev", "owner": "data"}, id="its own win"),
        pytest.param({"a": UNKNOWN}, {"environment": "dev", "owner": "mlops", "a": UNKNOWN}, id="one unknown"),
        pytest.param(UNKNOWN, UNKNOWN, id="all unknown"),
    ],
)
def test_default_tags_are_merged(tags: Any, all_tags: Any) -> None:
    assert _check(BUCKET, {"tags": tags})["tagsAll"] == all_tags


def test_all_tags_that_come_back_from_a_read_are_computed_anew() -> None:
    """The engine checks the inputs of an import, which hold them; a program has no such input."""
    assert _check(BUCKET, {"tagsAll": {"stale": "1"}})["tagsAll"] == {"environment": "dev", "owner": "mlops"}


@pytest.mark.parametrize(
    ("token", "inputs", "path", "said"),
    [
        ("aws:s3/bucket:Bucket", {"colour": "red"}, "colour", "there is no such property"),
        ("aws:s3/bucket:Bucket", {"colour": "red"}, "colour", "twin/providers/aws/types/s3.py"),
        ("aws:s3/bucket:Bucket", {"acl": "private"}, "acl", "aws.s3.BucketAcl takes its place"),
        ("aws:s3/bucket:Bucket", {"forceDestroy": "yes"}, "forceDestroy", 'expected a boolean, got "yes"'),
        ("aws:s3/bucket:Bucket", {"tags": {"a": 1}}, "tags.a", "expected a string, got 1"),
        ("aws:s3/bucketPolicy:BucketPolicy", {"bucket": "b"}, "policy", "is required"),
        ("aws:s3/bucketPolicy:BucketPolicy", {"bucket": "b", "policy": "{"}, "policy", "is not valid JSON"),
        (
            "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
            {"bucket": "b", "rules": [{"bucketKeyEnabled": True, "algorithm": "aws:kms"}]},
            "rules[0].algorithm",
            "here it knows applyServerSideEncryptionByDefault, blockedEncryptionTypes, bucketKeyEnabled",
        ),
        (
            "aws:s3/bucketVersioning:BucketVersioning",
            {"bucket": "b", "versioningConfiguration": {}},
            "versioningConfiguration.status",
            "is required",
        ),
    ],
)
def test_what_is_not_modelled_or_wrong_is_refused_by_name(
    driver: Driver, token: str, inputs: dict[str, Any], path: str, said: str
) -> None:
    failures = driver.failures(token, inputs)
    assert said in failures[path]


def test_unknown_values_are_not_judged(driver: Driver) -> None:
    token = "aws:s3/bucketPolicy:BucketPolicy"
    assert driver.failures(token, {"bucket": UNKNOWN, "policy": UNKNOWN}) == {}


def test_a_policy_may_be_given_as_an_object(driver: Driver) -> None:
    resource = Resource("aws:s3/bucketPolicy:BucketPolicy", "policy")
    assert driver.check(resource, {"bucket": "b", "policy": {"Statement": []}})["policy"] == '{"Statement": []}'
    assert driver.check(resource, {"bucket": "b", "policy": {"Statement": [UNKNOWN]}})["policy"] is UNKNOWN


def test_a_preview_knows_what_goes_in_and_not_what_aws_will_say() -> None:
    outputs = preview_of_create(BUCKET, _check(BUCKET, {"bucket": "given"}))
    assert outputs["bucket"] == "given"
    assert outputs["tagsAll"] == {"environment": "dev", "owner": "mlops"}
    assert outputs["arn"] is UNKNOWN
    assert outputs["objectLockEnabled"] is UNKNOWN
    assert "id" not in outputs
    assert DEFAULTS not in outputs


def test_a_preview_of_an_update_keeps_what_aws_said() -> None:
    old = {"arn": "arn:aws:kms:…", "description": "old", "isEnabled": True}
    outputs = preview_of_update(KEY, _check(KEY, {"description": "new"}), old, {"description"})
    assert outputs["arn"] == "arn:aws:kms:…"
    assert outputs["description"] == "new"


def test_a_preview_keeps_an_output_that_follows_a_changed_input_as_the_official_provider_does() -> None:
    alias = resource_type("aws:kms/alias:Alias")
    old = {"name": "alias/a", "targetKeyId": "one", "targetKeyArn": "arn:aws:kms:eu-west-1:111122223333:key/one"}
    outputs = preview_of_update(alias, _check(alias, {"name": "alias/a", "targetKeyId": "two"}), old, {"targetKeyId"})
    assert outputs["targetKeyId"] == "two"
    assert outputs["targetKeyArn"] == old["targetKeyArn"]


def test_a_preview_of_an_update_keeps_what_aws_filled_in_inside_of_a_block() -> None:
    cluster = resource_type("aws:eks/cluster:Cluster")
    mine: dict[str, object] = {"subnetIds": ["subnet-1"], "endpointPublicAccess": False}
    before = mine | {"clusterSecurityGroupId": "sg-1", "vpcId": "vpc-1"}
    inputs = {"version": "1.36", "vpcConfig": mine | {"endpointPublicAccess": True}}
    old = {"version": "1.35", "vpcConfig": before}
    outputs = preview_of_update(cluster, inputs, old, {"version", "vpcConfig"})
    assert outputs["vpcConfig"] == before | {"endpointPublicAccess": True}
    unknown = preview_of_update(cluster, {"vpcConfig": UNKNOWN}, old, {"vpcConfig"})
    assert unknown["vpcConfig"] is UNKNOWN


def test_a_preview_does_not_know_the_version_that_a_change_of_a_launch_template_makes() -> None:
    template = resource_type("aws:ec2/launchTemplate:LaunchTemplate")
    old = {"name": "it", "latestVersion": 1, "defaultVersion": 1}
    inputs = _check(template, {"name": "it", "imageId": "ami-2"})
    outputs = preview_of_update(template, inputs, old, {"imageId"})
    assert outputs["latestVersion"] is UNKNOWN
    assert outputs["defaultVersion"] == 1
    outputs = preview_of_update(template, {**inputs, "updateDefaultVersion": True}, old, {"imageId"})
    assert outputs["defaultVersion"] is UNKNOWN
    assert preview_of_update(template, inputs, old, {"tags", "tagsAll"})["latestVersion"] == 1
