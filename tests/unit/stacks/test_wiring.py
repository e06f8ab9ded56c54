"""Decides which component gets what from which, for the checked-in environments and changes to them."""

import json
from typing import Any

import pytest

from components.tags import KeyName, class_of
from stacks.store_roles import STORE_KEYS
from tests.support.program import record, recorded
from tests.support.recorder import ACCOUNT_ID
from tests.support.stack_files import ENVIRONMENTS, written

KEY = "arn:aws:kms:eu-west-1:111122223333:key/"
each_environment = pytest.mark.parametrize("environment", ENVIRONMENTS)


def account(environment: str) -> str:
    account_id: str = written(environment)["account_id"]
    return account_id


@each_environment
def test_only_the_account_of_the_settings_is_touched(environment: str) -> None:
    assert json.loads(recorded(environment).one("aws").inputs["allowedAccountIds"]) == [account(environment)]


@each_environment
@pytest.mark.parametrize(("store", "key_name"), STORE_KEYS.items())
def test_each_store_is_encrypted_with_its_key(environment: str, store: str, key_name: KeyName) -> None:
    recorder = recorded(environment)
    name = "dvc-store" if store == "dvc" else store.replace("_", "-")
    (rule,) = recorder.one(f"{name}-encryption").inputs["rules"]
    assert rule["applyServerSideEncryptionByDefault"]["kmsMasterKeyId"] == f"{KEY}keys-{key_name}"
    assert recorder.one(f"{name}-bucket").inputs["tags"]["data-classification"] == class_of(key_name)


@each_environment
def test_the_key_of_the_dvc_remote_encrypts_nothing_else(environment: str) -> None:
    encrypted = {
        made.name: made.inputs["rules"][0]["applyServerSideEncryptionByDefault"]["kmsMasterKeyId"]
        for made in recorded(environment).children()
        if made.typ.endswith(":BucketServerSideEncryptionConfiguration")
    }
    own = f"{KEY}keys-data-versioning"
    assert [name for name, key in encrypted.items() if key == own] == ["dvc-store-encryption"]


@each_environment
def test_access_to_every_other_store_is_logged_to_the_one_for_it_in_its_region(environment: str) -> None:
    logging = {
        made.name.removesuffix("-logging"): made.inputs["targetBucket"]
        for made in recorded(environment).of_type("aws:s3/bucketLogging:BucketLogging")
    }
    target = f"groundwork-{environment}-access-logs-{account(environment)}-eu-west-1"
    replica = logging.pop("artifacts-replica", None)
    assert logging == dict.fromkeys(["datasets", "artifacts", "dvc-store", "audit"], target)
    if environment == "prod":
        assert str(replica).startswith("groundwork-prod-access-logs-eu-central-1-")
    else:
        assert replica is None


@each_environment
def test_the_database_lives_in_the_isolated_subnets(environment: str) -> None:
    recorder = recorded(environment)
    letters = [zone[-1] for zone in written(environment)["zones"]]
    assert recorder.one("registry-subnets").inputs["subnetIds"] == [f"network-isolated-{z}-id" for z in letters]
    instance = recorder.one("registry-instance").inputs
    assert instance["kmsKeyId"] == f"{KEY}keys-confidential"
    assert instance["multiAz"] is (environment == "prod")


@each_environment
def test_the_trail_is_delivered_to_the_audit_store_which_takes_it_from_that_trail_alone(environment: str) -> None:
    recorder = recorded(environment)
    trail = recorder.one("audit-trail-trail").inputs
    assert trail["s3BucketName"] == recorder.one("audit-bucket").inputs["bucket"]
    assert trail["kmsKeyId"] == f"{KEY}keys-regulated"
    statements = json.loads(recorder.one("audit-policy").inputs["policy"])["Statement"]
    (deliver,) = [s for s in statements if s["Effect"] == "Allow" and "s3:PutObject" in s["Action"]]
    arn = f"arn:aws:cloudtrail:eu-west-1:{account(environment)}:trail/{trail['name']}"
    assert deliver["Condition"]["StringEquals"]["aws:SourceArn"] == arn


def test_a_workload_may_reach_the_stores_of_its_grants_and_no_others() -> None:
    statements = json.loads(recorded("dev").one("workload-trainer-objects").inputs["policy"])["Statement"]
    reached = {
        (action, resource)
        for statement in statements
        for action in statement["Action"]
        for resource in statement["Resource"]
        if action in ("s3:GetObject", "s3:PutObject")
    }
    bucket = "arn:aws:s3:::groundwork-dev-{}-000000000000-eu-west-1/{}*"
    assert reached == {
        ("s3:GetObject", bucket.format("datasets", "")),
        ("s3:GetObject", bucket.format("artifacts", "models/")),
        ("s3:PutObject", bucket.format("artifacts", "models/")),
    }


@each_environment
def test_every_role_but_the_pipelines_own_bears_the_boundary(environment: str) -> None:
    boundary = f"arn:aws:iam::{ACCOUNT_ID}:policy/groundwork-{environment}-boundary"
    bounded = {
        made.name: made.inputs.get("permissionsBoundary") for made in recorded(environment).of_type("aws:iam/role:Role")
    }
    pipeline = {"github-preview", "github-deploy"}
    assert set(bounded) > pipeline
    assert {name: arn for name, arn in bounded.items() if arn != boundary} == dict.fromkeys(pipeline)


def test_a_replica_has_a_bucket_and_a_key_in_its_own_region() -> None:
    recorder = recorded("prod")
    key = recorder.one("replica-keys-eu-central-1-confidential").inputs
    assert key["region"] == "eu-central-1"
    (rule,) = recorder.one("artifacts-replica-encryption").inputs["rules"]
    used = rule["applyServerSideEncryptionByDefault"]["kmsMasterKeyId"]
    assert used.endswith("replica-keys-eu-central-1-confidential")
    assert recorder.one("artifacts-replica-bucket").inputs["region"] == "eu-central-1"
    assert not [made for made in recorded("dev").made if "replica" in made.name]


def test_a_replica_is_logged_in_its_own_region_and_recorded_by_the_trail() -> None:
    recorder = recorded("prod")
    logs = recorder.one("access-logs-eu-central-1-bucket").inputs
    assert logs["region"] == "eu-central-1"
    assert recorder.one("artifacts-replica-logging").inputs["targetBucket"] == logs["bucket"]
    (rule,) = recorder.one("access-logs-eu-central-1-encryption").inputs["rules"]
    assert rule["applyServerSideEncryptionByDefault"]["kmsMasterKeyId"] == f"{KEY}replica-keys-eu-central-1-internal"
    policy = recorder.one("replica-keys-eu-central-1-internal").inputs["policy"]
    assert "logging.s3.amazonaws.com" in policy
    recorded_arns = json.dumps(recorder.one("audit-trail-trail").inputs["advancedEventSelectors"])
    assert f"arn:aws:s3:::{recorder.one('artifacts-replica-bucket').inputs['bucket']}/" in recorded_arns


def test_what_production_protects_the_engine_refuses_to_delete() -> None:
    requests = recorded("prod").requests
    stateful = ("Bucket", "Cluster", "Key", "Instance", "Repository", "Trail")
    held = {name: r.protect for name, r in requests.items() if r.custom and r.type.rsplit(":", 1)[-1] in stateful}
    assert len(held) == 7 + 1 + 6 + 1 + 6 + 1
    assert all(held.values()), sorted(name for name, protected in held.items() if not protected)


@each_environment
def test_another_team_changes_nothing_of_those_that_are_there(environment: str) -> None:
    settings: dict[str, Any] = written(environment)
    settings["teams"] = {"audio": settings["teams"]["vision"]} | settings["teams"]
    before, after = recorded(environment), record(environment, settings)
    changed = {made.name for made in before.children() if after.one(made.name).inputs != made.inputs}
    assert changed == {"tracking-server-config-access", "tracking-server-job-access"}, "what tells MLflow who there is"
    added = {made.name for made in after.children()} - {made.name for made in before.children()}
    assert {"team-audio-tensorboard-deployment", "team-audio-training-role"} <= added
    assert all("audio" in name for name in added), "something that teams share is made once more"


def test_without_tensorboard_in_the_settings_there_is_none() -> None:
    settings: dict[str, Any] = written("dev")
    del settings["tensorboard"]
    names = {made.name for made in record("dev", settings).made}
    assert not [name for name in names if "tensorboard" in name and not name.startswith("images-")]


def test_more_stores_repositories_and_workloads_change_nothing_that_was_there() -> None:
    settings: dict[str, Any] = written("dev")
    settings["zones"].append("eu-west-1c")
    settings["container_registry"]["repositories"].insert(0, "annotation")
    settings["workloads"] = {"annotator": settings["workloads"]["trainer"]} | settings["workloads"]
    before, after = recorded("dev"), record("dev", settings)
    changed = {
        made.name
        for made in before.children()
        if after.one(made.name).inputs != made.inputs and made.typ == after.one(made.name).typ
    }
    assert {made.name for made in before.made} < {made.name for made in after.made}
    over_all_zones = {
        "aws:codebuild/project:Project",
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        "aws:eks/cluster:Cluster",
        "aws:eks/nodeGroup:NodeGroup",
        "aws:rds/subnetGroup:SubnetGroup",
        "kubernetes:networking.k8s.io/v1:NetworkPolicy",  # the way to the database, which is in every zone
    }
    assert {after.one(name).typ for name in changed} == over_all_zones
