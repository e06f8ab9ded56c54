"""The process of the AWS API: `python -m twin.aws.server --root .twin --postgres-bin … --kubernetes-bin …`.

Serves one application on two loopback ports: HTTPS, the endpoint, and HTTP, so that policies that ask for TLS can be
seen to deny. It ends in good order at SIGTERM.
"""

import argparse
import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin import certificates, state
from twin.aws.settings import ServerSettings
from twin.errors import TwinError

if TYPE_CHECKING:
    from twin.aws.corrections.emulator import Application, Message, Receive, Send

SERVER_NAMES = ("127.0.0.1", "localhost", "*.localhost")
"""What clients call the endpoint; `*.localhost` is a bucket's own host name."""


def main() -> None:
    """Serve until SIGTERM. Raises TwinError without a twin in the folder."""
    options = argparse.ArgumentParser(prog="python -m twin.aws.server", description="Serve the twin's AWS API.")
    options.add_argument("--root", type=Path, required=True, help="the twin's folder")
    options.add_argument("--postgres-bin", type=Path, required=True, help="the folder of initdb and postgres")
    options.add_argument("--kubernetes-bin", type=Path, required=True, help="the folder of kube-apiserver and etcd")
    given = options.parse_args()
    root = given.root.absolute()
    twin_state = state.load(root / "twin.json")
    if twin_state is None:
        raise TwinError(f"There is no twin in {root}; `groundwork twin start` makes one.")
    settings = ServerSettings(
        root=root,
        https_port=twin_state.https_port,
        http_port=twin_state.http_port,
        postgres_bin=given.postgres_bin.absolute(),
        kubernetes_bin=given.kubernetes_bin.absolute(),
        root_secret=twin_state.root_secret,
    )
    os.umask(0o077)
    # ministack reads its configuration when it is imported, hence before anything that imports it.
    os.environ.update(emulator_variables(settings))
    with asyncio.Runner(loop_factory=_Loop) as runner:
        runner.run(_serve(settings))


def emulator_variables(settings: ServerSettings) -> Mapping[str, str]:
    """ministack's configuration, as environment variables."""
    return {
        "AUTH": "true",
        "AWS_SECRET_ACCESS_KEY": settings.root_secret,  # of every root user; the key id is the account id
        "GATEWAY_PORT": str(settings.https_port),
        "BIND_HOST": "127.0.0.1",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(settings.state_dir),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(settings.s3_dir),
        # Listeners on fixed ports, which two twins cannot share and no component uses.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        # It would start containers, and remove those of other emulators on this machine: it shall find no Docker.
        "DOCKER_HOST": f"unix://{settings.root / 'no-docker.sock'}",
    }


class _Loop(asyncio.SelectorEventLoop):
    """Closes TLS connections without delay: a client that holds one open and idle does not answer the farewell."""

    async def create_server(self, *args: Any, **options: Any) -> asyncio.Server:
        """As in the base class, whose 30 s for that farewell would be the time of each stop."""
        if options.get("ssl"):
            options["ssl_shutdown_timeout"] = 0.2
        return await super().create_server(*args, **options)


async def _serve(settings: ServerSettings) -> None:
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    from twin.aws.app import build_app

    files = certificates.issue(SERVER_NAMES, settings.certificates_dir)
    config = Config()
    config.bind = [f"127.0.0.1:{settings.https_port}"]
    config.insecure_bind = [f"127.0.0.1:{settings.http_port}"]
    config.certfile, config.keyfile = str(files.certificate), str(files.key)
    config.alpn_protocols = ["http/1.1"]  # as AWS endpoints; what stands in front of the emulator is tried with it
    config.keep_alive_timeout = 75
    config.loglevel = "WARNING"
    served = _own_origin(build_app(settings))
    await serve(served, config)  # type: ignore[arg-type]  # hypercorn types each message of ASGI; ours are any mapping


def _own_origin(application: "Application") -> "Application":
    """Drops what a client says of its own way here: the emulator believes it, and would take plain HTTP for TLS."""

    async def with_own_origin(scope: "Message", receive: "Receive", send: "Send") -> None:
        if "headers" in scope:
            claimed = (b"x-forwarded-", b"forwarded")
            headers = [pair for pair in scope["headers"] if not pair[0].lower().startswith(claimed)]
            scope = {**scope, "headers": headers}
        await application(scope, receive, send)

    return with_own_origin


if __name__ == "__main__":
    main()
