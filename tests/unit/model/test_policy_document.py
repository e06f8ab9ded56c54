"""Decides the form of policy documents, not what IAM makes of them."""

import json

import pytest

from components.policy_document import (
    ANYONE,
    account_principal,
    allow,
    assumed_by_service,
    aws_principal,
    deny,
    document,
    federated_principal,
    service_principal,
    tls_only,
)


def test_a_document_is_canonical() -> None:
    statement = allow("Read", actions=["s3:List", "s3:Get"], resources=["b", "a"])
    assert document(statement) == (
        '{"Statement":[{"Action":["s3:Get","s3:List"],"Effect":"Allow","Resource":["a","b"],"Sid":"Read"}],'
        '"Version":"2012-10-17"}'
    )


def test_the_same_policy_is_the_same_text_in_whatever_order_its_parts_are_given() -> None:
    conditions = {"StringEquals": {"b": ["y", "x"], "a": "z"}}
    mirrored = {"StringEquals": {"a": "z", "b": ("x", "y")}}
    assert document(allow("A", actions=["x", "y"], conditions=conditions)) == document(
        allow("A", actions=("y", "x"), conditions=mirrored)
    )


def test_statements_stay_in_the_order_given() -> None:
    text = document(allow("B", actions=["x"]), deny("A", actions=["y"]))
    assert [statement["Sid"] for statement in json.loads(text)["Statement"]] == ["B", "A"]


def test_elements_that_say_nothing_are_left_out() -> None:
    assert allow("A", actions=["x"]) == {"Sid": "A", "Effect": "Allow", "Action": ["x"]}


def test_a_deny_names_what_is_denied_or_all_but_what_is_not() -> None:
    assert deny("A", not_actions=["iam:Get"])["NotAction"] == ["iam:Get"]
    for actions, not_actions in (([], []), (["x"], ["y"])):
        with pytest.raises(ValueError, match="either actions or not_actions"):
            deny("A", actions=actions, not_actions=not_actions)


@pytest.mark.parametrize("sids", [[], ["A", "A"]])
def test_a_document_that_aws_would_refuse_is_refused(sids: list[str]) -> None:
    with pytest.raises(ValueError, match="distinct Sids"):
        document(*(allow(sid, actions=["x"]) for sid in sids))


def test_principals_are_named_as_iam_does() -> None:
    assert account_principal("111122223333") == {"AWS": ["arn:aws:iam::111122223333:root"]}
    assert aws_principal("b", "a") == {"AWS": ["a", "b"]}
    assert service_principal("ec2.amazonaws.com") == {"Service": ["ec2.amazonaws.com"]}
    assert federated_principal("arn") == {"Federated": ["arn"]}


def test_a_bucket_is_closed_to_anyone_who_comes_without_tls() -> None:
    assert tls_only("arn:aws:s3:::b") == {
        "Sid": "DenyWithoutTls",
        "Effect": "Deny",
        "Principal": ANYONE,
        "Action": ["s3:*"],
        "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def test_a_service_assumes_a_role_for_the_named_resource_of_this_account_alone() -> None:
    logs = "arn:aws:ec2:eu-west-1:111122223333:vpc-flow-log/*"
    assert assumed_by_service("vpc-flow-logs.amazonaws.com", "111122223333", logs) == {
        "Sid": "AssumedByService",
        "Effect": "Allow",
        "Action": ["sts:AssumeRole"],
        "Principal": {"Service": ["vpc-flow-logs.amazonaws.com"]},
        "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}, "ArnLike": {"aws:SourceArn": logs}},
    }
