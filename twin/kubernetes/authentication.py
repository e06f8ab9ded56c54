"""Tokens of `aws eks get-token`: who made one, as EKS finds out. A token is a presigned STS request, GetCallerIdentity.

The cluster's name is a signed header of the request and not in the token: it is put back before the signature is
checked, so that a token for another cluster has a wrong one.

Source: github.com/kubernetes-sigs/aws-iam-authenticator, "API Authorization from Outside a Cluster" and pkg/token; AWS
general reference, Signature Version 4, presigned requests.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from ministack.core import sigv4

PREFIX = "k8s-aws-v1."
VALID = timedelta(minutes=15)
"""Counted from the signature, whatever the request's own X-Amz-Expires says: clients keep a token for 14 minutes."""
AHEAD = timedelta(minutes=5)
"""How far a client's clock may be ahead."""
LONGEST = 16384
_EMPTY_BODY = hashlib.sha256(b"").hexdigest()
_SIGNED = ["host", "x-k8s-aws-id"]


class TokenError(Exception):
    """Why a token is not accepted."""


@dataclass(frozen=True)
class Identity:
    """Whose credentials have signed a token."""

    arn: str
    """As STS says it: of a role's session, not of the role."""
    principal_id: str
    access_key_id: str
    secret_access_key: str


@dataclass(frozen=True)
class Credential:
    """What a token says about who signed it."""

    access_key_id: str
    session_token: str | None


def identify(
    token: str,
    cluster: str,
    hosts: Collection[str],
    now: datetime,
    resolve: Callable[[Credential], Identity | None],
) -> Identity:
    """Return who has signed this token for this cluster.

    `hosts`: where the AWS API of the twin answers, beside the names that AWS gives its STS. `resolve` finds the owner
    of a credential.
    Errors: TokenError.
    """
    host, query = _decoded(token)
    scope = query["X-Amz-Credential"].split("/")
    if len(scope) != 5 or scope[3:] != ["sts", "aws4_request"]:
        raise TokenError("it is not signed for STS")
    if host not in (*hosts, f"sts.{scope[2]}.amazonaws.com"):
        raise TokenError(f"{host} is no STS endpoint")
    _refuse_age(query["X-Amz-Date"], scope[1], now)
    identity = resolve(Credential(scope[0], query.get("X-Amz-Security-Token")))
    if identity is None:
        raise TokenError("its credentials are unknown or have expired")
    canonical = sigv4.build_canonical_request(
        "GET",
        "/",
        {"host": host, "x-k8s-aws-id": cluster},
        query,
        ";".join(_SIGNED),
        payload_hash=_EMPTY_BODY,
    )
    to_sign = sigv4.build_string_to_sign(query["X-Amz-Date"], *scope[1:4], canonical)
    expected = sigv4.calculate_signature(identity.secret_access_key, *scope[1:4], to_sign)
    if not sigv4.signatures_match(expected, query["X-Amz-Signature"]):
        raise TokenError("its signature is wrong, or it is for another cluster")
    return identity


def _decoded(token: str) -> tuple[str, dict[str, str]]:
    """The host and the query of the request in a token."""
    if not token.startswith(PREFIX) or len(token) > LONGEST:
        raise TokenError("it is no token of EKS")
    try:
        encoded = token.removeprefix(PREFIX)
        url = urlsplit(base64.b64decode(encoded + "=" * (-len(encoded) % 4), b"-_", validate=True).decode())
        given = parse_qs(url.query, keep_blank_values=True, strict_parsing=True)
    except (ValueError, binascii.Error) as error:
        raise TokenError("it is no token of EKS") from error
    if url.scheme != "https" or url.path not in ("", "/") or any(len(values) != 1 for values in given.values()):
        raise TokenError("it is no request to STS")
    query = {name: values[0] for name, values in given.items()}
    wanted = {"Action": "GetCallerIdentity", "Version": "2011-06-15", "X-Amz-Algorithm": "AWS4-HMAC-SHA256"}
    needed = {"X-Amz-Credential", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Signature", "X-Amz-Expires"}
    if not wanted.items() <= query.items() or not needed <= query.keys():
        raise TokenError("it is no presigned GetCallerIdentity")
    if query["X-Amz-SignedHeaders"].split(";") != _SIGNED:
        raise TokenError("the cluster is not among its signed headers")
    return url.netloc, query


def _refuse_age(written: str, date: str, now: datetime) -> None:
    if not re.fullmatch(r"\d{8}T\d{6}Z", written) or not written.startswith(date):
        raise TokenError("its date is malformed")
    age = now - datetime.strptime(written, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    if age > VALID:
        raise TokenError("it has expired")
    if age < -AHEAD:
        raise TokenError("it is of the future")
