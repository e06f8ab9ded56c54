"""Requests to a domain, signed with the role of the pod, and repeated while the domain is busy or not there yet.

What a domain answers is shown as far as it says what is wrong; what is sent holds nothing secret.

Units:  seconds.
Source: OpenSearch Service developer guide, "Signing HTTP requests" (the service is `es`); IAM user guide, "Signature
Version 4"; EKS user guide, "EKS Pod Identity" (botocore finds the pod's credentials and renews them).
"""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from groundwork_opensearch_setup.errors import SetupError

SERVICE = "es"
TIMEOUT = 30
NOT_FOUND, CONFLICT, FORBIDDEN = 404, 409, 403
BUSY = frozenset({429, 502, 503, 504})
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
SHOWN = 500
"""Characters of a refusal that are shown."""


class ConflictError(Exception):
    """Somebody else changed the object in between."""


@dataclass(frozen=True)
class Domain:
    """A domain's API as one role may use it."""

    address: str
    region: str
    credentials: Credentials
    patience: float
    """For how many seconds in all a request is repeated."""
    pause: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.monotonic

    def call(self, method: str, path: str, body: Any = None) -> dict[str, Any] | None:
        """Return the answer, None where the object is not there.

        Raises ConflictError where the object has changed since it was read, SetupError for every other refusal.
        """
        end, wait = self.now() + self.patience, FIRST_PAUSE
        while True:
            try:
                return self._once(method, path, body)
            except urllib.error.HTTPError as error:
                if error.code == NOT_FOUND:
                    return None
                if error.code == CONFLICT:
                    raise ConflictError(path) from None
                if error.code not in BUSY:
                    raise SetupError(_refused(method, path, error)) from None
                why = f"status {error.code}"
            except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
                why = str(getattr(error, "reason", error))
            if self.now() + wait > end:
                raise SetupError(
                    f"{method} {path}: no answer within {self.patience:.0f} seconds, at last {why}; is the domain "
                    "active, and may this pod reach it at port 443?"
                )
            print(f"{method} {path}: {why}, again in {wait:.0f} s", flush=True)
            self.pause(wait)
            wait = min(2 * wait, LONGEST_PAUSE)

    def _once(self, method: str, path: str, body: Any) -> dict[str, Any]:
        data = None if body is None else json.dumps(body, sort_keys=True).encode()
        signed = AWSRequest(method, f"{self.address}{path}", {"Content-Type": "application/json"}, data)
        SigV4Auth(self.credentials, SERVICE, self.region).add_auth(signed)
        request = urllib.request.Request(  # noqa: S310 - the address is the manifest's
            signed.url, data=data, headers=dict(signed.headers.items()), method=method
        )
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
            text = answer.read()
        found = json.loads(text) if text else {}
        return found if isinstance(found, dict) else {"answer": found}


def _refused(method: str, path: str, error: urllib.error.HTTPError) -> str:
    said = error.read().decode(errors="replace")[:SHOWN]
    advice = "; is this pod's role the domain's master, and does the access policy name it?"
    return f"{method} {path}: refused with status {error.code}{advice if error.code == FORBIDDEN else ''} {said}"
