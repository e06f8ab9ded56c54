"""Condition keys of S3 requests that ministack 1.5.33 does not know, without which a policy on them cannot decide.

The one correction inside the emulator: policies are evaluated deep in it, and only there a missing key can be given. An
upload's parts carry no encryption headers, on AWS as here; the request that creates the upload decides.

Source: Service authorization reference, "Actions, resources, and condition keys for Amazon S3".
"""

from collections.abc import Callable, Mapping
from typing import Any

from ministack.core import iam_actions

_HEADERS = (
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-storage-class",
    "x-amz-object-ownership",
)
Context = dict[str, Any]


def install() -> None:
    """Give the emulator's policy evaluation the missing keys. Installed once, it stays as it is."""
    known = iam_actions.s3_service_context
    if getattr(known, "gives_missing_keys", False):
        return

    def with_missing_keys(
        iam_action: str, query: Mapping[str, Any] | None, path: str = "", headers: Mapping[str, str] | None = None
    ) -> Context:
        given = headers or {}
        missing = {f"s3:{name}": given[name] for name in _HEADERS if given.get(name)}
        return {**missing, **known(iam_action, query, path, headers)}

    context: Callable[..., Context] = with_missing_keys
    context.gives_missing_keys = True  # type: ignore[attr-defined]
    iam_actions.s3_service_context = context
