"""Tells EventBridge of calls that change how something is set up, as AWS does while a trail records them.

ministack 1.5.33 puts nothing of its own on a bus. Here every such call of a client that was answered becomes an event
`AWS API Call via CloudTrail` on the account's default bus: in the call's region, or in us-east-1 for services that have
none. As on AWS nothing is told where no trail records; the call that stops the last trail still is.

The twin has no console, so nobody can sign in. To try what follows from it the account's root user may put events of
AWS' own sources on the bus, which AWS refuses to everybody.

Source: Amazon EventBridge user guide, "AWS service events delivered via CloudTrail"; AWS CloudTrail user guide,
"Logging management events"; Amazon EventBridge API reference, PutEvents (NotAuthorizedForSourceException).
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import _account_from_sts_session, request_scope
from ministack.services import cloudtrail, eventbridge

from twin.aws.corrections.authorisation import account_of
from twin.aws.corrections.emulator import Answer, Application, Message, Receive, Send, answer_to
from twin.aws.corrections.engine import Correction, Exchange, request_head, whole_body
from twin.aws.corrections.wire import Operation, Request, answer_of, operation_of, parameters_of
from twin.aws.trail_record import GLOBAL, GLOBAL_REGION, event_source, is_management_write, record

CALLS = "AWS API Call via CloudTrail"
_log = logging.getLogger("twin.aws.trail_events")


class TrailEvents:
    """ASGI application: the one that it wraps, and an event of each call that a trail records."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one connection's event of the ASGI protocol."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._application(scope, receive, send)
            return
        head = request_head(scope)
        account = account_of(head.access_key) if head.access_key else ""
        operation = operation_of(head) if head.signing_name == "s3" else None
        object_call = head.signing_name == "s3" and not (operation and is_management_write(operation))
        if not account or object_call or not _is_listened_to(account):
            await self._application(scope, receive, send)
            return
        body = await whole_body(receive)
        answer = await asyncio.create_task(answer_to(self._application, scope, body))
        request = Request(head.method, head.path, head.query, head.headers, body)
        try:  # before the answer: who has it may look at once for what the call has brought about
            _tell(account, request, answer, str((scope.get("client") or ("127.0.0.1",))[0]))
        except Exception:
            _log.exception("no event could be made of a call")
        await answer.send(send)


def _is_listened_to(account: str) -> bool:
    """Whether a trail records, and any rule waits for events: the rest of the work is spared without."""
    trails = cloudtrail._account_trail_items(account)
    return any(trail.get("IsLogging") for _, _, trail in trails) and any(
        owner == account for owner, *_ in _rules_of_all_accounts()
    )


def _rules_of_all_accounts() -> Any:
    return [key for key, _ in eventbridge._rules.all_items()]


def _tell(account: str, request: Request, answer: Answer, source: str) -> None:
    operation = _operation(request)
    caller = _caller(request)
    if operation is None or caller is None or not is_management_write(operation):
        return
    region = GLOBAL_REGION if operation.service in GLOBAL else request.region
    detail = record(
        operation,
        parameters_of(operation, request),
        caller=caller,
        region=region,
        source=source,
        agent=request.headers.get("user-agent", ""),
        error=_error(operation, answer),
    )
    entry = {"Source": f"aws.{event_source(operation.service)}", "DetailType": CALLS, "Detail": json.dumps(detail)}
    with request_scope(account, region):
        eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)


def _operation(request: Request) -> Operation | None:
    if request.signing_name == "monitoring":  # which botocore calls otherwise
        name = request.headers.get("x-amz-target", "").rpartition(".")[2]
        return Operation("cloudwatch", name) if name else None
    return operation_of(request)


def _caller(request: Request) -> Mapping[str, str] | None:
    key = request.access_key
    owner = (
        key
        if iam_evaluator.is_root_access_key(key)
        else iam_evaluator.find_iam_access_key_account(key) or _account_from_sts_session(key)
    )
    found = iam_evaluator.resolve_credential(key, owner, request.headers.get("x-amz-security-token", ""))
    if isinstance(found, iam_evaluator.CredentialResolutionError):
        return None
    return {"arn": found.principal_arn, "id": found.principal_id, "key": key}


def _error(operation: Operation, answer: Answer) -> Mapping[str, str] | None:
    if answer.status < 300:
        return None
    told = answer_of(operation, answer.status, answer.headers, answer.body).get("Error", {})
    return {"code": str(told.get("Code", "")), "message": str(told.get("Message", ""))}


async def _put_as_aws(exchange: Exchange) -> None:
    """PutEvents: what root gives in the name of an AWS service is taken for that service's."""
    entries = exchange.parameters.get("Entries") or []
    of_aws = any(str(entry.get("Source", "")).startswith("aws.") for entry in entries)
    if not of_aws or not iam_evaluator.is_root_access_key(exchange.access_key):
        return
    with request_scope(exchange.emulator.account, exchange.emulator.region):
        _, _, body = eventbridge._put_events({"Entries": entries}, allow_aws_source=True)
        exchange.answer.update(json.loads(body))


CORRECTIONS = (Correction("events", ("PutEvents",), before=_put_as_aws),)
