"""Programs built from Go modules: versions pinned by a folder's go.mod, contents checked by the go.sum beside it."""

import os
import platform
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tools.cache import cache_root, key_of
from tools.command import run
from tools.errors import ToolchainError, WayRefusedError
from tools.progress import Progress, Step
from tools.versions import Version, parse_version, shown

WHAT_TO_INSTALL = "Go {} or newer: https://go.dev/dl/"


@dataclass(frozen=True)
class GoModule:
    """A folder with go.mod and go.sum, from which programs are built."""

    folder: Path
    replaced: Mapping[str, Mapping[str, str]] = field(default_factory=dict, hash=False)
    """Files of other modules that files of the folder stand in for: by module, the path there and the path here."""

    def version(self, module: str) -> str:
        """The version that go.mod pins `module` to: `3.255.0`."""
        return self._pinned(rf"^\s*(?:require )?{re.escape(module)} v(\S+)")

    @property
    def needed_go(self) -> Version:
        """The Go version that go.mod asks for."""
        return parse_version(self._pinned(r"^go (\S+)")) or ()

    @property
    def key(self) -> str:
        """Changes with whatever decides what is built from it: versions, their contents, the machine's kind."""
        ours = [path for files in self.replaced.values() for path in files.values()]
        sources = [(self.folder / name).read_bytes() for name in ("go.mod", "go.sum", *ours)]
        return key_of(*sources, platform.system(), platform.machine())

    def build(
        self,
        programs: Mapping[str, str],
        into: Path,
        *,
        stamp: str,
        title: str,
        usual_cpu_seconds: int,
        progress: Progress,
    ) -> None:
        """Build `programs` (name: package) into the folder `into`. `stamp`: variables that the linker sets.

        Raises WayRefusedError when there is no compiler, or the build fails.
        """
        if problem := go_problem(self.needed_go):
            raise WayRefusedError(problem)
        packages = list(programs.values())
        usual_seconds = usual_cpu_seconds / (os.cpu_count() or 1)
        with (
            progress.step(f"{title} from Go modules", usual_seconds) as step,
            tempfile.TemporaryDirectory() as temporary,
        ):
            seen = _BuildLines(step, progress)
            try:
                ours = self._with_ours(Path(temporary))
                # One build for all: what they share is compiled once, and one is linked while another is compiled.
                build = ["-buildvcs=false", "-v", *ours, "-ldflags", f"-s -w {stamp}", "-o", f"{into}/", *packages]
                listed = ["go", "list", *ours, "-deps", *packages]
                run(listed, cwd=self.folder, env=go_environment(), on_line=seen.listed)
                run(["go", "build", *build], cwd=self.folder, env=go_environment(), on_line=seen.built)
            except ToolchainError as error:
                raise WayRefusedError(f"the build from Go modules failed: {error}") from error
        for name, package in programs.items():
            (into / _name_of(package)).replace(into / name)

    def source_of(self, module: str) -> Path:
        """The folder of a module's own files, once something was built from it. Raises WayRefusedError."""
        try:
            (folder,) = run(["go", "list", "-m", "-f", "{{.Dir}}", module], cwd=self.folder, env=go_environment())
        except ToolchainError as error:
            raise WayRefusedError(f"the files of {module} cannot be found: {error}") from error
        return Path(folder)

    def _with_ours(self, temporary: Path) -> Sequence[str]:
        """The flag by which Go builds with our files in place of a module's; none where all are the module's own.

        A module is copied, after Go has checked it: what is in Go's own cache cannot be replaced.
        """
        if not self.replaced:
            return ()
        written = (self.folder / "go.mod").read_text()
        for number, (module, files) in enumerate(self.replaced.items()):
            run(["go", "mod", "download", module], cwd=self.folder, env=go_environment())
            copy = temporary / str(number)
            shutil.copytree(self.source_of(module), copy, copy_function=shutil.copyfile)
            for path, ours in files.items():
                place = copy / path
                place.parent.chmod(0o755)  # the cache's own folders are read-only
                shutil.copyfile(self.folder / ours, place)
            written += f"\nreplace {module} => {copy}\n"
        (temporary / "go.mod").write_text(written)
        shutil.copyfile(self.folder / "go.sum", temporary / "go.sum")
        return (f"-modfile={temporary / 'go.mod'}",)

    def _pinned(self, pattern: str) -> str:
        file = self.folder / "go.mod"
        found = re.search(pattern, file.read_text(), re.MULTILINE)
        if not found:
            raise ToolchainError(f"{file} has no line that matches {pattern!r}")
        return found[1]


def go_problem(needed: Version) -> str | None:
    """What is wrong with the Go compiler of this machine; None when it is `needed` or newer."""
    what_to_install = WHAT_TO_INSTALL.format(shown(needed))
    go = shutil.which("go")
    if not go:
        return f"Go is not on PATH. Install {what_to_install}"
    said = subprocess.run([go, "version"], capture_output=True, text=True, check=False, env=go_environment())
    version = parse_version(said.stdout)
    if said.returncode or version is None:
        return f"{go} does not say its version. Install {what_to_install}"
    if version < needed:
        return f"{go} is Go {shown(version)}, too old. Install {what_to_install}"
    return None


def go_environment() -> dict[str, str]:
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


def _name_of(package: str) -> str:
    """What Go calls the program of a package: the last folder, or the one before a major version."""
    return [part for part in package.split("/") if not re.fullmatch(r"v\d+", part)][-1]


class _BuildLines:
    """Turns what Go prints into numbers for the eye: modules fetched, then packages compiled of all that are needed."""

    def __init__(self, step: Step, progress: Progress) -> None:
        self._step = step
        self._progress = progress
        self._fetched = 0
        self._needed = 0
        self._compiled = 0

    def listed(self, line: str) -> None:
        """A line of `go list -deps`: a module on its way, or a package that the program needs."""
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
