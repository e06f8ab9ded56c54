"""Stubbed AWS: the calls that a test expects, in order, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from tests.contracts.providers.aws.driver import Driver
from twin.providers.aws.clients import Clients
from twin.providers.aws.context import Account
from twin.providers.aws.servicer import AwsProvider

REGION = "eu-west-1"
ACCOUNT = Account(id="111122223333", region=REGION, default_tags={"environment": "dev", "owner": "mlops"})


@dataclass
class Aws:
    """A Stubber for each service, and a provider over them."""

    stubs: dict[str, Stubber] = field(default_factory=dict)

    def client(self, service: str, **_: Any) -> Any:
        return self.stub(service).client

    def stub(self, service: str) -> Stubber:
        if service not in self.stubs:
            made = boto3.client(service, region_name=REGION, aws_access_key_id="x", aws_secret_access_key="x")
            self.stubs[service] = Stubber(made)
            self.stubs[service].activate()
        return self.stubs[service]

    def answers(self, service: str, operation: str, answer: dict[str, Any], **expected: Any) -> None:
        self.stub(service).add_response(operation, answer, expected)

    def fails(self, service: str, operation: str, code: str, status: int = 400, **expected: Any) -> None:
        self.stub(service).add_client_error(
            operation, code, "in its own words", http_status_code=status, expected_params=expected or None
        )

    def nothing_is_left(self) -> None:
        for stub in self.stubs.values():
            stub.assert_no_pending_responses()


@pytest.fixture
def aws() -> Aws:
    return Aws()


@pytest.fixture
def driver(aws: Aws) -> Iterator[Driver]:
    provider = AwsProvider(Clients(REGION, client=aws.client))
    provider.account = ACCOUNT
    served = Driver(provider)
    yield served
    served.stop()
