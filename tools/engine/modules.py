"""The engine built from Go modules: versions pinned by go.mod, contents checked by go.sum, both beside this file.

The Python language host that Pulumi publishes is no Go module, so `language_host/` stands in for it. The engine finds
it beside itself, as it finds the official one, which is why both go into one folder without a warning about PATH.
"""

import os
import platform
import re
import shlex
import shutil
import subprocess
from pathlib import Path

from tools.cache import Entry, cache_root, key_of
from tools.command import run
from tools.errors import ToolchainError, WayRefusedError
from tools.progress import Progress, Step
from tools.versions import Version, parse_version, shown

HERE = Path(__file__).parent
LANGUAGE_HOST = HERE / "language_host" / "host.py"
COMMAND = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
SDK = "github.com/pulumi/pulumi/sdk/v3"
NEEDED_MIB = 6000  # modules and Go's build cache; the result is 113 MB
USUAL_CPU_SECONDS = 710  # from empty caches: 355 s on 2 cores
WHAT_TO_INSTALL = "Go {} or newer, which builds the Pulumi engine: https://go.dev/dl/"


def _pinned(pattern: str) -> str:
    found = re.search(pattern, (HERE / "go.mod").read_text(), re.MULTILINE)
    if not found:
        raise ToolchainError(f"{HERE / 'go.mod'} has no line that matches {pattern!r}")
    return found[1]


VERSION = _pinned(r"^\s*github\.com/pulumi/pulumi/pkg/v3 v(\S+)")


def needed_go() -> Version:
    """The Go version that go.mod asks for."""
    return parse_version(_pinned(r"^go (\S+)")) or ()


def go_problem() -> str | None:
    """What is wrong with the Go compiler of this machine; None when it can build the engine."""
    what_to_install = WHAT_TO_INSTALL.format(shown(needed_go()))
    go = shutil.which("go")
    if not go:
        return f"Go is not on PATH. Install {what_to_install}"
    said = subprocess.run([go, "version"], capture_output=True, text=True, check=False, env=_go_environment())
    version = parse_version(said.stdout)
    if said.returncode or version is None:
        return f"{go} does not say its version. Install {what_to_install}"
    if version < needed_go():
        return f"{go} is Go {shown(version)}, too old. Install {what_to_install}"
    return None


def _go_environment() -> dict[str, str]:
    """The caller's environment, less what would make this build another one than go.mod says.

    GOFLAGS may hold -mod=mod, which writes to go.mod; a go.work in a folder above would take go.mod's place;
    GOTOOLCHAIN=auto would download a compiler. Without cgo no C compiler is needed.
    """
    environment = {
        **os.environ,
        "GOFLAGS": "-mod=readonly",
        "GOWORK": "off",
        "GOTOOLCHAIN": "local",
        "CGO_ENABLED": "0",
    }
    environment = {name: value for name, value in environment.items() if name not in ("GOOS", "GOARCH")}
    home = Path(environment.get("HOME", "/"))
    if not os.access(home, os.W_OK):  # Go's own places are in the home folder
        go_home = cache_root() / "go"
        environment = {"GOPATH": str(go_home), "GOCACHE": str(go_home / "build"), **environment}
    return environment


def _compiled() -> Entry:
    """The engine alone: it takes minutes, so no change of the language host makes it again."""
    sources = [(HERE / name).read_bytes() for name in ("go.mod", "go.sum")]
    return Entry("engine-compiled", key_of(*sources, platform.system(), platform.machine()))


def is_built() -> bool:
    """The long part is done."""
    return _compiled().is_complete


def ensure(python: Path, progress: Progress) -> Path:
    """The folder of the engine and its language host; the host runs with `python`.

    Raises WayRefusedError when there is no compiler, or the build fails.
    """
    if not is_built() and (problem := go_problem()):
        raise WayRefusedError(problem)
    compiled = _compiled().ensure(lambda folder: _compile(folder, progress), progress.say)

    def assemble(folder: Path) -> None:
        binaries = folder / "bin"
        binaries.mkdir()
        for program in ("pulumi", "pulumi-language-python-exec"):
            # No symbolic link: the engine resolves its own path before it looks for the language host beside it.
            try:
                os.link(compiled / program, binaries / program)
            except OSError:  # a file system without hard links
                shutil.copy2(compiled / program, binaries / program)
        shutil.copy(LANGUAGE_HOST, folder / "host.py")
        start = binaries / "pulumi-language-python"
        # -I: neither PYTHONPATH nor the folder of the project may change what the host imports.
        start.write_text(f'#!/bin/sh\nexec {shlex.quote(str(python))} -I {shlex.quote(str(folder / "host.py"))} "$@"\n')
        start.chmod(0o755)

    return Entry("engine", assembled_key(python)).ensure(assemble, progress.say) / "bin"


def assembled_key(python: Path) -> str:
    """Changes with the engine, its language host, or the interpreter that runs the host."""
    return key_of("modules", _compiled().key, LANGUAGE_HOST.read_bytes(), str(python))


def _compile(folder: Path, progress: Progress) -> None:
    environment = _go_environment()
    usual_seconds = USUAL_CPU_SECONDS / (os.cpu_count() or 1)
    stamp = f"-s -w -X {SDK}/go/common/version.Version={VERSION}"
    with progress.step(f"Pulumi engine {VERSION} from Go modules", usual_seconds) as step:
        seen = _BuildLines(step, progress)
        build = ["go", "build", "-buildvcs=false", "-v", "-ldflags", stamp, "-o", folder / "pulumi", COMMAND]
        try:
            run(["go", "list", "-deps", COMMAND], cwd=HERE, env=environment, on_line=seen.listed)
            run(build, cwd=HERE, env=environment, on_line=seen.built)
            (sdk,) = run(["go", "list", "-m", "-f", "{{.Dir}}", SDK], cwd=HERE, env=environment)
        except ToolchainError as error:
            raise WayRefusedError(f"the build from Go modules failed: {error}") from error
    target = folder / "pulumi-language-python-exec"
    shutil.copyfile(Path(sdk) / "python" / "cmd" / target.name, target)
    target.chmod(0o755)


class _BuildLines:
    """Turns what Go prints into numbers for the eye: modules fetched, then packages compiled of all that are needed."""

    def __init__(self, step: Step, progress: Progress) -> None:
        self._step = step
        self._progress = progress
        self._fetched = 0
        self._needed = 0
        self._compiled = 0

    def listed(self, line: str) -> None:
        """A line of `go list -deps`: a module on its way, or a package that the engine needs."""
        if line.startswith("go: downloading "):
            self._fetched += 1
            self._step.detail = f"{self._fetched} modules fetched"
        elif self._is_package(line):
            self._needed += 1

    def built(self, line: str) -> None:
        """A line of `go build -v`: a package that is being compiled. Those in Go's build cache are not told."""
        if self._is_package(line):
            self._compiled += 1
            self._step.detail = f"{self._compiled} of {self._needed} packages compiled (cached ones do not count up)"
        else:
            self._progress.say(f"  go: {line}")

    def _is_package(self, line: str) -> bool:
        return re.fullmatch(r"[\w.~/-]+", line) is not None
