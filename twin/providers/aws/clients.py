"""boto3 clients: one for each service and region, with retries, and errors in AWS' own words.

Making a client costs 10 to 150 ms (it loads the service's model), so each is made once, on first use. Endpoint,
certificate authority and credentials come from the environment, as boto3 reads them.
"""

from __future__ import annotations

import random
import threading
from typing import TYPE_CHECKING, Any

from twin.providers.aws.errors import CallError, CancelledError

if TYPE_CHECKING:
    from collections.abc import Callable

ATTEMPTS = 8
"""How often a call is made before its error counts; with botocore's exponential back-off about a minute."""


class Clients:
    """The AWS APIs of one set of credentials, shared by all threads."""

    def __init__(self, region: str, client: Callable[..., Any] | None = None) -> None:
        self.region = region
        self.cancelled = threading.Event()
        self._client = client
        self._made: dict[tuple[str, str, int], Any] = {}
        self._making = threading.Lock()  # boto3 sessions are not safe to share; the clients they make are

    def client(self, service: str, region: str = "", *, attempts: int = ATTEMPTS) -> Any:
        """A client that makes so many attempts at each call."""
        key = (service, region or self.region, attempts)
        if key not in self._made:
            with self._making:
                if key not in self._made:
                    self._made[key] = self._make(*key)
        return self._made[key]

    def _make(self, service: str, region: str, attempts: int) -> Any:
        import boto3
        from botocore.config import Config

        if self._client is None:
            self._client = boto3.Session().client
        retries = {"mode": "standard", "total_max_attempts": attempts}
        config = Config(retries=retries, connect_timeout=10, read_timeout=60, max_pool_connections=32)
        return self._client(service, region_name=region, config=config)

    def call(
        self, service: str, operation: str, params: dict[str, Any], region: str = "", *, attempts: int = ATTEMPTS
    ) -> dict[str, Any]:
        """Call an operation; throttling, server errors and lost connections are retried.

        Raises:
            CallError: AWS refused it, or did so until the last attempt.
        """
        return self._once(self.client(service, region, attempts=attempts), service, operation, params)

    def call_creating(
        self, service: str, operation: str, params: dict[str, Any], region: str, found: Callable[[], str | None]
    ) -> dict[str, Any] | None:
        """Call an operation that makes something new, never twice.

        After a lost connection nobody knows whether it took effect, so before each further attempt `found` looks for
        the resource.

        Returns:
            The answer; or `None` when the resource was found to exist although no answer came.
        """
        client = self.client(service, region, attempts=1)
        for attempt in range(ATTEMPTS):
            try:
                return self._once(client, service, operation, params)
            except CallError as error:
                if not (error.throttled or error.unsettled) or attempt == ATTEMPTS - 1:
                    raise
                self.pause(random.uniform(0, min(2**attempt * 0.1, 20)))  # noqa: S311 - jitter, not a secret
                if error.unsettled and found():
                    return None
        raise AssertionError("unreachable: the last attempt raises")

    def pause(self, seconds: float) -> None:
        """Wait, but no longer than until the user asks to stop."""
        if self.cancelled.wait(seconds):
            raise CancelledError("stopped while waiting, as you asked; the next `up` goes on from here")

    @staticmethod
    def _once(client: Any, service: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        from botocore import exceptions
        from botocore.parsers import ResponseParserError

        try:
            answer: dict[str, Any] = getattr(client, operation)(**params)
        except (exceptions.ClientError, exceptions.BotoCoreError, ResponseParserError) as error:
            lost = isinstance(error, exceptions.ConnectionError | exceptions.HTTPClientError | ResponseParserError)
            name = client.meta.method_to_api_mapping[operation]
            raise CallError(service, name, params, error, lost=lost) from error
        return answer
