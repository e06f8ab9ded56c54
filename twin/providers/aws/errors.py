"""What can go wrong, in AWS' own words."""

from typing import Any

THROTTLING = frozenset(
    [
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    ]
)
"""Error codes that mean: come back later, nothing was done. Source: botocore.retries.standard."""


class ProviderError(Exception):
    """A message for the user: what was tried, on what, and what AWS said."""


class CancelledError(ProviderError):
    """The user asked to stop while we waited."""


class CallError(ProviderError):
    """AWS refused an operation, or could not be reached."""

    def __init__(
        self, service: str, operation: str, params: dict[str, Any], error: Exception, *, lost: bool = False
    ) -> None:
        response: dict[str, Any] = getattr(error, "response", None) or {}
        metadata = response.get("ResponseMetadata", {})
        self.code: str = response.get("Error", {}).get("Code", "")
        self.lost = lost
        self.status: int = metadata.get("HTTPStatusCode", 0)
        said = response.get("Error", {}).get("Message") or str(error)
        text = f"{service}:{operation}"
        if named := ", ".join(f"{name} {value}" for name, value in params.items() if _telling(name, value)):
            text += f" ({named})"
        text += f": {self.code}: {said}" if self.code else f": {said}"
        if request := metadata.get("RequestId"):
            text += f" (request {request})"
        super().__init__(text)

    @property
    def throttled(self) -> bool:
        """AWS asks to come back later; nothing was done."""
        return self.status == 429 or self.code in THROTTLING

    @property
    def unsettled(self) -> bool:
        """The call may have taken effect although no good answer came: connection lost, or a server's error."""
        return not self.throttled and (self.lost or self.status >= 500)


def _telling(name: str, value: Any) -> bool:
    """Whether a parameter helps to see which resource it was about; never one that may be a secret."""
    secret = any(word in name.casefold() for word in ("password", "secret", "token"))
    return isinstance(value, str) and len(value) < 200 and not secret
