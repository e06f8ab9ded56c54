"""MLG-01 and MLG-03."""

from dataclasses import replace

from tests.policies.harness import UNKNOWN, R
from tests.policies.spec import Case, Spec, of_type

TAGS = {
    "owner": "ml@example.com",
    "environment": "dev",
    "cost-center": "cc-1",
    "data-classification": "internal",
    "system-id": "system-1",
}
QUEUE = of_type("sns/topic:Topic", tags=TAGS)
DEFAULTED = replace(of_type("sns/topic:Topic"), default_tags=TAGS)
LINEAGE = {"dataset-version": "v3", "source": "crm", "pipeline-run": "run-7"}
DATA = R("aws:s3/bucket:Bucket", {"bucket": "groundwork-datasets", "tags": LINEAGE}, "b")
COMMIT = {"dataset-version": "v3", "source": "crm", "code-commit": "0a1b2c3"}


def bucket(name: object, **tags: object) -> R:
    return R("aws:s3/bucket:Bucket", {"bucket": name, "tags": tags}, "b")


SPECS: dict[str, Spec] = {
    "MLG-01": Spec(
        good=(QUEUE,),
        leaf="tags.owner",
        bad="",
        flips={f'tags["{key}"]' if "." in key else f"tags.{key}": " " for key in TAGS},
        twins={"aws:s3/bucket:Bucket": "aws:s3/bucketV2:BucketV2"},
        extra=(
            Case("by default tags", (DEFAULTED,), "pass"),
            Case("own tags unknown, default tags there", (DEFAULTED.with_props({"tags": UNKNOWN}),), "pass"),
            Case("an empty tag hides the default one", (DEFAULTED.with_props({"tags": {"owner": ""}}),), "deny"),
            Case(
                "an unknown tag hides the default one", (DEFAULTED.with_props({"tags": {"owner": UNKNOWN}}),), "unknown"
            ),
            Case("no tags at all", (of_type("sns/topic:Topic"),), "deny"),
            Case("tags of a list", (of_type("sns/topic:Topic", tags=[{"key": "owner", "value": "x"}]),), "deny"),
            Case("a number", (QUEUE.with_props({"tags": TAGS | {"owner": 7}}),), "deny"),
            Case("a type of few", (of_type("eks/addon:Addon"),), "deny"),
            Case("a type without tags", (of_type("autoscaling/tag:Tag"),), "pass"),
            Case("an older twin", (R("aws:s3/bucketV2:BucketV2", {}),), "deny"),
            Case(
                "other tags, by the settings",
                (of_type("sns/topic:Topic", tags={"team": "x"}),),
                "pass",
                {"requiredTags": ["team"]},
            ),
        ),
    ),
    "MLG-03": Spec(
        good=(DATA,),
        leaf="tags.source",
        bad="",
        twins={"aws:s3/bucket:Bucket": "aws:s3/bucketV2:BucketV2"},
        flips={"tags.dataset-version": "", "tags.source": "", "tags.pipeline-run": "", "bucket": "groundwork-models"},
        equivalent={
            "flip bucket": "another name of data",
            "unknown bucket": "it has its tags, whatever it holds",
        },
        survives={"delete bucket": "a bucket that holds data by its name alone is none without it"},
        extra=(
            Case("a commit instead of a run", (DATA.with_props({"bucket": "datasets", "tags": COMMIT}),), "pass"),
            Case("neither run nor commit", (bucket("datasets", **{"dataset-version": "v", "source": "s"}),), "deny"),
            Case("no data in it", (bucket("logs"),), "pass"),
            Case("models by a tag", (bucket("b-1", content="model"),), "deny"),
            Case("other content by a tag", (bucket("b-1", content="logs"),), "pass"),
            Case("by its logical name", (replace(bucket("b-1"), name="training-datasets"),), "deny"),
            Case("a name not known yet", (bucket(UNKNOWN),), "unknown"),
            Case("a name not known yet, tags as wanted", (bucket(UNKNOWN, **LINEAGE),), "pass"),
            Case("content not known yet", (bucket("b-1", content=UNKNOWN),), "unknown"),
            Case(
                "tags not known yet", (R("aws:s3/bucket:Bucket", {"bucket": "b-1", "tags": UNKNOWN}, "b"),), "unknown"
            ),
            Case("run unknown", (bucket("datasets", **LINEAGE | {"pipeline-run": UNKNOWN}),), "unknown"),
            Case("run unknown, commit known", (bucket("datasets", **COMMIT, **{"pipeline-run": UNKNOWN}),), "pass"),
            Case("by default tags", (replace(bucket("datasets"), default_tags=LINEAGE),), "pass"),
            Case("table", (of_type("glue/catalogTable:CatalogTable", parameters=LINEAGE),), "pass"),
            Case("table, tags are none", (of_type("glue/catalogTable:CatalogTable", tags=LINEAGE),), "deny"),
            Case(
                "table, default tags do not reach it",
                (replace(of_type("glue/catalogTable:CatalogTable"), default_tags=LINEAGE),),
                "deny",
            ),
            Case("feature group", (of_type("sagemaker/featureGroup:FeatureGroup"),), "deny"),
            Case("feature group with tags", (of_type("sagemaker/featureGroup:FeatureGroup", tags=LINEAGE),), "pass"),
        ),
    ),
}
