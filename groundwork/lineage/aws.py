"""AWS as this process reaches it: credentials, region and endpoint are found by boto3 as by every plain client."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

Answer = TypeVar("Answer")

RETRIES: Final = Config(retries={"mode": "standard", "max_attempts": 4}, connect_timeout=10)
ABSENT: Final = frozenset(
    {"404", "NoSuchBucket", "NoSuchKey", "NotFound", "ImageNotFoundException", "RepositoryNotFoundException"}
)


class NotAnsweredError(Exception):
    """AWS was not asked, or did not say: no credentials, no right, no connection. In a person's words."""


class Aws:
    """The account of this process."""

    def __init__(self) -> None:
        self._session = boto3.Session()
        self._clients: dict[tuple[str, str | None], Any] = {}

    def client(self, service: str, region: str | None = None) -> Any:
        """The boto3 client of one service. Raises NotAnsweredError without a region."""
        if (service, region) not in self._clients:
            made = asked(partial(self._session.client, service, region_name=region, config=RETRIES))
            self._clients[service, region] = made
        return self._clients[service, region]

    @property
    def account_id(self) -> str:
        """Raises NotAnsweredError."""
        return str(asked(self.client("sts").get_caller_identity)["Account"])

    @property
    def region(self) -> str:
        """Raises NotAnsweredError."""
        if self._session.region_name is None:
            raise NotAnsweredError("no region is set (AWS_REGION)")
        return str(self._session.region_name)


def asked(call: Callable[[], Answer]) -> Answer:
    """Return the answer of a call. Raises NotAnsweredError; a thing that is not there is for `found`."""
    try:
        return call()
    except (BotoCoreError, ClientError) as error:
        raise NotAnsweredError(str(error)) from None


def found(call: Callable[[], Answer]) -> Answer | None:
    """Return the answer of a call, or None when AWS says that there is no such thing. Raises NotAnsweredError."""
    try:
        return call()
    except ClientError as error:
        if error.response["Error"]["Code"] in ABSENT:
            return None
        raise NotAnsweredError(str(error)) from None
    except BotoCoreError as error:
        raise NotAnsweredError(str(error)) from None
