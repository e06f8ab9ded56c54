"""A Deny in a bucket's policy holds for the account's root user too; ministack 1.5.33 lets root do everything.

Only the bucket's policy itself stays in root's hands whatever it denies, so that nobody is locked out for good. What
the twin asks the emulator by itself, as root, is no request of root's and is not judged.

Source: IAM user guide, "How AWS enforcement code logic evaluates requests to allow or deny access" (explicit deny);
Amazon S3 API reference, PutBucketPolicy (what the root principal may always do).
"""

from collections.abc import Mapping
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id

from twin.aws.corrections.emulator import asked_by_the_twin

_NEVER_DENIED = {"s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"}


def install() -> None:
    """Correct the emulator's decisions. Installed once, it stays as it is."""
    enforce = iam_evaluator.enforce
    if getattr(enforce, "denies_root", False):
        return

    def enforced(
        access_key_id: str, iam_action: str, service: str, region: str, resource_arn: str = "*",
        service_context: Mapping[str, Any] | None = None,
    ) -> Any:  # fmt: skip
        refusal = enforce(access_key_id, iam_action, service, region, resource_arn, service_context)
        by_root = bool(access_key_id) and iam_evaluator.is_root_access_key(access_key_id)
        if refusal is not None or not by_root or service != "s3" or asked_by_the_twin.get():
            return refusal
        if iam_action in _NEVER_DENIED:
            return None
        return _denied_by_bucket_policy(access_key_id, iam_action, region, resource_arn, service_context or {})

    enforced.denies_root = True  # type: ignore[attr-defined]
    iam_evaluator.enforce = enforced


def _denied_by_bucket_policy(
    access_key_id: str, action: str, region: str, resource_arn: str, conditions: Mapping[str, Any]
) -> Any:
    found = iam_evaluator._resource_policy("s3", resource_arn)
    if found is None:
        return None
    root = iam_evaluator.resolve_principal(access_key_id, get_account_id())
    context = iam_evaluator.EvalContext(
        principal_arn=root.arn,
        principal_type=root.type,
        principal_account=root.account,
        action=action,
        resource_arn=resource_arn,
        region=region,
        service_context={key.lower(): value for key, value in conditions.items()},
        principal_keys=root.keys,
    )
    decided = iam_evaluator.evaluate_resource_policy(found[0], context)
    if decided.decision != "Deny":
        return None
    decided.principal_arn, decided.resource_policy_arn = root.arn, resource_arn
    return decided
