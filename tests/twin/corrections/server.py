"""A real server of the twin's AWS API in a process of its own, and clients of it."""

import contextlib
import gc
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from tests.support import kept_state
from twin import state

ACCOUNT = "111122223333"
REGION = "eu-west-1"
START_SECONDS = 120.0
STOP_SECONDS = 120.0
"""A server ends its databases and clusters first."""
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    ],
}


@dataclass
class Twin:
    """One server: its folder, its ports, its process."""

    root: Path
    postgres_bin: Path
    kubernetes_bin: Path
    process: "subprocess.Popen[bytes] | None" = None
    clients: list[Any] = field(default_factory=list)

    @property
    def known(self) -> state.TwinState:
        found = state.load(self.root / "twin.json")
        assert found is not None
        return found

    def start(self) -> None:
        with (self.root / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "twin.aws.server", "--root", self.root),
                    *("--postgres-bin", self.postgres_bin, "--kubernetes-bin", self.kubernetes_bin),
                ],
                stdout=log,
                stderr=log,
                env={k: v for k, v in os.environ.items() if not k.startswith("AWS_")},
            )
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.known.http_port}/_ministack/health", timeout=2)
                return
            except OSError:
                log_text = (self.root / "server.log").read_text()
                assert self.process.poll() is None, log_text
                assert time.monotonic() < deadline, log_text
            time.sleep(0.1)

    def stop(self) -> None:
        assert self.process is not None
        for client in self.clients:  # the server would wait for the end of their TLS connections
            client.close()
        gc.collect()  # and of those of answers whose body nobody has read
        self.process.terminate()
        self.process.wait(STOP_SECONDS)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(30)

    def wait_until_kept(self) -> None:
        """Wait until what has been done so far is on disk, so that a kill costs nothing of it."""
        kept_state.wait_until_kept(self.root, self.client("iam"))

    def client(
        self,
        service: str,
        credentials: dict[str, str] | None = None,
        *,
        tls: bool = True,
        region: str = REGION,
        **config: Any,
    ) -> Any:
        """A boto3 client: of the account's root, or of an assumed role."""
        given = credentials or {"AccessKeyId": ACCOUNT, "SecretAccessKey": self.known.root_secret}
        port = self.known.https_port if tls else self.known.http_port
        made = boto3.client(
            service,
            region_name=region,
            endpoint_url=f"{'https' if tls else 'http'}://127.0.0.1:{port}",
            verify=str(self.root / "certificates" / "ca.pem"),
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given.get("SessionToken"),
            config=Config(**{"retries": {"total_max_attempts": 1}} | config),
        )
        # S3 Control's rules put the account before the host, which no loopback address can have.
        made.meta.events.register("before-sign.s3-control", _without_account)
        self.clients.append(made)
        return made

    def role(self, name: str, *statements: dict[str, Any]) -> dict[str, str]:
        """The credentials of a new role that may do what `statements` allow."""
        iam = self.client("iam")
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
        document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        iam.put_role_policy(RoleName=name, PolicyName="test", PolicyDocument=document)
        found: dict[str, str] = self.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
        return found


def _without_account(request: Any, **_: Any) -> None:
    request.url = request.url.replace(f"//{ACCOUNT}.", "//")


def contents(folder: Path) -> Iterator[bytes]:
    """What each file below a folder holds; one that a program replaces at this moment is read by its lasting name."""
    for directory, _, names in os.walk(folder):
        for path in (Path(directory, name) for name in names):
            with contextlib.suppress(FileNotFoundError):
                if path.is_file():
                    yield path.read_bytes()


def allow(resource: str | list[str], *actions: str) -> dict[str, Any]:
    """A policy statement."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource}
