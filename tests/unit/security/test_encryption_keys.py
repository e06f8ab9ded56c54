"""Decides what the keys ask for; what a key policy means is in test_key_policy."""

import json

import pytest
from pydantic import ValidationError

from components.security.encryption_keys import EncryptionKeys, EncryptionKeysArgs, EncryptionKeysSettings
from components.tags import DataClass, KeyPurpose
from tests.support.recorder import ACCOUNT_ID, REGION, Recorder, run_program

KEY, ALIAS = "aws:kms/key:Key", "aws:kms/alias:Alias"


def build(settings: EncryptionKeysSettings, region: str = REGION) -> EncryptionKeys:
    args = EncryptionKeysArgs(settings=settings, account_id=ACCOUNT_ID, region=region, environment="dev")
    return run_program(lambda: EncryptionKeys("keys", args))


def test_each_data_class_and_purpose_in_use_has_one_key_and_nothing_else_has_any(recorder: Recorder) -> None:
    keys = build(EncryptionKeysSettings())
    assert list(keys.keys) == [
        DataClass.INTERNAL,
        DataClass.CONFIDENTIAL,
        DataClass.REGULATED,
        KeyPurpose.DATA_VERSIONING,
    ]
    tagged = {key.name: key.inputs["tags"]["data-classification"] for key in recorder.of_type(KEY)}
    assert tagged == {
        "keys-internal": "internal",
        "keys-confidential": "confidential",
        "keys-regulated": "regulated",
        "keys-data-versioning": "confidential",
    }


def test_the_key_of_a_purpose_serves_nothing_but_it(recorder: Recorder) -> None:
    build(EncryptionKeysSettings())
    policy = recorder.one("keys-data-versioning").inputs["policy"]
    assert [statement["Sid"] for statement in json.loads(policy)["Statement"]] == [
        "AdministerThroughIam",
        "DecryptObjects",
        "EncryptObjects",
    ]
    assert "key-access-data-versioning" in policy
    assert "key-access-confidential" not in policy


def test_every_key_rotates_and_takes_the_longest_time_to_die(recorder: Recorder) -> None:
    build(EncryptionKeysSettings(rotation_period_in_days=180))
    for key in recorder.of_type(KEY):
        assert key.inputs["enableKeyRotation"] is True
        assert key.inputs["rotationPeriodInDays"] == 180
        assert key.inputs["deletionWindowInDays"] == 30
        assert "bypassPolicyLockoutSafetyCheck" not in key.inputs


def test_every_key_has_an_alias_that_is_known_beforehand(recorder: Recorder) -> None:
    keys = build(EncryptionKeysSettings())
    made = {alias.inputs["name"] for alias in recorder.of_type(ALIAS)}
    assert made == {key.alias for key in keys.keys.values()}
    assert keys.keys[DataClass.INTERNAL].alias == "alias/groundwork-dev-internal"
    assert all(alias.inputs["targetKeyId"] for alias in recorder.of_type(ALIAS))


def test_keys_of_replicas_are_made_and_used_in_their_own_region(recorder: Recorder) -> None:
    build(EncryptionKeysSettings(), region="eu-central-1")
    for made in recorder.children():
        assert made.inputs["region"] == "eu-central-1"
    assert all("s3.eu-central-1.amazonaws.com" in key.inputs["policy"] for key in recorder.of_type(KEY))


def test_the_settings_decide_what_a_key_is_for(recorder: Recorder) -> None:
    build(EncryptionKeysSettings.model_validate({"uses": {"public": ["objects"]}}))
    (key,) = recorder.of_type(KEY)
    sids = [statement["Sid"] for statement in json.loads(key.inputs["policy"])["Statement"]]
    assert sids == ["AdministerThroughIam", "DecryptObjects", "EncryptObjects"]


@pytest.mark.parametrize("settings", [{"uses": {}}, {"rotation_period_in_days": 30}, {"uses": {"secret": ["objects"]}}])
def test_settings_that_kms_would_refuse_are_refused_beforehand(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        EncryptionKeysSettings.model_validate(settings)
