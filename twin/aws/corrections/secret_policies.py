"""Secrets Manager: resource policies, and how policies see the tags of a secret.

ministack 1.5.33 takes any text for a policy, whomever it lets in, and does not know the service's own name for the tags
of a secret. As with other condition keys, that can only be given inside the emulator.

Source: AWS Secrets Manager API reference, PutResourcePolicy (BlockPublicPolicy); Service authorization reference, "AWS
Secrets Manager" (secretsmanager:ResourceTag/tag-key).
"""

import json
from typing import Any

from ministack.core import iam_evaluator
from ministack.services import tagging
from ministack.services.s3 import _policy_is_public

from twin.aws.corrections.engine import Correction, Exchange
from twin.aws.corrections.secret_values import described
from twin.aws.corrections.wire import AwsError

_KEY = "secretsmanager:resourcetag/"


def install() -> None:
    """Let the emulator's evaluation know the tags. Installed once, it stays as it is."""
    known = iam_evaluator._resolve_condition_key
    if getattr(known, "knows_tags_of_secrets", False):
        return

    def resolved(key: str, context: Any) -> Any:
        if not key.lower().startswith(_KEY):
            return known(key, context)
        name = key[len(_KEY) :].lower()
        tags = tagging.resource_tags(context.resource_arn) or {}
        return next((value for tag, value in tags.items() if tag.lower() == name), None)

    resolved.knows_tags_of_secrets = True  # type: ignore[attr-defined]
    iam_evaluator._resolve_condition_key = resolved


async def _refuse(exchange: Exchange) -> None:
    """What is no policy, what is public where that is refused, and what comes too late."""
    policy = exchange.parameters["ResourcePolicy"]
    try:
        document = json.loads(policy)
    except ValueError:
        document = None
    if not isinstance(document, dict) or not document.get("Statement"):
        raise AwsError("MalformedPolicyDocumentException", "This resource policy contains a syntax error.")
    if exchange.parameters.get("BlockPublicPolicy") and _policy_is_public(policy):
        message = "This resource policy grants broad access to your secret."
        raise AwsError("PublicPolicyException", message)
    secret = await described(exchange, exchange.parameters["SecretId"])
    if secret and "DeletedDate" in secret:
        message = "You can't perform this operation on the secret because it was marked for deletion."
        raise AwsError("InvalidRequestException", message)


CORRECTIONS = (Correction("secretsmanager", ("PutResourcePolicy",), before=_refuse),)
