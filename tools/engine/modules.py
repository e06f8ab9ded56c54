"""The engine built from Go modules, pinned and checked by the go.mod and go.sum beside this file.

The Python language host that Pulumi publishes is no Go module, so `language_host/` stands in for it. The engine finds
it beside itself, as it finds the official one, which is why both go into one folder without a warning about PATH.
"""

import shlex
import shutil
from pathlib import Path

from tools.cache import Entry, hard_link, key_of
from tools.go_modules import GoModule
from tools.progress import Progress

HERE = Path(__file__).parent
LANGUAGE_HOST = HERE / "language_host" / "host.py"
MODULE = GoModule(HERE)
COMMAND = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
SDK = "github.com/pulumi/pulumi/sdk/v3"
VERSION = MODULE.version("github.com/pulumi/pulumi/pkg/v3")
NEEDED_MIB = 6000  # modules and Go's build cache; the result is 113 MB
USUAL_CPU_SECONDS = 710  # from empty caches: 355 s on 2 cores


def _compiled() -> Entry:
    """The engine alone: it takes minutes, so no change of the language host makes it again."""
    return Entry("engine-compiled", MODULE.key)


def is_built() -> bool:
    """The long part is done."""
    return _compiled().is_complete


def ensure(python: Path, progress: Progress) -> Path:
    """The folder of the engine and its language host; the host runs with `python`.

    Raises WayRefusedError when there is no compiler, or the build fails.
    """
    compiled = _compiled().ensure(lambda folder: _compile(folder, progress), progress.say)

    def assemble(folder: Path) -> None:
        binaries = folder / "bin"
        binaries.mkdir()
        for program in ("pulumi", "pulumi-language-python-exec"):
            # No symbolic link: the engine resolves its own path before it looks for the language host beside it.
            hard_link(compiled / program, binaries / program)
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
    MODULE.build(
        {"pulumi": COMMAND},
        folder,
        stamp=f"-X {SDK}/go/common/version.Version={VERSION}",
        title=f"Pulumi engine {VERSION}",
        usual_cpu_seconds=USUAL_CPU_SECONDS,
        progress=progress,
    )
    target = folder / "pulumi-language-python-exec"
    shutil.copyfile(MODULE.source_of(SDK) / "python" / "cmd" / target.name, target)
    target.chmod(0o755)
