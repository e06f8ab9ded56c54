"""Policies are compared by what they mean."""

import json
from typing import Any

import pytest

from twin.providers.aws.documents import same_document

ROOT = "arn:aws:iam::111122223333:root"


def _policy(**changes: Any) -> str:
    statement = {
        "Sid": "Read",
        "Effect": "Allow",
        "Principal": {"AWS": [ROOT]},
        "Action": ["s3:GetObject", "s3:ListBucket"],
        "Resource": ["arn:aws:s3:::data", "arn:aws:s3:::data/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "true"}},
    }
    statement = {name: value for name, value in {**statement, **changes}.items() if value is not None}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="the same"),
        pytest.param({"Action": ["s3:ListBucket", "s3:GetObject"]}, id="actions in another order"),
        pytest.param({"Action": ["S3:getobject", "s3:ListBucket"]}, id="actions in another case"),
        pytest.param({"Principal": {"AWS": "111122223333"}}, id="the account by its id, and no list"),
        pytest.param(
            {"Condition": {"Bool": {"AWS:securetransport": [True]}}}, id="a boolean, a list, a key in another case"
        ),
    ],
)
def test_means_the_same(changes: dict[str, Any]) -> None:
    assert same_document(_policy(), _policy(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"Effect": "Deny"}, id="effect"),
        pytest.param({"Action": ["s3:GetObject"]}, id="fewer actions"),
        pytest.param({"Action": ["s3:GetObject", "s3:GetObject"]}, id="one action twice in the place of another"),
        pytest.param({"Principal": {"AWS": "444455556666"}}, id="another account"),
        pytest.param({"Principal": {"Service": ROOT}}, id="another kind of principal"),
        pytest.param({"Resource": ["arn:aws:s3:::DATA", "arn:aws:s3:::data/*"]}, id="a resource in another case"),
        pytest.param({"Condition": {"Bool": {"aws:SecureTransport": "false"}}}, id="another condition"),
        pytest.param({"Condition": None}, id="no condition"),
        pytest.param({"Sid": "Other"}, id="another sid"),
    ],
)
def test_means_something_else(changes: dict[str, Any]) -> None:
    assert not same_document(_policy(), _policy(**changes))


def test_one_statement_needs_no_list() -> None:
    listed = json.loads(_policy())
    bare = {**listed, "Statement": listed["Statement"][0]}
    assert same_document(json.dumps(bare), json.dumps(listed, indent=4))


def test_other_json_compares_by_value_and_other_text_as_it_stands() -> None:
    assert same_document('{"rules": [1, 2]}', '{ "rules":[1,2] }')
    assert not same_document('{"rules": [1, 2]}', '{"rules": [2, 1]}')
    assert not same_document("no json", "No json")
