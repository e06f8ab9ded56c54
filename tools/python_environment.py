"""The Python environment: heavy packages once in the cache, and in each clone a thin environment that points at them.

The thin one is a real virtual environment with its own interpreter link, so that two clones never import each other:
a .pth file puts the clone's own folder first on the path, the cached packages after it.
"""

import os
import platform
import re
import shlex
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

from tools.cache import Entry, key_of
from tools.command import run
from tools.errors import ToolchainError
from tools.progress import Progress, Step

USUAL_SECONDS = 20
NEEDED_MIB = 1500
STARTED_OFTEN = (
    "groundwork.__main__",
    "policies.pack",
    "stacks.wiring",
    "twin.aws.server",
    "twin.providers.aws.servicer",
)
"""Modules of the clone that a command starts with: what they import is compiled once, at installation."""
_NOT_COPIED = re.compile(r"python[\d.]*|pip[\d.]*|[Aa]ctivate.*")


def entry(lock_file: Path) -> Entry:
    """The cached environment of this lock file, this Python and this kind of machine."""
    return Entry(
        "python", key_of(lock_file.read_bytes(), sys.version, base_interpreter().as_posix(), platform.machine())
    )


def base_interpreter() -> Path:
    """The interpreter outside of any virtual environment; an environment made from it survives the one in use now."""
    return Path(getattr(sys, "_base_executable", sys.executable)).resolve()


def missing_parts() -> str | None:
    """What Debian leaves out of its Python and an environment cannot be made without; None when all is there."""
    try:
        import ensurepip  # noqa: F401 - whether it can be imported is the question
    except ImportError:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        return f"Python's module ensurepip is missing: apt-get install python{version}-venv"
    return None


def ensure_cached(lock_file: Path, progress: Progress) -> Path:
    """The folder of the cached environment, every package of it checked against the lock's hashes.

    The lock file lies in the clone.
    """

    def build(folder: Path) -> None:
        with progress.step("Python environment from requirements.lock", USUAL_SECONDS) as step:
            step.detail = "making the environment"
            run([base_interpreter(), "-m", "venv", folder])
            python = folder / "bin" / "python"
            step.detail = "installing uv"
            install_uv(python, lock_file, folder)
            install_locked(folder / "bin" / "uv", [python, "-m", "pip"], python, lock_file, progress, step)
            step.detail = "compiling what is started often"
            compile_imports(python, lock_file.parent)

    cached = entry(lock_file)
    if cached.is_complete and not (cached.path / "bin" / "python").exists():
        raise ToolchainError(
            f"The interpreter of {cached.path} is gone (was Python uninstalled?). "
            "Remove that folder and run make install."
        )
    return cached.ensure(build, progress.say)


def compile_imports(python: Path, clone: Path) -> None:
    """Let Python write the byte code of what our commands import (of 14,000 modules about 1,500).

    It would do so by itself at the first start, unless PYTHONDONTWRITEBYTECODE is set or another user runs it: then
    each start would compile again, which takes longer than everything else that a command does.
    """
    variables = {**without_python_settings(), "PYTHONPATH": str(clone)}
    variables.pop("PYTHONDONTWRITEBYTECODE", None)
    run([python, "-P", "-c", f"import {', '.join(STARTED_OFTEN)}"], env=variables)


def install_uv(python: Path, lock_file: Path, folder: Path) -> None:
    """Install the pinned uv alone, with the hashes that the lock gives for it: it then installs the rest quicker."""
    pinned = re.search(r"^uv==(?:.*\\\n)*.*", lock_file.read_text(), re.MULTILINE)
    if not pinned:
        raise ToolchainError(f"{lock_file} pins no uv; write it again with: make lock")
    only_uv = folder / "uv.lock"
    only_uv.write_text(pinned[0] + "\n")
    arguments = ["--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps", "-r", only_uv]
    run([python, "-m", "pip", "install", *arguments], env=without_python_settings())


def install_locked(
    uv: Path, pip: Sequence[object], python: Path, lock_file: Path, progress: Progress, step: Step
) -> None:
    """Install every package of a lock file for `python`, each checked against the lock's hashes: by `uv`, else `pip`.

    `pip` is the command by which pip works on that interpreter.
    """
    checked = ["--require-hashes", "--no-deps", "-r", lock_file]
    step.detail = "installing packages with uv"
    try:
        run([uv, "pip", "install", "--quiet", "--python", python, *checked], on_line=progress.say)
    except ToolchainError as refused:
        # uv reads none of pip's settings (index, proxy, certificates), pip knows them.
        progress.say(f"uv could not install the packages, pip tries: {refused}")
        step.detail = "installing packages with pip"
        run([*pip, "install", "--disable-pip-version-check", *checked], env=without_python_settings())


def without_python_settings() -> dict[str, str]:
    """The environment without what would make Python or pip work on another place than the one asked for."""
    elsewhere = {"PYTHONHOME", "PYTHONPATH", "PIP_TARGET", "PIP_PREFIX", "PIP_USER", "VIRTUAL_ENV"}
    return {name: value for name, value in os.environ.items() if name not in elsewhere}


def link_into_clone(clone: Path, cached: Path) -> None:
    """Make `clone/.venv`, in the place of any that is there: 0.1 s."""
    thin = clone / ".venv"
    venv.EnvBuilder(clear=True, symlinks=True, with_pip=False, prompt="groundwork").create(thin)
    library = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
    # One line of code, as ascii: Python 3.11 and 3.12 read .pth files in the encoding of the locale. addsitedir,
    # because the cached packages bring .pth files of their own.
    path_file = f"import site, sys; sys.path.append({str(clone)!a}); site.addsitedir({str(cached / library)!a})\n"
    (thin / library / "groundwork.pth").write_text(path_file, encoding="ascii")
    python = thin / "bin" / "python"
    for tool in sorted((cached / "bin").iterdir()):
        if not _NOT_COPIED.fullmatch(tool.name) and os.access(tool, os.X_OK):
            _add_tool(tool, thin / "bin" / tool.name, python)
    write_script(
        thin / "bin" / "groundwork", python, "import sys\n\nfrom groundwork.__main__ import main\n\nsys.exit(main())\n"
    )


def _add_tool(tool: Path, target: Path, python: Path) -> None:
    """A program is linked; a Python script is written anew for the thin interpreter; anything else is left out."""
    content = tool.read_bytes()
    if content.startswith((b"\x7fELF", b"\xcf\xfa\xed\xfe")):  # Linux, macOS
        target.symlink_to(tool)
    elif (body := python_body(content)) is not None:
        write_script(target, python, body)


def python_body(content: bytes) -> str | None:
    """A Python script without the lines that name its interpreter, or None when it is not one.

    Installers write `#!<path>`, or for a long path or one with spaces three lines: `#!/bin/sh`, `'''exec' … `, `' '''`.
    """
    lines = content.decode(errors="replace").splitlines(keepends=True)
    if lines[:1] == ["#!/bin/sh\n"] and len(lines) > 2 and lines[1].startswith("'''exec'"):
        return "".join(lines[3:])
    if lines and lines[0].startswith("#!") and "python" in lines[0]:
        return "".join(lines[1:])
    return None


def write_script(target: Path, python: Path, body: str) -> None:
    """Write `body` so that the shell starts `python` with it: unlike `#!<path>` that carries spaces and long paths."""
    target.write_text(f"#!/bin/sh\n'''exec' {shlex.quote(str(python))} \"$0\" \"$@\"\n' '''\n{body}")
    target.chmod(0o755)
