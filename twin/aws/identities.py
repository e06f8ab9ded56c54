"""Whose credentials sign a token, out of the emulator's own register of users and sessions."""

from ministack.core import iam_evaluator
from ministack.core.responses import _account_from_sts_session

from twin.presigned import Credential, Identity


def resolve(credential: Credential) -> Identity | None:
    """The identity of a root user's, a user's or a session's credentials, of whatever account."""
    key = credential.access_key_id
    owner = (
        key
        if key.isdigit() and iam_evaluator.is_root_access_key(key)
        else iam_evaluator.find_iam_access_key_account(key) or _account_from_sts_session(key)
    )
    if not owner:
        return None
    found = iam_evaluator.resolve_credential(key, owner, credential.session_token)
    if isinstance(found, iam_evaluator.CredentialResolutionError):
        return None
    return Identity(found.principal_arn, found.principal_id, key, found.secret_access_key)
