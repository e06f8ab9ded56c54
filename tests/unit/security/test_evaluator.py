"""Decides whether the evaluator that other tests trust can tell allowed from denied."""

import pytest

from components.policy_document import ANYONE, allow, deny, document
from tests.unit.security.evaluator import decision

POLICY = document(
    allow("Read", principal=ANYONE, actions=["s3:Get*"], resources=["arn:aws:s3:::a/*"]),
    deny(
        "Plain",
        principal=ANYONE,
        actions=["s3:*"],
        resources=["*"],
        conditions={"Bool": {"aws:SecureTransport": "false"}},
    ),
)


@pytest.mark.parametrize(
    ("action", "resource", "context", "said"),
    [
        pytest.param("s3:GetObject", "arn:aws:s3:::a/x", {}, "Allow", id="allowed"),
        pytest.param("s3:PutObject", "arn:aws:s3:::a/x", {}, "none", id="another action"),
        pytest.param("s3:GetObject", "arn:aws:s3:::b/x", {}, "none", id="another resource"),
        pytest.param("s3:GetObject", "arn:aws:s3:::a/x", {"aws:SecureTransport": "false"}, "Deny", id="deny wins"),
        pytest.param("s3:GetObject", "arn:aws:s3:::a/x", {"aws:SecureTransport": "true"}, "Allow", id="deny is silent"),
    ],
)
def test_a_deny_outranks_an_allow_and_silence_is_neither(
    action: str, resource: str, context: dict[str, str], said: str
) -> None:
    assert decision(POLICY, action, resource, context, principal="anyone") == said


def test_an_operator_it_does_not_know_is_an_error_and_not_a_guess() -> None:
    policy = document(allow("A", actions=["s3:*"], resources=["*"], conditions={"DateLessThan": {"k": "2020"}}))
    with pytest.raises(NotImplementedError, match="DateLessThan"):
        decision(policy, "s3:GetObject", "*", {"k": "2019"})
