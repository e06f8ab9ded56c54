"""boto3 clients for the account that a set of environment variables points at.

boto3 reads `AWS_ENDPOINT_URL` from the environment of its own process only; here the variables are those of another
process (a shell, the engine), so that two twins can be spoken to at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import boto3
from botocore.config import Config

RETRIES = Config(retries={"mode": "standard", "max_attempts": 6})


@dataclass(frozen=True)
class Account:
    """Who calls, and where."""

    region: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    endpoint_url: str | None = None
    """None: AWS itself."""
    ca_bundle: str | None = None
    """File with the certificate authority that signed the endpoint's certificate; None: the system's."""

    @classmethod
    def of(cls, variables: Mapping[str, str]) -> "Account":
        """The account of these environment variables. Raises KeyError for a missing credential or region."""
        return cls(
            region=variables["AWS_REGION"],
            access_key_id=variables["AWS_ACCESS_KEY_ID"],
            secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
            session_token=variables.get("AWS_SESSION_TOKEN"),
            endpoint_url=variables.get("AWS_ENDPOINT_URL"),
            ca_bundle=variables.get("AWS_CA_BUNDLE"),
        )

    def client(self, service: str) -> Any:
        """The boto3 client of one service."""
        return _client(self, service)

    def make_client(self, service: str, *, region_name: str, config: Config) -> Any:
        """A new client, for whoever keeps clients with settings of their own."""
        session = boto3.Session(
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
            aws_session_token=self.session_token,
        )
        return session.client(
            service, region_name=region_name, endpoint_url=self.endpoint_url, verify=self.ca_bundle, config=config
        )

    def assume(self, role_arn: str, session_name: str = "groundwork") -> "Account":
        """The same account as this role, by STS AssumeRole."""
        given = self.client("sts").assume_role(RoleArn=role_arn, RoleSessionName=session_name)["Credentials"]
        return replace(
            self,
            access_key_id=given["AccessKeyId"],
            secret_access_key=given["SecretAccessKey"],
            session_token=given["SessionToken"],
        )


@lru_cache(maxsize=32)  # accounts of temporary credentials come and go
def _client(account: Account, service: str) -> Any:
    return account.make_client(service, region_name=account.region, config=RETRIES)
