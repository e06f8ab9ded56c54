"""The image's program, as a process against an object store that is none: what it does when it cannot read."""

import os
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from tests.support.loopback import serving
from tests.unit.tools.support import Said
from tools import images

REFUSAL = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>Not yours</Message></Error>"
DEADLINE_SECONDS = 240


class Refusing(BaseHTTPRequestHandler):
    """S3 that lets nobody see anything."""

    def do_GET(self) -> None:
        self.send_response(403)
        self.send_header("Content-Length", str(len(REFUSAL)))
        self.end_headers()
        self.wfile.write(REFUSAL)

    def log_message(self, *_: object) -> None:
        """Requests are no news."""


@pytest.fixture
def refusing() -> Iterator[str]:
    with serving(Refusing) as place:
        yield f"http://{place}"


def test_it_ends_when_it_can_no_longer_read_and_says_why(refusing: str) -> None:
    program = images.environment("tensorboard", Said()) / "bin" / "groundwork-tensorboard"
    variables = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
        "AWS_ENDPOINT_URL": refusing,
        "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nothing",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    done = subprocess.run(
        [program, "--logdir=s3://bucket/teams/vision/", "--host=127.0.0.1", "--port=0", "--load_fast=false"],
        env=variables, capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 1, "it goes on with what it had read, for ever"
    assert "AccessDenied" in done.stderr.strip().splitlines()[-1]
