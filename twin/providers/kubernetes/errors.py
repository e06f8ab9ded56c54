"""What can go wrong, in the API server's own words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from google.protobuf.struct_pb2 import Struct

    from twin.kubernetes.client import ApiError

_CONFLICT_HELP = (
    "Let the program say what the other one says, or leave the field out of it; "
    'the annotation "pulumi.com/patchForce": "true" takes the field over'
)


class ProviderError(Exception):
    """A message for the user: what was tried, on what, and what the API server said."""


class CancelledError(ProviderError):
    """The user asked to stop while we waited."""


class UnreachableError(ProviderError):
    """The cluster does not answer, or it is not known yet which one it is."""


class PartialFailureError(ProviderError):
    """The object exists, but did not become what was wanted: the engine records it as it is."""

    def __init__(self, resource_id: str, state: dict[str, Any], message: str, reasons: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.resource_id = resource_id
        self.state = state
        self.reasons = [message, *reasons]
        self.properties: Struct | None = None
        """The state and, in `inputs`, the inputs as they go to the engine."""
        self.inputs: Struct | None = None


def said(what: str, error: ApiError, manager: str = "") -> ProviderError:
    """The API server's refusal of what was tried, whole; for a conflict also who else manages the field."""
    if error.reason != "Conflict" or not manager:
        return ProviderError(f"{what}: {error.message}")
    fields = [f"{cause.get('field', '')}: {cause.get('message', '')}".strip(": ") for cause in error.causes]
    return ProviderError(
        f"{what}: another manager owns a field that field manager {manager!r} (this resource) wants to set: "
        f"{'; '.join(fields) or error.message}. {_CONFLICT_HELP}"
    )
