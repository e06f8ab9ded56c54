"""Runs Python programs and policy packs for the Pulumi engine: a server of Pulumi's LanguageRuntime protocol.

It stands in for the official `pulumi-language-python`, which is no Go module and so cannot be built with the engine.
Programs run in the virtual environment of their project, never in the one that this server runs in.
Source: `proto/pulumi/language.proto` of the SDK. Not served: `pulumi new`, code generation, packing, debuggers.
"""

import importlib.metadata
import importlib.util
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import types
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import grpc

if __name__ == "__main__" and not TYPE_CHECKING:

    def _without_init(package: str) -> None:
        """Let modules of `package` be imported without its __init__: all of Pulumi's SDK would take half a second."""
        module = types.ModuleType(package)
        module.__path__ = list(importlib.util.find_spec(package).submodule_search_locations)
        sys.modules[package] = module

    for _package in ("pulumi", "pulumi.runtime"):
        _without_init(_package)

from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

# The program's exit code when it has shown its error to the user itself: pulumi-language-python-exec defines it.
BAIL = 32
MAX_MESSAGE_BYTES = 400 * 1024 * 1024  # the engine's own limit
EXECUTOR = Path(__file__).parent / "bin" / "pulumi-language-python-exec"
PARENT_CHECK_SECONDS = 1.0
TERMINATION_SECONDS = 5.0


class EnvironmentMissingError(Exception):
    """No Python is there to run a program with. The text says where it was looked for and what to do."""


def interpreter(info: language_pb2.ProgramInfo) -> Path:
    """The Python of the program's virtual environment.

    The runtime option `virtualenv` of Pulumi.yaml or PulumiPolicy.yaml decides, relative to that file. Without it:
    the nearest `.venv` in that file's folder or above, then the environment variable GROUNDWORK_PYTHON.
    """
    root = Path(info.root_directory)
    configured: str | None = MessageToDict(info.options).get("virtualenv")
    if configured:
        python = root / configured / "bin" / "python"
        if not python.exists():
            raise EnvironmentMissingError(
                f"The virtual environment {root / configured} does not exist or has no bin/python. "
                f"The runtime option `virtualenv: {configured}` in {root} names it; "
                "`make install` makes Groundwork's own."
            )
        return python
    for folder in (root, *root.parents):
        python = folder / ".venv" / "bin" / "python"
        if python.exists():
            return python
    if named := os.environ.get("GROUNDWORK_PYTHON"):
        if not os.access(named, os.X_OK):
            raise EnvironmentMissingError(f"GROUNDWORK_PYTHON is {named}, which is no program that can be run.")
        return Path(named)
    raise EnvironmentMissingError(
        f"No Python environment was found for {root}: no runtime option `virtualenv`, no .venv there or above, and "
        "GROUNDWORK_PYTHON is not set. In a clone of Groundwork run `make install`; elsewhere `python3 -m venv .venv`."
    )


def activated(python: Path, extra: Mapping[str, str]) -> dict[str, str]:
    """This process' variables as in an activated virtual environment, and `extra`."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONHOME"}
    environment["PATH"] = f"{python.parent}{os.pathsep}{environment.get('PATH', os.defpath)}"
    environment["VIRTUAL_ENV"] = str(python.parent.parent)
    return environment | dict(extra)


def outcome(exit_code: int) -> language_pb2.RunResponse:
    """What the engine is told about a program that ended."""
    if exit_code == 0:
        return language_pb2.RunResponse()
    if exit_code == BAIL:
        return language_pb2.RunResponse(bail=True)
    if exit_code < 0:
        return language_pb2.RunResponse(error=f"Program was ended by signal {signal.Signals(-exit_code).name}")
    return language_pb2.RunResponse(error=f"Program exited with non-zero exit code: {exit_code}")


class Children:
    """The programs that run now; none of them outlives the server."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()

    def start(self, command: list[str], context: grpc.ServicerContext, **options: Any) -> subprocess.Popen[bytes]:
        """Start a program. Should it still run when the engine gives up the call of `context`, it is ended."""
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **options)
        with self._lock:
            self._running.add(process)
        if not context.add_callback(lambda: self.end(process)):
            self.end(process)  # the call was over before it began
        return process

    def end(self, process: subprocess.Popen[bytes]) -> None:
        """Ask the program to end, then end it. Does nothing to one that has ended."""
        with self._lock:
            self._running.discard(process)
        process.terminate()
        try:
            process.wait(TERMINATION_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()

    def end_all(self) -> None:
        """End every program."""
        for process in list(self._running):
            self.end(process)


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """The calls of the engine. A missing environment is answered with a message, never with a traceback."""

    def __init__(self, engine_address: str) -> None:
        self._engine_address = engine_address
        self.children = Children()

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._engine_address = request.engine_address
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        return plugin_pb2.PluginInfo(version=importlib.metadata.version("pulumi"))

    def GetRequiredPackages(self, request: Any, context: grpc.ServicerContext) -> Any:
        """None: the engine asks for a provider plugin when a resource needs it, and downloads nothing ahead."""
        return language_pb2.GetRequiredPackagesResponse()

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        self.children.end_all()
        return Empty()

    def Run(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Run a program to its end."""
        info = request.info
        try:
            python = interpreter(info)
        except EnvironmentMissingError as error:
            return language_pb2.RunResponse(error=str(error))
        settings = {
            "monitor": request.monitor_address,
            "engine": self._engine_address,
            "project": request.project,
            "root_directory": info.root_directory,
            "stack": request.stack,
            "pwd": request.pwd or info.program_directory,
            "dry_run": "true" if request.dryRun else "false",
            "parallel": str(request.parallel),
            "organization": request.organization,
        }
        command = [str(python), "-u", str(EXECUTOR)]
        for name, value in settings.items():
            command += [f"--{name}", value]
        configuration = {
            "PULUMI_CONFIG": json.dumps(dict(request.config)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
        }
        process = self.children.start(
            [*command, info.entry_point, *request.args],
            context,
            cwd=info.program_directory,
            env=activated(python, configuration),
        )
        return outcome(process.wait())

    def RunPlugin(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        """Run a policy pack (kind `analyzer`) or another plugin; its output as it comes, its exit code last."""
        try:
            python = interpreter(request.info)
        except EnvironmentMissingError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        program = request.info.program_directory
        if request.kind == "analyzer":
            command = [str(python), "-u", "-m", "pulumi.policy", *request.args, program]
        else:
            command = [str(python), "-u", program, *request.args]
        process = self.children.start(
            command,
            context,
            cwd=request.pwd or program,
            env=activated(python, dict(pair.split("=", 1) for pair in request.env)),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for stream, block in output_of(process):
            is_error = stream == "stderr"
            yield (
                language_pb2.RunPluginResponse(stderr=block)
                if is_error
                else language_pb2.RunPluginResponse(stdout=block)
            )
        yield language_pb2.RunPluginResponse(exitcode=process.wait())

    def InstallDependencies(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        """Nothing is installed: the environment is made from a lock file, outside of the engine."""
        try:
            python = interpreter(request.info)
        except EnvironmentMissingError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        said = (
            f"The Python environment of {python.parent.parent} is used as it is; `make install` brings it up to date.\n"
        )
        yield language_pb2.InstallDependenciesResponse(stdout=said.encode())

    def GetProgramDependencies(self, request: Any, context: grpc.ServicerContext) -> Any:
        """The packages of the program's environment; without `transitiveDependencies` those that no other one needs."""
        listing = (
            "import importlib.metadata as m, json;"
            "print(json.dumps([[d.metadata['Name'], d.version, d.requires or []] for d in m.distributions()]))"
        )
        try:
            said = subprocess.run([interpreter(request.info), "-c", listing], capture_output=True, check=True)
        except (EnvironmentMissingError, subprocess.CalledProcessError) as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        packages = json.loads(said.stdout)
        required = set()
        if not request.transitiveDependencies:
            required = {normalized(requirement) for _, _, requires in packages for requirement in requires}
        found = {name: version for name, version, _ in packages if normalized(name) not in required}
        return language_pb2.GetProgramDependenciesResponse(
            dependencies=[language_pb2.DependencyInfo(name=name, version=found[name]) for name in sorted(found)]
        )

    def About(self, request: Any, context: grpc.ServicerContext) -> Any:
        """The program's interpreter and its version."""
        try:
            python = interpreter(request.info)
        except EnvironmentMissingError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        said = subprocess.run([python, "--version"], capture_output=True, text=True, check=False)
        return language_pb2.AboutResponse(executable=str(python), version=said.stdout.removeprefix("Python ").strip())


def normalized(requirement: str) -> str:
    """The package's name in a requirement (`PyYAML>=6 ; extra == "x"`), as package indexes compare names."""
    name = "".join(character if character.isalnum() or character in "-_." else " " for character in requirement)
    return name.split()[0].lower().replace("_", "-").replace(".", "-")


def output_of(process: subprocess.Popen[bytes]) -> Iterator[tuple[str, bytes]]:
    """What the program prints, as (`stdout` or `stderr`, bytes), until both ends are closed."""
    blocks: queue.SimpleQueue[tuple[str, bytes]] = queue.SimpleQueue()

    def read(name: str, stream: IO[bytes]) -> None:
        while block := os.read(stream.fileno(), 1 << 16):
            blocks.put((name, block))
        blocks.put((name, b""))

    streams = {"stdout": process.stdout, "stderr": process.stderr}
    for name, stream in streams.items():
        assert stream is not None  # noqa: S101 - opened as pipes by the caller; narrows the type
        threading.Thread(target=read, args=(name, stream), daemon=True).start()
    open_streams = len(streams)
    while open_streams:
        name, block = blocks.get()
        if block:
            yield name, block
        else:
            open_streams -= 1


def serve(engine_address: str) -> None:
    """Serve on a free loopback port, which is printed, until the engine sends SIGINT or is gone."""
    engine = os.getppid()  # before the port is printed, after which the engine may be killed at any moment
    limits = [
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ]
    # A thread a running program or policy pack, and some for short calls.
    server = grpc.server(ThreadPoolExecutor(max_workers=16), options=limits)
    host = LanguageHost(engine_address)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    over = threading.Event()
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda *_: over.set())
    # An engine that was killed sends no signal; its orphans would hold on to a stack that nobody updates any more.
    while not over.wait(PARENT_CHECK_SECONDS) and os.getppid() == engine:
        pass
    host.children.end_all()
    server.stop(grace=None)


if __name__ == "__main__":
    # The engine's address is the last argument (the ones before it turn tracing on); the handshake repeats it.
    serve(sys.argv[-1])
