"""How a policy on a resource sees a role's session, where ministack 1.5.33 differs from AWS.

`aws:PrincipalArn` of a session is the ARN of its role, not of the session, and `aws:PrincipalIsAWSService` is in every
request. A statement for any principal (`*`) that a condition on `aws:PrincipalArn` narrows grants to the session
itself, which a permissions boundary limits by what it denies and not by what it leaves out. Roles have no path here:
the session's ARN does not tell it.

Source: IAM user guide, "AWS global condition context keys" (aws:PrincipalArn, aws:PrincipalIsAWSService) and
"How AWS enforcement code logic evaluates requests to allow or deny access", IAM role.
"""

import json
import re
from typing import Any

from ministack.core import iam_evaluator

_SESSION = re.compile(r"^arn:(?P<partition>aws[a-z-]*):sts::(?P<account>\d{12}):assumed-role/(?P<role>[^/]+)/")
_KEY = "aws:principalarn"
_IS_SERVICE = "aws:principalisawsservice"


def install() -> None:
    """Correct the emulator's policy evaluation. Installed once, it stays as it is."""
    resolve, evaluate = iam_evaluator._resolve_condition_key, iam_evaluator.evaluate_resource_policy
    if getattr(evaluate, "knows_sessions", False):
        return

    def resolved(key: str, context: Any) -> Any:
        if key.lower() == _IS_SERVICE:
            return str(context.principal_type == "Service").lower()
        session = _SESSION.match(context.principal_arn) if key.lower() == _KEY else None
        if session is None:
            return resolve(key, context)
        return f"arn:{session['partition']}:iam::{session['account']}:role/{session['role']}"

    def evaluated(policy: Any, context: Any, *rest: Any, direct_only: bool = False, **more: Any) -> Any:
        if direct_only:
            policy = _naming_session(policy, context.principal_arn)
        return evaluate(policy, context, *rest, direct_only=direct_only, **more)

    evaluated.knows_sessions = True  # type: ignore[attr-defined]
    iam_evaluator._resolve_condition_key = resolved
    iam_evaluator.evaluate_resource_policy = evaluated


def _naming_session(policy: Any, session_arn: str) -> Any:
    """Return the policy with the session in place of a wildcard principal, where `aws:PrincipalArn` narrows it."""
    document = json.loads(policy) if isinstance(policy, str) else policy
    named = {"Principal": {"AWS": session_arn}}
    return {"Statement": [each | named if _is_narrowed(each) else each for each in _statements(document)]}


def _statements(document: Any) -> list[dict[str, Any]]:
    found = document.get("Statement", []) if isinstance(document, dict) else []
    return [found] if isinstance(found, dict) else list(found)


def _is_narrowed(statement: dict[str, Any]) -> bool:
    keys = {key.lower() for tests in statement.get("Condition", {}).values() for key in tests}
    return statement.get("Principal") in ("*", {"AWS": "*"}, {"AWS": ["*"]}) and _KEY in keys
