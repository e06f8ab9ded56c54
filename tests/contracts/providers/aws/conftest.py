"""The twin's AWS API for the round trips: IAM enforced, corrected, on loopback ports and in a folder of its own."""

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

from tests.contracts.providers.aws.driver import Driver
from tests.contracts.providers.aws.examples import ACCOUNT, REGION, World
from tools import postgres, toolchain
from tools.progress import Progress
from twin import loopback_ports, state
from twin.state import TwinState

DEFAULT_TAGS = {"environment": "test", "owner": "mlops"}


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwinState]:
    """A running server of the API."""
    folder = tmp_path_factory.mktemp("aws")
    served = TwinState.new(*loopback_ports.free(2))
    state.save(folder / "twin.json", served)
    postgres_bin = postgres.ensure(Progress()).bin
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    log = folder / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "twin.aws.server", "--root", folder),
                *("--postgres-bin", postgres_bin, "--kubernetes-bin", toolchain.locate().kubernetes_bin),
            ],
            env=environment,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_for(served.http_port, process, log)
        yield served
    finally:
        process.terminate()
        process.wait(timeout=60)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        with socket.socket() as connection:
            if connection.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError(f"the AWS API does not answer on port {port}: {log.read_text()[-2000:]}")


@pytest.fixture(scope="session")
def world(served: TwinState) -> Iterator[World]:
    """Plain boto3 clients of the same API, to prepare and to read back."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{served.http_port}",
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": served.root_secret,
            "AWS_EC2_METADATA_DISABLED": "true",
        }.items():
            patch.setenv(name, value)
        patch.delenv("AWS_PROFILE", raising=False)
        yield World()


@pytest.fixture(scope="session")
def driver(world: World) -> Iterator[Driver]:
    """The provider, configured as a program would."""
    served = Driver()
    config: dict[str, Any] = {"tags": DEFAULT_TAGS}
    served.configure(region=REGION, allowedAccountIds=[ACCOUNT], defaultTags=config)
    yield served
    served.stop()
