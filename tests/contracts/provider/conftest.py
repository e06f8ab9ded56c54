"""A ministack of its own for the round trips: IAM enforced, on the loopback interface, with folders of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.provider.driver import Driver
from tests.contracts.provider.examples import ACCOUNT, REGION, World

DEFAULT_TAGS = {"environment": "test", "owner": "mlops"}


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running ministack."""
    folder = tmp_path_factory.mktemp("ministack")
    port = _free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        "AUTH": "true",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_PORT": str(_free_port()),
        "BIND_HOST": "127.0.0.1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "STATE_DIR": str(folder / "state"),
        "S3_DATA_DIR": str(folder / "s3"),
    }
    log = folder / "ministack.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "ministack"], env=environment, stdout=out, stderr=subprocess.STDOUT, cwd=folder
        )
    try:
        _wait_for(port, process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        with socket.socket() as connection:
            if connection.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError(f"ministack does not answer on port {port}: {log.read_text()[-2000:]}")


@pytest.fixture(scope="session")
def world(endpoint: str) -> Iterator[World]:
    """Plain boto3 clients of the same API, to prepare and to read back."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_EC2_METADATA_DISABLED": "true",
        }.items():
            patch.setenv(name, value)
        patch.delenv("AWS_PROFILE", raising=False)
        yield World()


@pytest.fixture(scope="session")
def driver(world: World) -> Iterator[Driver]:  # noqa: ARG001 - the environment must be set
    """The provider, configured as a program would."""
    served = Driver()
    config: dict[str, Any] = {"tags": DEFAULT_TAGS}
    served.configure(region=REGION, allowedAccountIds=[ACCOUNT], defaultTags=config)
    yield served
    served.stop()
