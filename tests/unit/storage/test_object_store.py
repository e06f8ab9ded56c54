"""Decides what the store asks for, not what AWS grants: mocks check neither enum values nor required fields."""

from typing import Any

import pulumi
import pytest
from pydantic import ValidationError

from components.policy_document import allow, service_principal
from components.storage.object_store import (
    LogStoreSettings,
    ObjectStore,
    ObjectStoreArgs,
    ObjectStoreSettings,
    Replica,
)
from components.tags import DataClass, Lineage
from tests.support.recorder import ACCOUNT_ID, REGION, Recorder, run_program
from tests.unit.security.evaluator import decision

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/confidential"
REPLICA_KEY = f"arn:aws:kms:eu-central-1:{ACCOUNT_ID}:key/replica"
NAME = f"groundwork-dev-artifacts-{ACCOUNT_ID}-{REGION}"
REPLICA_LOGS = f"groundwork-dev-access-logs-eu-central-1-{ACCOUNT_ID}"
REPLICA_NAME = f"groundwork-dev-artifacts-replica-{ACCOUNT_ID}-eu-central-1"
BUCKET = "aws:s3/bucket:Bucket"


def build(settings: dict[str, Any] | ObjectStoreSettings | None = None, **args: Any) -> ObjectStore:
    wired: dict[str, Any] = {
        "settings": ObjectStoreSettings.model_validate(settings or {}),
        "account_id": ACCOUNT_ID,
        "region": REGION,
        "environment": "dev",
        "key_arn": pulumi.Output.from_input(KEY),
        "access_log_bucket_name": pulumi.Output.from_input("logs"),
    }
    return run_program(lambda: ObjectStore("artifacts", ObjectStoreArgs(**(wired | args))))


def replicated() -> ObjectStore:
    replica = Replica(region="eu-central-1", key_arn=REPLICA_KEY, access_log_bucket_name=REPLICA_LOGS)
    return build(replica=replica, boundary_arn="boundary")


def rules(recorder: Recorder, name: str = "artifacts") -> dict[str, Any]:
    return {rule["id"]: rule for rule in recorder.one(f"{name}-lifecycle").inputs["rules"]}


def test_every_child_bears_the_name_of_its_store_and_is_made_once(recorder: Recorder) -> None:
    replicated()
    names = [made.name for made in recorder.children()]
    assert names
    assert all(name.startswith("artifacts-") for name in names)
    assert len(names) == len(set(names)), "mocks accept a second registration in silence; the engine does not"


def test_the_bucket_is_found_by_name_account_and_region(recorder: Recorder) -> None:
    build()
    bucket = recorder.one("artifacts-bucket").inputs
    assert bucket["bucket"] == NAME
    assert bucket["region"] == REGION
    assert bucket["tags"] == {"data-classification": "confidential"}


def test_new_objects_are_encrypted_with_the_key_that_was_wired_in(recorder: Recorder) -> None:
    build()
    (rule,) = recorder.one("artifacts-encryption").inputs["rules"]
    assert rule == {
        "bucketKeyEnabled": True,
        "applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY},
    }


def test_nothing_of_it_can_be_public_and_no_acl_counts(recorder: Recorder) -> None:
    build()
    block = recorder.one("artifacts-public-access").inputs
    flags = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    assert [block[flag] for flag in flags] == [True] * 4
    assert recorder.one("artifacts-ownership").inputs["rule"] == {"objectOwnership": "BucketOwnerEnforced"}


def test_every_version_is_kept_until_its_day(recorder: Recorder) -> None:
    build({"lifecycle": {"noncurrent_days": 30, "abort_multipart_days": 3}})
    assert recorder.one("artifacts-versioning").inputs["versioningConfiguration"] == {"status": "Enabled"}
    assert rules(recorder)["expire-noncurrent-versions"]["noncurrentVersionExpiration"] == {"noncurrentDays": 30}
    assert rules(recorder)["abort-incomplete-uploads"]["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 3}
    assert all(rule["status"] == "Enabled" and rule["filter"] == {} for rule in rules(recorder).values())


def test_current_versions_never_expire_but_for_logs_whose_settings_say_when(recorder: Recorder) -> None:
    build()
    assert set(rules(recorder)) == {"abort-incomplete-uploads", "expire-noncurrent-versions"}
    with pytest.raises(ValidationError, match="expiration_days"):
        ObjectStoreSettings.model_validate({"lifecycle": {"expiration_days": 400}})
    recorder.made.clear()
    moves = [{"days": 90, "storage_class": "GLACIER_IR"}]
    lifecycle = {"expiration_days": 400, "transitions": moves}
    build(settings=LogStoreSettings.model_validate({"lifecycle": lifecycle}))
    assert rules(recorder)["expire-current-versions"]["expiration"] == {"days": 400}
    assert rules(recorder)["move-to-cheaper-storage"]["transitions"] == [{"days": 90, "storageClass": "GLACIER_IR"}]


def test_each_access_is_logged_elsewhere_under_the_stores_name(recorder: Recorder) -> None:
    build()
    logging = recorder.one("artifacts-logging").inputs
    assert (logging["targetBucket"], logging["targetPrefix"]) == ("logs", "artifacts/")
    assert "DeliverAccessLogs" not in recorder.one("artifacts-policy").inputs["policy"]


def test_a_store_without_an_access_log_bucket_receives_the_logs_and_writes_none(recorder: Recorder) -> None:
    build(access_log_bucket_name=None)
    assert not recorder.of_type("aws:s3/bucketLogging:BucketLogging")
    assert "DeliverAccessLogs" in recorder.one("artifacts-policy").inputs["policy"]


def test_statements_for_service_writers_join_the_policy(recorder: Recorder) -> None:
    extra = allow("Extra", principal=service_principal("x.amazonaws.com"), actions=["s3:PutObject"], resources=["r"])
    build(statements=(extra,))
    policy = recorder.one("artifacts-policy").inputs["policy"]
    assert decision(policy, "s3:PutObject", "r", {}, principal="x.amazonaws.com") == "Allow"
    assert "DenyWithoutTls" in policy


def test_a_bucket_with_content_is_not_deleted_by_default(recorder: Recorder) -> None:
    build()
    assert recorder.one("artifacts-bucket").inputs["forceDestroy"] is False


def test_without_object_lock_none_is_asked_for(recorder: Recorder) -> None:
    build()
    assert recorder.one("artifacts-bucket").inputs["objectLockEnabled"] is False
    assert not recorder.of_type("aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration")


def test_object_lock_is_on_from_the_start_with_the_retention_of_the_settings(recorder: Recorder) -> None:
    build({"object_lock": {"mode": "COMPLIANCE", "days": 365}})
    assert recorder.one("artifacts-bucket").inputs["objectLockEnabled"] is True
    assert recorder.one("artifacts-object-lock").inputs["rule"] == {
        "defaultRetention": {"mode": "COMPLIANCE", "days": 365}
    }


def test_without_a_replica_there_is_one_bucket_and_no_role(recorder: Recorder) -> None:
    store = build()
    assert store.replica_bucket_name is None
    assert len(recorder.of_type(BUCKET)) == 1
    assert not recorder.of_type("aws:iam/role:Role")


def test_a_replica_is_as_private_as_the_store_in_another_region_with_a_key_of_its_own(recorder: Recorder) -> None:
    replicated()
    copies = [made for made in recorder.children() if made.name.startswith("artifacts-replica-")]
    assert {made.typ.rsplit(":", 1)[1] for made in copies} == {
        "Bucket",
        "BucketLifecycleConfiguration",
        "BucketLogging",
        "BucketOwnershipControls",
        "BucketPolicy",
        "BucketPublicAccessBlock",
        "BucketServerSideEncryptionConfiguration",
        "BucketVersioning",
    }
    assert recorder.one("artifacts-replica-logging").inputs["targetBucket"] == REPLICA_LOGS
    assert {made.inputs["region"] for made in copies} == {"eu-central-1"}
    assert recorder.one("artifacts-replica-bucket").inputs["bucket"] == REPLICA_NAME
    (rule,) = recorder.one("artifacts-replica-encryption").inputs["rules"]
    assert rule["applyServerSideEncryptionByDefault"]["kmsMasterKeyId"] == REPLICA_KEY


def test_replication_takes_everything_encrypted_but_no_deletion(recorder: Recorder) -> None:
    replicated()
    (rule,) = recorder.one("artifacts-replication").inputs["rules"]
    assert rule["status"] == "Enabled"
    assert rule["filter"] == {}
    assert rule["deleteMarkerReplication"] == {"status": "Disabled"}
    assert rule["sourceSelectionCriteria"] == {"sseKmsEncryptedObjects": {"status": "Enabled"}}
    assert rule["destination"] == {
        "bucket": f"arn:aws:s3:::{REPLICA_NAME}",
        "encryptionConfiguration": {"replicaKmsKeyId": REPLICA_KEY},
    }


def test_the_replication_role_reads_here_writes_there_and_is_s3s_alone(recorder: Recorder) -> None:
    replicated()
    role = recorder.one("artifacts-replication-role").inputs
    assert role["permissionsBoundary"] == "boundary"
    assert role["tags"] == {"data-classification": "confidential", "key-access-confidential": "write"}
    trust = role["assumeRolePolicy"]
    assert decision(trust, "sts:AssumeRole", "*", {}, principal="s3.amazonaws.com") == "Allow"
    assert decision(trust, "sts:AssumeRole", "*", {}, principal="ec2.amazonaws.com") == "none"
    rights = recorder.one("artifacts-replication-rights").inputs["policy"]
    source, copy = f"arn:aws:s3:::{NAME}/x", f"arn:aws:s3:::{REPLICA_NAME}/x"
    assert decision(rights, "s3:GetObjectVersionForReplication", source, {}) == "Allow"
    assert decision(rights, "s3:ReplicateObject", copy, {}) == "Allow"
    assert decision(rights, "s3:ReplicateObject", source, {}) == "none"
    assert decision(rights, "s3:ReplicateDelete", copy, {}) == "none"


def test_the_class_of_the_data_tags_the_bucket(recorder: Recorder) -> None:
    store = build(key_name=DataClass.REGULATED)
    assert store.key_name is DataClass.REGULATED
    assert recorder.one("artifacts-bucket").inputs["tags"] == {"data-classification": "regulated"}


def test_a_bucket_is_called_after_what_the_store_is_for_where_that_is_said(recorder: Recorder) -> None:
    replica = Replica(region="eu-central-1", key_arn=REPLICA_KEY, access_log_bucket_name=REPLICA_LOGS)
    build(role="models", replica=replica, boundary_arn="boundary")
    assert recorder.one("artifacts-bucket").inputs["bucket"] == NAME.replace("artifacts", "models")
    assert recorder.one("artifacts-logging").inputs["targetPrefix"] == "models/"
    assert recorder.one("artifacts-replica-bucket").inputs["bucket"] == REPLICA_NAME.replace("artifacts", "models")
    assert recorder.one("artifacts-replication-role").inputs["name"] == "groundwork-dev-models-replication"
    rights = recorder.one("artifacts-replication-rights").inputs["policy"]
    assert "artifacts" not in rights


def test_a_store_of_data_says_where_its_lineage_is_written(recorder: Recorder) -> None:
    build(lineage=Lineage(source="crm"))
    assert recorder.one("artifacts-bucket").inputs["tags"] == {
        "data-classification": "confidential",
        "dataset-version": "dvc",
        "source": "crm",
        "pipeline-run": "mlflow",
    }


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"protect": True, "force_destroy": True}, "set protect to false"),
        ({"lifecycle": {"noncurrent_days": 0}}, "noncurrent_days"),
        ({"lifecycle": {"transitions": [{"days": 90, "storage_class": "ONEZONE_IA"}]}}, "storage_class"),
        ({"object_lock": {"mode": "FOREVER", "days": 1}}, "mode"),
        ({"encrypted": False}, "encrypted"),
    ],
)
def test_settings_that_contradict_themselves_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ObjectStoreSettings.model_validate(settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"object_lock": {"days": 365}, "lifecycle": {"expiration_days": 30}}, "object_lock keeps every version"),
        (
            {"lifecycle": {"expiration_days": 90, "transitions": [{"days": 90, "storage_class": "GLACIER"}]}},
            "transitions move objects",
        ),
    ],
)
def test_logs_expire_after_all_that_happens_to_them_before(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        LogStoreSettings.model_validate(settings)


@pytest.mark.parametrize(
    ("replica_region", "boundary", "message"),
    [(REGION, "boundary", "name another region"), ("eu-central-1", None, "needs boundary_arn")],
)
def test_a_replica_is_elsewhere_and_its_role_is_bounded(
    replica_region: str, boundary: str | None, message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        ObjectStoreArgs(
            account_id=ACCOUNT_ID,
            region=REGION,
            environment="dev",
            key_arn=KEY,
            replica=Replica(region=replica_region, key_arn=REPLICA_KEY, access_log_bucket_name=REPLICA_LOGS),
            boundary_arn=boundary,
        )
