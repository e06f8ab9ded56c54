"""Verifies the signatures of root users, which ministack believes unseen: anybody could be root of any account.

ministack takes a 12-digit access key id for the root user of that account, and `test` for that of its default account,
and verifies signatures of IAM users and roles only. Here, in front of it, a request that names such a key is verified
with the twin's root secret by ministack's own functions, and refused in the words of its service. Calls that
corrections make of the emulator start behind this and need no signature.

It also takes an `Authorization` that is no AWS signature (Basic, Bearer) for a root user's. AWS APIs know only their
own signatures, so such a header is dropped and the request is the anonymous one that it is; the registry of ECR is left
out, where Docker logs in with a password.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote

import ministack.app
from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, set_request_account_id
from ministack.core.router import detect_service, extract_access_key_id
from ministack.core.sigv4 import decode_header_value

from twin.aws.corrections.emulator import Application, Message, Receive, Send
from twin.aws.corrections.engine import whole_body

Query = Mapping[str, list[str]]


@dataclass(frozen=True)
class RootSignatures:
    """ASGI middleware in front of everything that answers for AWS."""

    application: Application

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass on what is rightly signed, or is not a root user's."""
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): decode_header_value(value) for name, value in scope["headers"]}
        query = parse_qs(scope.get("query_string", b"").decode("utf-8"), keep_blank_values=True)
        if _is_no_signature(headers.get("authorization", ""), scope["path"]):
            del headers["authorization"]
            scope = {**scope, "headers": [pair for pair in scope["headers"] if pair[0].lower() != b"authorization"]}
        key = extract_access_key_id(headers, query)
        if not key or not iam_evaluator.is_root_access_key(key) or iam_evaluator._s3_presigned_query(query):
            await self.application(scope, receive, send)
            return
        body = await whole_body(receive)
        if (failure := _failure(key, scope, headers, query, body)) is None:
            await self.application(scope, _after(body, receive), send)
            return
        service = detect_service(scope["method"], scope["path"], headers, query)
        answer = ministack.app._credential_failure(service, "", str(uuid.uuid4()), failure, headers)
        await ministack.app._send_response(send, *answer)


def _is_no_signature(authorization: str, path: str) -> bool:
    signed = authorization.startswith(("AWS4-", "AWS "))
    return bool(authorization) and not signed and not ministack.app._is_ecr_registry_path(path)


def _failure(key: str, scope: Message, headers: Mapping[str, str], query: Query, body: bytes) -> Any:
    """What is wrong with the signature, as ministack's AuthError; None when it is right."""
    authorization = headers.get("authorization", "")
    raw_path = (scope.get("raw_path") or quote(scope["path"]).encode()).decode("latin-1")
    bucket = ministack.app._extract_s3_vhost_bucket(headers.get("host", ""))
    request = iam_evaluator.SignedRequest(
        key,
        scope["method"],
        raw_path,
        query,
        headers,
        body,
        presigned=not authorization and "X-Amz-Signature" in query,
        sigv2=not authorization.startswith("AWS4-") and (authorization.startswith("AWS ") or "AWSAccessKeyId" in query),
        auth_path=f"/{bucket}{raw_path}" if bucket else raw_path,
    )
    set_request_account_id(key)
    iam_evaluator._signed_request.set(request)
    checked = iam_evaluator.authenticate(key, get_account_id())
    return checked if isinstance(checked, iam_evaluator.AuthError) else None


def _after(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body once more, and then what the client does next."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
