"""The language host as the engine sees it: started as a process, asked over gRPC."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import grpc
import psutil
import pytest
from pulumi.runtime.proto import language_pb2, language_pb2_grpc

from tests.support.processes import has_ended
from tests.support.waiting import eventually
from tests.unit.tools.support import program
from tools.engine.modules import LANGUAGE_HOST

SECONDS = 60
# Stands in for pulumi-language-python-exec: tells what it was given, then ends as its program says.
EXECUTOR = """
import json, os, pathlib, sys
given = {
    "arguments": sys.argv[1:],
    "config": os.environ["PULUMI_CONFIG"],
    "secret": os.environ["PULUMI_CONFIG_SECRET_KEYS"],
    "prefix": sys.prefix,
    "venv": os.environ["VIRTUAL_ENV"],
}
pathlib.Path("given.json").write_text(json.dumps(given))
exec(pathlib.Path("program.py").read_text())
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project folder with a program below it and an environment of its own."""
    folder = tmp_path / "project folder"
    (folder / "stacks").mkdir(parents=True)
    environment(folder / ".venv")
    return folder


def environment(folder: Path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    # What this process can import, that environment can: the SDK among it.
    (library,) = (folder / "lib").glob("python*/site-packages")
    (library / "outer.pth").write_text("\n".join(path for path in sys.path if path.endswith("site-packages")))
    return folder


@pytest.fixture
def host(tmp_path: Path) -> Iterator[SimpleNamespace]:
    """A running host: `call` (the stub), `process`."""
    installed = tmp_path / "engine"
    program(installed / "bin", "pulumi-language-python-exec", EXECUTOR)
    (installed / "host.py").write_text(LANGUAGE_HOST.read_text())
    environment = {name: value for name, value in os.environ.items() if name != "GROUNDWORK_PYTHON"}
    with subprocess.Popen(
        [sys.executable, installed / "host.py", "127.0.0.1:1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield SimpleNamespace(call=language_pb2_grpc.LanguageRuntimeStub(channel), process=process)
        process.send_signal(signal.SIGINT)
        process.wait(SECONDS)


def info(project: Path, **options: str) -> language_pb2.ProgramInfo:
    message = language_pb2.ProgramInfo(
        root_directory=str(project), program_directory=str(project / "stacks"), entry_point="."
    )
    message.options.update(options)
    return message


def run(host: SimpleNamespace, project: Path, code: str, **options: str) -> Any:
    (project / "stacks" / "program.py").write_text(code)
    request = language_pb2.RunRequest(
        project="groundwork", stack="dev", dryRun=True, parallel=8, monitor_address="127.0.0.1:2",
        organization="organization", info=info(project, **options),
        config={"groundwork:region": "eu-west-1"}, configSecretKeys=["groundwork:password"],
    )  # fmt: skip
    return host.call.Run(request)


@pytest.mark.parametrize(
    ("code", "error", "bail"),
    [
        pytest.param("sys.exit(0)", "", False, id="success"),
        pytest.param("sys.exit(32)", "", True, id="32 means that the user has seen the error"),
        pytest.param("sys.exit(3)", "Program exited with non-zero exit code: 3", False, id="failure"),
        pytest.param("os.kill(os.getpid(), 9)", "Program was ended by signal SIGKILL", False, id="killed"),
    ],
)
def test_the_end_of_a_program_is_told_to_the_engine(
    host: SimpleNamespace, project: Path, code: str, error: str, bail: bool
) -> None:
    answer = run(host, project, code)
    assert (answer.error, answer.bail) == (error, bail)


def test_a_program_is_given_the_stack_the_config_and_its_own_environment(host: SimpleNamespace, project: Path) -> None:
    host.call.Handshake(language_pb2.LanguageHandshakeRequest(engine_address="127.0.0.1:3"))
    run(host, project, "")
    given = json.loads((project / "stacks" / "given.json").read_text())
    *settings, entry_point = given["arguments"]
    assert entry_point == "."
    assert dict(zip(settings[::2], settings[1::2], strict=True)) == {
        "--monitor": "127.0.0.1:2",
        "--engine": "127.0.0.1:3",
        "--project": "groundwork",
        "--root_directory": str(project),
        "--stack": "dev",
        "--pwd": str(project / "stacks"),
        "--dry_run": "true",
        "--parallel": "8",
        "--organization": "organization",
    }
    assert json.loads(given["config"]) == {"groundwork:region": "eu-west-1"}
    assert json.loads(given["secret"]) == ["groundwork:password"]
    assert given["prefix"] == given["venv"] == str(project / ".venv")


def test_the_runtime_option_virtualenv_comes_before_the_nearest_one(host: SimpleNamespace, project: Path) -> None:
    environment(project / "other")
    run(host, project, "", virtualenv="other")
    assert json.loads((project / "stacks" / "given.json").read_text())["prefix"] == str(project / "other")


def test_an_environment_that_is_missing_is_an_error_that_says_what_to_do(host: SimpleNamespace, project: Path) -> None:
    answer = run(host, project, "", virtualenv="missing")
    assert f"The virtual environment {project / 'missing'} does not exist" in answer.error
    assert "make install" in answer.error


@pytest.mark.parametrize("exit_code", [0, 1, 32])
def test_a_plugin_streams_both_outputs_and_then_its_exit_code(
    host: SimpleNamespace, project: Path, exit_code: int
) -> None:
    (project / "stacks" / "__main__.py").write_text(
        "import os, sys\nprint('port', *sys.argv[1:], os.environ['GIVEN'])\n"
        f"print('warned', file=sys.stderr)\nsys.exit({exit_code})"
    )
    request = language_pb2.RunPluginRequest(
        kind="resource", pwd=str(project), args=["a"], env=["GIVEN=b=c"], info=info(project)
    )
    answers = list(host.call.RunPlugin(request))
    assert b"".join(answer.stdout for answer in answers) == b"port a b=c\n"
    assert b"".join(answer.stderr for answer in answers) == b"warned\n"
    assert [answer.exitcode for answer in answers if answer.WhichOneof("output") == "exitcode"] == [exit_code]
    assert answers[-1].WhichOneof("output") == "exitcode"


def test_a_policy_pack_runs_below_the_sdks_policy_module(host: SimpleNamespace, project: Path) -> None:
    (project / "stacks" / "__main__.py").write_text("import sys; print('pack', sys.argv)")
    request = language_pb2.RunPluginRequest(kind="analyzer", pwd=str(project), args=["127.0.0.1:4"], info=info(project))
    answers = list(host.call.RunPlugin(request))
    assert b"".join(answer.stdout for answer in answers).startswith(b"pack ")
    assert answers[-1].exitcode == 0


def test_a_plugin_without_an_environment_is_refused_with_the_message(host: SimpleNamespace, project: Path) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        list(host.call.RunPlugin(language_pb2.RunPluginRequest(info=info(project, virtualenv="missing"))))
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert "does not exist" in str(refused.value.details())


def test_a_program_ends_with_the_host_which_ends_quietly_on_sigint(host: SimpleNamespace, project: Path) -> None:
    (project / "stacks" / "program.py").write_text(
        "import time; pathlib.Path('pid').write_text(str(os.getpid())); time.sleep(60)"
    )
    pending = host.call.Run.future(language_pb2.RunRequest(info=info(project)))
    pid_file = project / "stacks" / "pid"
    eventually(lambda: pid_file.exists() and pid_file.read_text(), "the program has written its pid", SECONDS)
    host.process.send_signal(signal.SIGINT)
    assert host.process.wait(SECONDS) == 0
    assert host.process.stderr.read() == ""
    eventually(lambda: not Path(f"/proc/{pid_file.read_text()}").exists(), "the program has ended", SECONDS)
    pending.cancel()


def test_the_host_does_not_outlive_an_engine_that_was_killed(tmp_path: Path) -> None:
    engine = (
        "import subprocess, sys\n"
        f"host = subprocess.Popen([sys.executable, {str(LANGUAGE_HOST)!r}, '127.0.0.1:1'], stdout=subprocess.PIPE)\n"
        "host.stdout.readline()\n"
        "print(host.pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", engine], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=tmp_path
    ) as process:
        assert process.stdout is not None
        host = psutil.Process(int(process.stdout.readline()))
        process.kill()
    eventually(lambda: has_ended(host.pid), "the host has ended", SECONDS)


def test_the_dependencies_and_the_interpreter_of_the_program_are_told(host: SimpleNamespace, project: Path) -> None:
    request = language_pb2.GetProgramDependenciesRequest(info=info(project), transitiveDependencies=True)
    every = {package.name: package.version for package in host.call.GetProgramDependencies(request).dependencies}
    assert {"pulumi", "pytest", "protobuf"} <= set(every)
    request.transitiveDependencies = False
    assert "protobuf" not in {package.name for package in host.call.GetProgramDependencies(request).dependencies}
    about = host.call.About(language_pb2.AboutRequest(info=info(project)))
    assert about.executable == str(project / ".venv" / "bin" / "python")
    assert about.version == ".".join(str(number) for number in sys.version_info[:3])
