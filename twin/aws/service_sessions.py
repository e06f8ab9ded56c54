"""Sessions of roles that AWS services assume: EKS for pods, EC2 for a node, EKS for the cluster itself.

No client can ask STS to be a service, and ministack 1.5.33 knows no service as a caller. Here the role's trust policy
is evaluated with the service as principal, and the session goes into the emulator's own register, so that what it may
do is decided as for any other. The twin's own processes get one from `POST /_twin/service-session`, signed by the
account's root; EKS Auth opens its sessions itself.

Source: IAM user guide, "The confused deputy problem" (aws:SourceArn, aws:SourceAccount).
"""

import asyncio
import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

from ministack.core import iam_evaluator
from ministack.services import iam, sts

from twin.aws.corrections.authorisation import account_of
from twin.aws.corrections.emulator import Answer, Application, Emulator, Message, Receive, Send
from twin.aws.corrections.engine import request_head, whole_body
from twin.aws.corrections.wire import AwsError, Parameters

PATH = "/_twin/service-session"
SESSION_SECONDS = 3600
_NAME_LIMIT = 64


@dataclass(frozen=True)
class Session:
    """A session of a role."""

    arn: str
    id: str
    credentials: Mapping[str, Any]
    """`accessKeyId`, `secretAccessKey`, `sessionToken`, `expiration`."""


class ServiceSessions:
    """ASGI application: sessions for the twin's own processes; everything else is the application's behind it."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one connection's event of the ASGI protocol."""
        if scope["type"] != "http" or scope["path"] != PATH:
            await self._application(scope, receive, send)
            return
        body = await whole_body(receive)
        answer = await asyncio.create_task(self._answer(scope, body))
        await answer.send(send)

    async def _answer(self, scope: Message, body: bytes) -> Answer:
        request = request_head(scope)
        # Root's signature has been verified in front of this: see twin/aws/credentials.py.
        if not request.access_key or not iam_evaluator.is_root_access_key(request.access_key):
            return _said(403, {"message": "Only the account's root user may ask for this."})
        emulator = Emulator(self._application, account_of(request.access_key), request.region)
        asked = json.loads(body)
        try:
            role = (await emulator.call("iam", "GetRole", RoleName=asked["roleArn"].rpartition("/")[2]))["Role"]
        except AwsError as error:
            return _said(error.status, {"message": str(error)})
        context = as_service(asked["service"], asked["roleArn"], emulator, asked.get("sourceArn"))
        if not trusts(unquote(role["AssumeRolePolicyDocument"]), context):
            return _said(403, {"message": f"{asked['roleArn']} does not let {asked['service']} assume it"})
        session = open_session(role, context, asked["sessionName"], SESSION_SECONDS)
        return _said(200, dict(session.credentials))


def _said(status: int, body: dict[str, Any]) -> Answer:
    return Answer(status, {"content-type": "application/json"}, json.dumps(body).encode())


def as_service(
    service: str,
    role_arn: str,
    emulator: Emulator,
    source_arn: str | None = None,
    tags: Mapping[str, str] | None = None,
) -> iam_evaluator.EvalContext:
    """The request of a service to assume a role of its customer's account, for one resource (or none) of it."""
    source = {"aws:sourcearn": source_arn} if source_arn else {}
    return iam_evaluator.EvalContext(
        principal_arn=service,
        principal_type="Service",
        principal_account="",
        action="sts:AssumeRole",
        resource_arn=role_arn,
        region=emulator.region,
        request_tags=dict(tags or {}),
        tag_keys=list(tags or {}),
        service_context={"aws:sourceaccount": emulator.account, **source},
    )


def trusts(document: str, asked: iam_evaluator.EvalContext) -> bool:
    """Whether a trust policy lets the service `asked.principal_arn` assume the role and tag the session as it asks.

    The emulator's evaluation knows no service as a caller: the statements for this one are shown to it as for anybody.
    """
    statements = json.loads(document).get("Statement", [])
    statements = [statements] if isinstance(statements, dict) else statements
    service = asked.principal_arn
    policy = {"Statement": [each | {"Principal": "*"} for each in statements if _names(each.get("Principal"), service)]}
    actions = ["sts:AssumeRole", *(["sts:TagSession"] if asked.tag_keys else [])]
    return all(iam_evaluator.evaluate_trust_policy(policy, service, replace(asked, action=each)) for each in actions)


def _names(principal: object, service: str) -> bool:
    if principal == "*":
        return True
    named = principal.get("Service", []) if isinstance(principal, Mapping) else []
    return service in ([named] if isinstance(named, str) else named)


def open_session(
    role: Parameters, asked: iam_evaluator.EvalContext, name: str, seconds: int, policy: str | None = None
) -> Session:
    """A session of the role, in the emulator's own register, with a session policy if one is given."""
    unique = str(uuid.uuid4())
    name = f"{name[: _NAME_LIMIT - len(unique) - 1]}-{unique}"
    account = asked.resource_arn.split(":")[4]
    expires = time.time() + seconds
    arn = f"arn:aws:sts::{account}:assumed-role/{role['RoleName']}/{name}"
    given = {
        "accessKeyId": iam._gen_session_access_key(),
        "secretAccessKey": iam._gen_secret(),
        "sessionToken": iam._gen_session_token(),
        "expiration": int(expires),
    }
    register = {
        "Arn": arn,
        "UserId": f"{role['RoleId']}:{name}",
        "SecretAccessKey": given["secretAccessKey"],
        "SessionToken": given["sessionToken"],
        "Expiration": expires,
        "AccountId": account,
        "PrincipalType": "AssumedRole",
        "SourceAccessKeyId": "",
        "SourcePrincipalArn": asked.principal_arn,
        "SessionTags": [{"Key": key, "Value": value} for key, value in asked.request_tags.items()],
        "SessionPolicies": {"Policy": policy, "PolicyArns": []} if policy else None,
    }
    sts.register_session(given["accessKeyId"], register)
    return Session(arn, register["UserId"], given)
