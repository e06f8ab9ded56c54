"""The steps of an installation, in order; see `tools.install`, which starts it."""

import argparse
import os
import sys
from collections.abc import Sequence

from tools import postgres, preflight, python_environment
from tools.cache import cache_root, exclusive, key_of
from tools.engine import modules, ways
from tools.errors import ToolchainError
from tools.kubernetes import ways as kubernetes
from tools.progress import Progress
from tools.toolchain import CLONE, Record, Toolchain, read_record, write_record

LOCK_FILE = CLONE / "requirements.lock"


def main(arguments: Sequence[str]) -> int:
    """Install what is missing. The exit code: 0, or 1 after an error was printed."""
    parser = argparse.ArgumentParser(
        prog="python3 -m tools.install",
        description="Installs what Groundwork runs on: a Python environment, the Pulumi engine, PostgreSQL, "
        "Kubernetes.",
        epilog="GROUNDWORK_ENGINE=path|download|modules leaves one way to the engine, "
        "GROUNDWORK_KUBERNETES=download|modules one to Kubernetes. "
        "XDG_CACHE_HOME says where the shared parts are kept (default: ~/.cache).",
    )
    parser.add_argument("--quiet", action="store_true", help="say nothing when all is there")
    options = parser.parse_args(arguments)
    try:
        current = read_record()
        if current is None or current.inputs != inputs():
            current = install(Progress())
        elif options.quiet:
            return 0
    except ToolchainError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. Run it again: what is finished is kept.", file=sys.stderr)
        return 1
    found = current.toolchain
    print(
        f"Toolchain ready: Pulumi engine {found.engine_version} ({found.engine_bin}), "
        f"PostgreSQL {found.postgres_version} ({found.postgres_bin}), "
        f"Kubernetes {found.kubernetes_version} ({found.kubernetes_bin}), Python {found.python}"
    )
    return 0


def inputs() -> dict[str, str]:
    """Everything that decides what an installation makes; read anew each time, so it has to be quick."""
    pulumi = ways.candidate_on_path()
    seen = pulumi.stat() if pulumi else None
    return {
        "clone": str(CLONE),  # a moved clone has the old place in its scripts
        "cache": str(cache_root()),
        "python": python_environment.entry(LOCK_FILE).key,
        "engine": modules.assembled_key(python_environment.entry(LOCK_FILE).path / "bin" / "python"),
        "engine on PATH": f"{pulumi} {seen.st_size} {seen.st_mtime_ns}" if seen else "",
        "GROUNDWORK_ENGINE": os.environ.get("GROUNDWORK_ENGINE", ""),
        "kubernetes": kubernetes.key(),
        "GROUNDWORK_KUBERNETES": os.environ.get("GROUNDWORK_KUBERNETES", ""),
        "installer": key_of(*(file.read_bytes() for file in sorted((CLONE / "tools").rglob("*.py")))),
    }


def install(progress: Progress) -> Record:
    """All steps. A step that was done before is passed over."""
    progress.say(f"Installing Groundwork's toolchain into {cache_root()}")
    with exclusive(cache_root() / f"clone-{key_of(str(CLONE))}.lock", progress.say):
        preflight.check(LOCK_FILE)
        cached = python_environment.ensure_cached(LOCK_FILE, progress)
        engine = ways.ensure(cached / "bin" / "python", progress)
        database = postgres.ensure(progress)
        cluster = kubernetes.ensure(progress)
        python_environment.link_into_clone(CLONE, cached)
        record = Record(
            inputs(),
            Toolchain(
                engine_bin=engine.bin,
                pulumi=engine.bin / "pulumi",
                engine_version=engine.version,
                python=CLONE / ".venv" / "bin" / "python",
                postgres_bin=database.bin,
                postgres_version=database.version,
                kubernetes_bin=cluster.bin,
                kubernetes_version=cluster.version,
            ),
        )
        write_record(record)
    return record
