"""Answers of IAM, ECR and CloudTrail against their API references."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.twin.corrections.server import ACCOUNT, REGION, Twin, allow

URL = "https://token.actions.githubusercontent.com"


@pytest.fixture
def provider_arn(twin: Twin) -> Any:
    iam = twin.client("iam")
    arn = iam.create_open_id_connect_provider(
        Url=URL,
        ClientIDList=["sts.amazonaws.com"],
        ThumbprintList=["a" * 40],
        Tags=[{"Key": "owner", "Value": "platform"}],
    )["OpenIDConnectProviderArn"]
    yield arn
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)


def test_an_oidc_provider_can_be_changed(twin: Twin, provider_arn: str) -> None:
    """TagOpenIDConnectProvider, UntagOpenIDConnectProvider, UpdateOpenIDConnectProviderThumbprint, AddClientID…."""
    iam = twin.client("iam")
    which = {"OpenIDConnectProviderArn": provider_arn}
    iam.tag_open_id_connect_provider(**which, Tags=[{"Key": "owner", "Value": "ml"}, {"Key": "b", "Value": "c"}])
    iam.untag_open_id_connect_provider(**which, TagKeys=["b"])
    iam.update_open_id_connect_provider_thumbprint(**which, ThumbprintList=["b" * 40])
    iam.add_client_id_to_open_id_connect_provider(**which, ClientID="other")
    assert iam.list_open_id_connect_provider_tags(**which)["Tags"] == [{"Key": "owner", "Value": "ml"}]
    shown = iam.get_open_id_connect_provider(**which)
    assert shown["Tags"] == [{"Key": "owner", "Value": "ml"}]
    assert shown["ThumbprintList"] == ["b" * 40]
    assert shown["ClientIDList"] == ["sts.amazonaws.com", "other"]
    assert URL.endswith(shown["Url"])
    iam.remove_client_id_from_open_id_connect_provider(**which, ClientID="other")
    assert iam.get_open_id_connect_provider(**which)["ClientIDList"] == ["sts.amazonaws.com"]


def test_what_was_changed_is_forgotten_with_the_provider(twin: Twin) -> None:
    """DeleteOpenIDConnectProvider, then one of the same URL."""
    iam = twin.client("iam")
    for tags in ([{"Key": "first", "Value": "1"}], []):
        arn = iam.create_open_id_connect_provider(Url="https://example.org", ThumbprintList=["a" * 40])[
            "OpenIDConnectProviderArn"]  # fmt: skip
        if tags:
            iam.tag_open_id_connect_provider(OpenIDConnectProviderArn=arn, Tags=tags)
        assert iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=arn)["Tags"] == tags
        iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)


def test_an_operation_that_the_emulator_lacks_still_asks_for_permission(twin: Twin, provider_arn: str) -> None:
    """AccessDenied before anything is changed."""
    iam = twin.client("iam", twin.role("reader", allow("*", "iam:ListOpenIDConnectProviderTags")))
    assert iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=provider_arn)["Tags"]
    with pytest.raises(ClientError, match="AccessDenied"):
        iam.tag_open_id_connect_provider(OpenIDConnectProviderArn=provider_arn, Tags=[{"Key": "a", "Value": "b"}])
    tags = twin.client("iam").list_open_id_connect_provider_tags(OpenIDConnectProviderArn=provider_arn)["Tags"]
    assert tags == [{"Key": "owner", "Value": "platform"}]


def test_a_repository_keeps_the_exceptions_from_immutability(twin: Twin) -> None:
    """CreateRepository, PutImageTagMutability: imageTagMutabilityExclusionFilters."""
    ecr = twin.client("ecr")
    filters = [{"filterType": "WILDCARD", "filter": "cache-*"}]
    ecr.create_repository(
        repositoryName="images",
        imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
        imageTagMutabilityExclusionFilters=filters,
    )
    (shown,) = ecr.describe_repositories(repositoryNames=["images"])["repositories"]
    assert shown["imageTagMutabilityExclusionFilters"] == filters
    ecr.put_image_tag_mutability(repositoryName="images", imageTagMutability="IMMUTABLE")
    (shown,) = ecr.describe_repositories(repositoryNames=["images"])["repositories"]
    assert (shown["imageTagMutability"], "imageTagMutabilityExclusionFilters" in shown) == ("IMMUTABLE", False)
    ecr.delete_repository(repositoryName="images")


def test_a_trail_keeps_its_log_group_role_and_tags(twin: Twin) -> None:
    """CreateTrail, UpdateTrail, GetTrail, DescribeTrails, ListTags, GetTrailStatus, PutEventSelectors."""
    trails = twin.client("cloudtrail")
    bucket = "groundwork-test-audit"
    twin.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    delivery = {
        "CloudWatchLogsLogGroupArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/audit:*",
        "CloudWatchLogsRoleArn": f"arn:aws:iam::{ACCOUNT}:role/audit",
    }
    tags = [{"Key": "owner", "Value": "platform"}]
    made = trails.create_trail(Name="audit", S3BucketName=bucket, IsMultiRegionTrail=True, TagsList=tags, **delivery)
    for name in ("audit", made["TrailARN"]):
        assert delivery.items() <= trails.get_trail(Name=name)["Trail"].items()
    assert delivery.items() <= made.items()
    assert delivery.items() <= trails.describe_trails(trailNameList=["audit"])["trailList"][0].items()
    assert trails.list_tags(ResourceIdList=[made["TrailARN"]])["ResourceTagList"][0]["TagsList"] == tags
    trails.start_logging(Name="audit")
    status = trails.get_trail_status(Name="audit")
    assert status["IsLogging"] is True
    assert "" not in status.values()
    selectors = [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}]
    trails.put_event_selectors(TrailName=made["TrailARN"], AdvancedEventSelectors=selectors)
    assert trails.get_trail(Name="audit")["Trail"]["HasCustomEventSelectors"] is True
    other = delivery | {"CloudWatchLogsRoleArn": f"arn:aws:iam::{ACCOUNT}:role/other"}
    trails.update_trail(Name="audit", **other)
    assert other.items() <= trails.get_trail(Name="audit")["Trail"].items()
    trails.delete_trail(Name="audit")
    trails.create_trail(Name="audit", S3BucketName=bucket)
    assert not trails.get_trail(Name="audit")["Trail"].get("CloudWatchLogsRoleArn")
