"""What can go wrong with the Kubernetes API, in the API server's own words."""

from __future__ import annotations

import json
from typing import Any

TRANSIENT = frozenset([429, 500, 502, 503, 504])
"""Statuses after which the same request may succeed: too many requests, or a server's own trouble."""
_NOT_YET = "not yet ready to handle request"
"""With this an API server forbids whatever it cannot judge yet, having started just now: it says nothing of rights."""


class ApiError(Exception):
    """The API server refused a request, or no answer came (`status` 0)."""

    def __init__(
        self,
        status: int,
        reason: str,
        message: str,
        *,
        details: dict[str, Any] | None = None,
        retry_after: float | None = None,
        sent: bool = True,
    ) -> None:
        super().__init__(message)
        self.status = status
        """The HTTP status; 0 when no answer came."""
        self.reason = reason
        """One word, as `NotFound`, `Conflict`, `Invalid`, `Forbidden`; `Unreachable` when no answer came."""
        self.message = message
        """The API server's sentence."""
        self.details = details or {}
        """The details of the `Status`: kind, name, causes."""
        self.retry_after = retry_after
        """Seconds that the server asks to wait."""
        self.sent = sent
        """False when the request certainly never reached the server."""

    @property
    def transient(self) -> bool:
        """Whether the same request may succeed later."""
        return self.status == 0 or self.status in TRANSIENT or (self.status == 403 and self.message.endswith(_NOT_YET))

    @property
    def causes(self) -> list[dict[str, str]]:
        """Each with `reason`, `message`, `field`: one for each wrong field or conflicting manager."""
        return list(self.details.get("causes") or ())


class NoSuchKindError(ApiError):
    """The API server serves no such kind: its CustomResourceDefinition is not there (yet)."""

    def __init__(self, api_version: str, kind: str) -> None:
        super().__init__(404, "NotFound", f'no matches for kind "{kind}" in version "{api_version}"')


class KubeconfigError(Exception):
    """The kubeconfig cannot be used: what is wrong in it, or what its exec plugin said."""


def from_answer(status: int, body: bytes, retry_after: str | None = None) -> ApiError:
    """The error that an answer is. The body is a `Status` object, or what a proxy wrote."""
    try:
        said = json.loads(body)
    except ValueError:
        said = {}
    wait = float(retry_after) if retry_after and retry_after.isdigit() else None
    if not isinstance(said, dict) or said.get("kind") != "Status":
        text = body.decode(errors="replace").strip() or "the answer has no body"
        return ApiError(status, "Unknown", f"HTTP {status}: {text[:2000]}", retry_after=wait)
    details = said.get("details") or {}
    if wait is None and details.get("retryAfterSeconds"):
        wait = float(details["retryAfterSeconds"])
    message = said.get("message") or said.get("reason") or f"HTTP {status}"
    return ApiError(status, said.get("reason") or "Unknown", message, details=details, retry_after=wait)
