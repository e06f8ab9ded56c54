"""Presigned requests that stand for whoever signed them: tokens of EKS clusters and of databases.

A token is the URL of a GET request that its holder could have sent to AWS. It is not sent: who signed it is all that
counts.

Source: AWS general reference, Signature Version 4, "Authenticating requests: query parameters".
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from ministack.core import sigv4

AHEAD = timedelta(minutes=5)
"""How far a client's clock may be ahead."""
LONGEST = 16384
"""Characters of a token: a session token is the longest part of it."""
_EMPTY_BODY = hashlib.sha256(b"").hexdigest()
_SIGNATURE = {"X-Amz-Credential", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Signature", "X-Amz-Expires"}


class TokenError(Exception):
    """Why a token is not accepted. Never a part of the token itself: the reason goes into logs."""


class WrongSignatureError(TokenError):
    """Somebody else has signed it, or something else was signed."""


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


Resolve = Callable[[Credential], Identity | None]
"""Finds the owner of a credential; None for one that is unknown or has expired."""


@dataclass(frozen=True)
class PresignedRequest:
    """A presigned GET of `/`, its signature not checked yet."""

    host: str
    query: Mapping[str, str]
    access_key_id: str
    date: str
    region: str
    service: str

    @classmethod
    def parse(cls, url: str) -> "PresignedRequest":
        """Errors: ValueError for any other URL."""
        parts = urlsplit(url)
        given = parse_qs(parts.query, keep_blank_values=True, strict_parsing=True)
        query = {name: values[0] for name, values in given.items()}
        scope = query.get("X-Amz-Credential", "").split("/")
        is_get_of_root = parts.scheme == "https" and parts.path in ("", "/") and not parts.fragment
        is_signed = query.get("X-Amz-Algorithm") == "AWS4-HMAC-SHA256" and query.keys() >= _SIGNATURE
        is_once_each = all(len(values) == 1 for values in given.values())
        if not (is_get_of_root and is_signed and is_once_each and len(scope) == 5 and scope[4] == "aws4_request"):
            raise ValueError("no presigned request")
        return cls(parts.netloc, query, *scope[:4])

    @property
    def signed_headers(self) -> list[str]:
        """Names of the headers that the signature covers."""
        return self.query["X-Amz-SignedHeaders"].split(";")

    def signer(self, headers: Mapping[str, str], valid: timedelta, now: datetime, resolve: Resolve) -> Identity:
        """Return who signed the request with these headers, at most `valid` ago.

        Errors: TokenError.
        """
        self._refuse_age(valid, now)
        identity = resolve(Credential(self.access_key_id, self.query.get("X-Amz-Security-Token")))
        if identity is None:
            raise TokenError("its credentials are unknown or have expired")
        scope = (self.date, self.region, self.service)
        canonical = sigv4.build_canonical_request(
            "GET", "/", headers, self.query, self.query["X-Amz-SignedHeaders"], payload_hash=_EMPTY_BODY
        )
        to_sign = sigv4.build_string_to_sign(self.query["X-Amz-Date"], *scope, canonical)
        expected = sigv4.calculate_signature(identity.secret_access_key, *scope, to_sign)
        if not sigv4.signatures_match(expected.encode(), self.query["X-Amz-Signature"].encode()):
            raise WrongSignatureError("its signature is wrong")
        return identity

    def _refuse_age(self, valid: timedelta, now: datetime) -> None:
        written = self.query["X-Amz-Date"]
        if not re.fullmatch(r"\d{8}T\d{6}Z", written, re.ASCII) or not written.startswith(self.date):
            raise TokenError("its date is malformed")
        try:
            age = now - datetime.strptime(written, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        except ValueError as error:
            raise TokenError("its date is malformed") from error
        if age > valid:
            raise TokenError("it has expired")
        if age < -AHEAD:
            raise TokenError("it is of the future")
