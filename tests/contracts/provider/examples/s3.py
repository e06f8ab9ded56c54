"""S3."""

from collections.abc import Mapping
from typing import Any

from tests.contracts.provider.examples import Example, World


def _bucket_holds(world: World, bucket: str, inputs: Mapping[str, Any]) -> None:
    s3 = world.client("s3")
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] == world.region
    tags = {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket=bucket)["TagSet"]}
    assert tags == inputs["tagsAll"]
    s3.put_object(Bucket=bucket, Key="left-over", Body=b"forceDestroy takes it away")


EXAMPLES = (
    Example(
        "aws:s3/bucket:Bucket",
        inputs=lambda _: {"forceDestroy": True, "tags": {"data-classification": "internal"}},
        holds=_bucket_holds,
        updates=({"tags": {"data-classification": "public"}}, {"tags": None}),
        not_imported=frozenset({"forceDestroy"}),
    ),
)
