"""Values of secrets that the program has made without one: put once, whoever comes first, and never printed.

A first value is put under a version id that is always the same. AWS refuses a second value under the same id, so two
Jobs that run at once agree on one, without a lock.

Source: AWS Secrets Manager API reference, PutSecretValue (ClientRequestToken), GetSecretValue.
"""

import json
import secrets
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import boto3
from botocore.exceptions import ClientError

from groundwork_mlflow.errors import PodError

FIRST = "groundwork-first-value-00000000000001"
"""The version id of a secret's first value; 32 to 64 characters."""
PASSWORD_BYTES = 32


def password() -> str:
    """Return a new password: 43 letters, digits, hyphens and underscores, of 256 bits from the system's source."""
    return secrets.token_urlsafe(PASSWORD_BYTES)


def kept_or_made(secret_id: str, make: Callable[[], Mapping[str, str]]) -> dict[str, str]:
    """Return a secret's value; where it has none yet, make one and put it first."""
    value = _value(secret_id)
    if value is not None:
        return value
    made = dict(make())
    try:
        _client().put_secret_value(SecretId=secret_id, ClientRequestToken=FIRST, SecretString=json.dumps(made))
    except ClientError as error:
        if _code(error) != "ResourceExistsException":
            raise _said(secret_id, error) from None
        return stored(secret_id)  # another Job was first
    return made


def stored(secret_id: str) -> dict[str, str]:
    """Return a secret's value, which must be there."""
    value = _value(secret_id)
    if value is None:
        raise PodError(f"the secret {secret_id} has no value yet")
    return value


def replace(secret_id: str, value: Mapping[str, str]) -> None:
    """Put a new value in place of the one that there is."""
    try:
        _client().put_secret_value(SecretId=secret_id, SecretString=json.dumps(dict(value)))
    except ClientError as error:
        raise _said(secret_id, error) from None


def _value(secret_id: str) -> dict[str, str] | None:
    try:
        text = _client().get_secret_value(SecretId=secret_id)["SecretString"]
    except ClientError as error:
        # AWS answers the same for a secret without a value and for one that is not there: putting one tells them apart.
        if _code(error) == "ResourceNotFoundException":
            return None
        raise _said(secret_id, error) from None
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise PodError(f"the value of the secret {secret_id} is no JSON object: put one as docs/registry.md has it")
    return {str(key): str(entry) for key, entry in value.items()}


def _said(secret_id: str, error: ClientError) -> PodError:
    return PodError(f"the secret {secret_id}: {_code(error)}: {error.response['Error'].get('Message', '')}")


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])


@cache
def _client() -> Any:
    return boto3.client("secretsmanager")
