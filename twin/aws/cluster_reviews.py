"""What the API servers of the clusters ask the AWS API: whose token is this, and do access policies allow that.

Only the API server of a cluster is answered, and only about its own cluster: each has a secret, in a file of mode 0600.
Everyone else who asks here is told that there is nothing.

Source: kubernetes.io, "Webhook Token Authentication", "Webhook Mode"; EKS user guide, "How Amazon EKS works with IAM".
"""

import json
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from twin.aws.corrections.emulator import Answer, Application, Emulator, Message, Receive, Send
from twin.aws.corrections.engine import request_head, whole_body
from twin.aws.corrections.wire import AwsError
from twin.aws.identities import resolve
from twin.kubernetes.access import Session, allows, username
from twin.kubernetes.authentication import identify
from twin.kubernetes.cluster_files import PRINCIPAL, WEBHOOKS
from twin.kubernetes.cluster_record import ClusterRecord
from twin.kubernetes.fleet import ClusterFleet
from twin.presigned import Identity, TokenError

_log = logging.getLogger("twin.kubernetes.reviews")
_NODE_TYPES = {"EC2_LINUX", "EC2_WINDOWS"}
_EVERYONE = "system:authenticated"
Review = Mapping[str, Any]


class NoAccessError(Exception):
    """Somebody who is known to AWS and has no access entry in the cluster."""


@dataclass(frozen=True)
class ClusterReviews:
    """ASGI application: reviews of clusters, and in front of everything else the application that it wraps."""

    application: Application
    """Everything that answers for AWS."""
    api: Application
    """The corrected API, to be asked as root."""
    fleet: ClusterFleet
    hosts: frozenset[str]
    """What clients call the endpoint, with its port."""

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer reviews; pass on everything else."""
        if scope["type"] != "http" or not scope["path"].startswith(f"{WEBHOOKS}/"):
            await self.application(scope, receive, send)
            return
        head, body = request_head(scope), await whole_body(receive)
        name, _, kind = head.path.removeprefix(f"{WEBHOOKS}/").partition("/")
        record = self._asking(name, head.headers.get("authorization", ""))
        answers = {"authenticate": self._authenticate, "authorize": self._authorize}
        if record is None or kind not in answers or head.method != "POST":
            await Answer(404, {"content-type": "text/plain"}, b"not found\n").send(send)
            return
        review = json.loads(body)
        status = await answers[kind](record, review["spec"])
        answer = {"apiVersion": review["apiVersion"], "kind": review["kind"], "status": status}
        await Answer(200, {"content-type": "application/json"}, json.dumps(answer).encode()).send(send)

    def _asking(self, name: str, authorization: str) -> ClusterRecord | None:
        """The cluster whose API server asks, if it proves that it is."""
        if self.fleet.status(name) is None:
            return None
        record = self.fleet.record(name)
        return record if secrets.compare_digest(authorization, f"Bearer {record.webhook_secret}") else None

    async def _authenticate(self, record: ClusterRecord, asked: Review) -> Review:
        try:
            identity = identify(asked["token"], record.name, self.hosts, datetime.now(UTC), resolve)
            return {"authenticated": True, "user": await self._user(record, identity)}
        except (TokenError, NoAccessError) as error:
            _log.warning("%s refuses a token: %s", record.folder_name, error)
            return {"authenticated": False, "error": str(error)}

    async def _user(self, record: ClusterRecord, identity: Identity) -> Review:
        """The user that an API server knows from here on, and that its audit log shows."""
        session = Session.of(identity.arn)
        principal = await self._principal(record, identity.arn, session)
        emulator = self._emulator(record, record.account)
        try:
            found = await emulator.call("eks", "DescribeAccessEntry", clusterName=record.name, principalArn=principal)
        except AwsError as error:
            if error.says("ResourceNotFoundException"):
                raise NoAccessError(f"{principal} has no access entry in {record.name}") from error
            raise
        entry = found["accessEntry"]
        dns_name = await self._node_name(record, session) if entry["type"] in _NODE_TYPES else ""
        account = identity.arn.split(":")[4]
        return {
            "username": username(entry["username"], account, session, dns_name),
            "uid": f"aws-iam-authenticator:{account}:{identity.principal_id.partition(':')[0]}",
            "groups": entry.get("kubernetesGroups", []),
            "extra": {
                "accessKeyId": [identity.access_key_id],
                "arn": [identity.arn],
                PRINCIPAL: [principal],
                "principalId": [identity.principal_id.partition(":")[0]],
                "sessionName": [session.name if session else ""],
                "sigs.k8s.io/aws-iam-authenticator/principalId": [identity.principal_id.partition(":")[0]],
            },
        }

    async def _principal(self, record: ClusterRecord, arn: str, session: Session | None) -> str:
        """The principal of an access entry: a session's is its role, whose path the session's ARN does not tell."""
        if session is None:
            return arn
        try:
            found = await self._emulator(record, session.account).call("iam", "GetRole", RoleName=session.role)
        except AwsError as error:
            raise NoAccessError(f"the role of {arn} does not exist any more") from error
        return str(found["Role"]["Arn"])

    async def _node_name(self, record: ClusterRecord, session: Session | None) -> str:
        """The name of the node that an instance's credentials are for: the session's name is the instance's id."""
        emulator = self._emulator(record, record.account)
        try:
            found = await emulator.call("ec2", "DescribeInstances", InstanceIds=[session.name if session else ""])
            return str(found["Reservations"][0]["Instances"][0]["PrivateDnsName"])
        except (AwsError, LookupError) as error:
            raise NoAccessError("the session of a node's role is not one of an instance") from error

    async def _authorize(self, record: ClusterRecord, asked: Review) -> Review:
        """No opinion rather than a denial when no policy allows it: RBAC is asked next."""
        principal = (asked.get("extra") or {}).get(PRINCIPAL, [""])[0]
        emulator, named = self._emulator(record, record.account), {"clusterName": record.name}
        try:
            entry = (await emulator.call("eks", "DescribeAccessEntry", **named, principalArn=principal))["accessEntry"]
            found = await emulator.call("eks", "ListAssociatedAccessPolicies", **named, principalArn=principal)
        except AwsError as error:
            if error.says("ResourceNotFoundException"):
                return {"allowed": False, "denied": True, "reason": f"{principal} has no access entry any more"}
            raise
        if {*entry.get("kubernetesGroups", []), _EVERYONE} != {*asked.get("groups", []), _EVERYONE}:
            return {"allowed": False, "denied": True, "reason": f"the groups of {principal} have changed"}
        if allows(found["associatedAccessPolicies"], asked):
            return {"allowed": True, "reason": "EKS access policy"}
        return {"allowed": False}

    def _emulator(self, record: ClusterRecord, account: str) -> Emulator:
        return Emulator(self.api, account, record.region)
