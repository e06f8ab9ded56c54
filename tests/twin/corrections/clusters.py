"""EKS clusters for the tests: what one needs, and how to come into it as somebody."""

import base64
import json
import ssl
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

import botocore.session
import pytest
from awscli.customizations.eks.get_token import STSClientFactory, TokenGenerator
from botocore.exceptions import ClientError

from tests.twin.corrections.server import ACCOUNT, REGION, Twin

START_SECONDS = 120
PATIENT = {"Delay": 1, "MaxAttempts": START_SECONDS}
"""How a waiter of botocore asks."""


def service_role(twin: Twin, name: str, service: str) -> str:
    taken = {"Effect": "Allow", "Principal": {"Service": service}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [taken]})
    return str(twin.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"])


def subnet_ids(twin: Twin, network: str) -> list[str]:
    """Two subnets in a VPC of their own; `network` is the beginning of its addresses, as `10.9`."""
    ec2 = twin.client("ec2")
    vpc_id = ec2.create_vpc(CidrBlock=f"{network}.0.0/16")["Vpc"]["VpcId"]
    made = [
        ec2.create_subnet(VpcId=vpc_id, CidrBlock=f"{network}.{i}.0/24", AvailabilityZone=REGION + zone)["Subnet"]
        for i, zone in enumerate("ab")
    ]
    return [subnet["SubnetId"] for subnet in made]


def described(eks: Any, name: str) -> dict[str, Any]:
    return dict(eks.describe_cluster(name=name)["cluster"])


def wait_for(eks: Any, name: str, status: str = "ACTIVE") -> dict[str, Any]:
    deadline = time.monotonic() + START_SECONDS
    while (cluster := described(eks, name))["status"] != status:
        assert cluster["status"] in ("CREATING", "UPDATING"), cluster
        assert time.monotonic() < deadline, f"{name} is {cluster['status']}"
        time.sleep(0.1)
    return cluster


def refusal(call: Any, **parameters: Any) -> str:
    """Code and message of the error that the call ends with."""
    with pytest.raises(ClientError) as raised:
        call(**parameters)
    error = raised.value.response["Error"]
    return f"{error['Code']}: {error['Message']}"


@dataclass(frozen=True)
class Caller:
    """Somebody who asks an API server; without a token nobody in particular."""

    cluster: Mapping[str, Any]
    token: str | None = None

    def ask(self, path: str, body: Mapping[str, Any] | None = None, method: str | None = None) -> tuple[int, Any]:
        """Status and document of the answer."""
        endpoint = urlsplit(self.cluster["endpoint"])
        authority = base64.b64decode(self.cluster["certificateAuthority"]["data"]).decode()
        trusted = ssl.create_default_context(cadata=authority)
        headers = {"content-type": "application/json"}
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        with closing(HTTPSConnection(endpoint.netloc, timeout=30, context=trusted)) as connection:
            sent = json.dumps(body) if body else None
            connection.request(method or ("POST" if body else "GET"), path, sent, headers)
            answer = connection.getresponse()
            return answer.status, _document(answer.read())

    def status(self, path: str) -> int:
        return self.ask(path)[0]

    def becomes(self, status: int, path: str, seconds: float, *others: int) -> None:
        """Wait until there is an answer with this status, or with one of the others."""
        deadline = time.monotonic() + seconds
        while (found := self._status_or_none(path)) not in (status, *others):
            assert time.monotonic() < deadline, f"{path} is answered with {found}, expected {status}"
            time.sleep(0.05)

    def _status_or_none(self, path: str) -> int | None:
        try:
            return self.status(path)
        except OSError:
            return None


def _document(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text.decode()


def caller(
    twin: Twin, cluster: Mapping[str, Any], credentials: Mapping[str, str] | None = None, name: str | None = None
) -> Caller:
    """Root, or who has these credentials, with a token for this cluster, or for one called `name`."""
    given = credentials or {"AccessKeyId": ACCOUNT, "SecretAccessKey": twin.known.root_secret}
    session = botocore.session.Session()
    session.set_credentials(given["AccessKeyId"], given["SecretAccessKey"], given.get("SessionToken"))
    sts = session.create_client("sts", region_name=REGION, endpoint_url=f"https://127.0.0.1:{twin.known.https_port}")
    STSClientFactory(session)._register_k8s_aws_id_handlers(sts)
    return Caller(cluster, str(TokenGenerator(sts).get_token(name or cluster["name"])))
