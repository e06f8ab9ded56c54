"""Whether a webhook's request was sent by who knows its secret, lately and unchanged.

Source: MLflow documentation, "Webhooks", "Signature Verification"; Standard Webhooks specification, "Verifying
signatures": constant time, several signatures separated by blanks, five minutes of tolerance for the timestamp.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from email.message import Message
from typing import TypeAlias

Headers: TypeAlias = Mapping[str, str] | Message

SIGNATURE = "X-MLflow-Signature"
TIMESTAMP = "X-MLflow-Timestamp"
DELIVERY = "X-MLflow-Delivery-Id"
VERSION = "v1"
TOLERANCE_SECONDS = 300


class UnsignedError(Exception):
    """Why a request is not trusted, in words that tell an attacker nothing."""


def verify(secret: str, headers: Headers, body: bytes, now: float) -> str:
    """Return the delivery's id. Raises `UnsignedError` where the signature is missing, wrong or out of date."""
    delivery, timestamp, signatures = (headers.get(name, "") for name in (DELIVERY, TIMESTAMP, SIGNATURE))
    if not (delivery and timestamp and signatures):
        raise UnsignedError(f"{DELIVERY}, {TIMESTAMP} and {SIGNATURE} are needed")
    try:
        age = now - int(timestamp)
    except ValueError:
        raise UnsignedError(f"{TIMESTAMP} is no number of seconds") from None
    if abs(age) > TOLERANCE_SECONDS:
        raise UnsignedError(f"{TIMESTAMP} is more than {TOLERANCE_SECONDS} seconds away from now")
    content = f"{delivery}.{timestamp}.".encode() + body
    expected = hmac.digest(secret.encode(), content, hashlib.sha256)
    # All of them, so that the time taken does not tell which one was right.
    if not any([hmac.compare_digest(expected, given) for given in _decoded(signatures)]):  # noqa: C419
        raise UnsignedError(f"{SIGNATURE} is not of this request")
    return delivery


def _decoded(signatures: str) -> list[bytes]:
    found = []
    for signature in signatures.split():
        version, _, value = signature.partition(",")
        if version == VERSION:
            try:
                found.append(base64.b64decode(value, validate=True))
            except binascii.Error:
                continue
    return found
