"""The check of a webhook's signature, against MLflow's own way of making one."""

import base64
import hashlib
import hmac

import pytest
from groundwork_mlflow.signature import DELIVERY, SIGNATURE, TIMESTAMP, TOLERANCE_SECONDS, UnsignedError, verify

SECRET = "a-secret-of-the-server"
BODY = b'{"entity":"model_version","action":"created"}'
NOW = 1_800_000_000.0


def signed(body: bytes = BODY, secret: str = SECRET, at: int = int(NOW), delivery: str = "d-1") -> dict[str, str]:
    """Headers as MLflow makes them (mlflow/webhooks/delivery.py)."""
    content = f"{delivery}.{at}.{body.decode()}".encode()
    signature = base64.b64encode(hmac.new(secret.encode(), content, hashlib.sha256).digest()).decode()
    return {DELIVERY: delivery, TIMESTAMP: str(at), SIGNATURE: f"v1,{signature}"}


def test_a_request_of_who_knows_the_secret_is_its_delivery() -> None:
    assert verify(SECRET, signed(), BODY, NOW) == "d-1"


@pytest.mark.parametrize("age", [TOLERANCE_SECONDS, -TOLERANCE_SECONDS])
def test_clocks_may_differ_by_the_tolerance(age: int) -> None:
    assert verify(SECRET, signed(at=int(NOW) - age), BODY, NOW)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        pytest.param(signed(), BODY + b" ", id="changed body"),
        pytest.param(signed(secret="another"), BODY, id="another secret"),
        pytest.param(signed() | {DELIVERY: "d-2"}, BODY, id="another delivery"),
        pytest.param(signed() | {TIMESTAMP: str(int(NOW) + 1)}, BODY, id="another timestamp"),
        pytest.param(signed(at=int(NOW) - TOLERANCE_SECONDS - 1), BODY, id="too old"),
        pytest.param(signed(at=int(NOW) + TOLERANCE_SECONDS + 1), BODY, id="from the future"),
        pytest.param(signed() | {TIMESTAMP: "soon"}, BODY, id="no time"),
        pytest.param(signed() | {SIGNATURE: "v1,%%%"}, BODY, id="no base64"),
        pytest.param(signed() | {SIGNATURE: "v1," + base64.b64encode(b"short").decode()}, BODY, id="too short"),
        pytest.param(signed() | {SIGNATURE: signed()[SIGNATURE].replace("v1", "v2")}, BODY, id="another version"),
        *(
            pytest.param({k: v for k, v in signed().items() if k != name}, BODY, id=f"no {name}")
            for name in (DELIVERY, TIMESTAMP, SIGNATURE)
        ),
    ],
)
def test_anything_else_is_refused(headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(UnsignedError):
        verify(SECRET, headers, body, NOW)


def test_one_good_signature_among_several_is_enough() -> None:
    """As while a secret is exchanged for another one."""
    headers = signed() | {SIGNATURE: f"{signed(secret='old')[SIGNATURE]} {signed()[SIGNATURE]}"}
    assert verify(SECRET, headers, BODY, NOW)
