"""The base commit's environments on a twin of their own, built once for each state of the repository and kept.

The base is built by its own code, from a copy of its files, as `up` would build it. What is kept is the folder of a
twin that was stopped in good order; each preview works on a copy of it at the same place, since the folder holds its
own path, and throws the copy away. The copy stands still (twin/still.py): a plan asks API servers and nobody else.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from groundwork.deployment import ENGINE
from groundwork.errors import GroundworkError
from groundwork.preview.surroundings import minimal
from tools import toolchain
from tools.cache import cache_root, exclusive, key_of
from twin import still
from twin.places import OVERRIDE, Places

KIND: Final = "previews"
KEPT_ENTRIES: Final = 3
"""Bases that are kept: the newest of them."""
_BUILT: Final = "built.json"
_CLUSTER: Final = "aws:eks/cluster:Cluster"
_SECONDS: Final = 1200
_ONCE: Final = {**ENGINE, "PULUMI_SKIP_CHECKPOINTS": "true"}
"""For the engine that builds a base: it writes the state once, in the end, and not at each of some 800 steps. An `up`
that is killed could not be finished so; here its twin is thrown away and everything begins anew."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class Commit:
    """A commit of the repository that a clone is of."""

    ref: str
    """As it was asked for."""
    sha: str
    tree: str
    """What all of its files together are."""


@dataclass(frozen=True)
class Built:
    """One environment of a base, as its state says."""

    protected: tuple[str, ...]
    """The URNs that the engine would refuse to delete. Their protection was taken off the state of this twin alone, so
    that a plan is told whole, and not up to the first of them."""
    clusters: tuple[str, ...]
    """Names of its clusters."""


@dataclass(frozen=True)
class Base:
    """A base that has been built."""

    folder: Path
    """Of its own: `files` of the commit, `twin` while a preview works, `kept` of the twin."""

    @property
    def files(self) -> Path:
        """The commit's files."""
        return self.folder / "files"

    @property
    def twin(self) -> Path:
        """The twin's folder: always at this place."""
        return self.folder / "twin"

    @property
    def kept(self) -> Path:
        """The stopped twin, which nothing touches."""
        return self.folder / "kept"

    @property
    def environments(self) -> Mapping[str, Built]:
        """By name, those that were built; empty before the base was built to the end."""
        file = self.kept / _BUILT
        found: dict[str, dict[str, list[str]]] = json.loads(file.read_text()) if file.is_file() else {}
        return {name: Built(tuple(one["protected"]), tuple(one["clusters"])) for name, one in found.items()}


def commit(clone: Path, ref: str) -> Commit:
    """Return the commit that a branch, tag or hash names. Raises GroundworkError."""
    if ref.startswith("-"):
        raise GroundworkError(f"--base {ref}: give a branch, a tag or a commit, for example origin/main")
    try:
        found = _git(clone, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}").split()
        (tree,) = _git(clone, "rev-parse", "--verify", "--quiet", f"{found[0]}^{{tree}}").split()
    except (subprocess.CalledProcessError, ValueError, IndexError):
        raise GroundworkError(
            f"--base {ref}: {clone} has no such commit. Fetch it first: git fetch origin {ref.removeprefix('origin/')}"
        ) from None
    return Commit(ref, found[0], tree)


def changed_files(clone: Path, base: Commit) -> tuple[str, ...]:
    """Return the paths that differ between a commit and the files that are there, tracked or not yet."""
    tracked = _git(clone, "diff", "--name-only", "-z", base.sha, "--").split("\0")
    new = _git(clone, "ls-files", "--others", "--exclude-standard", "-z").split("\0")
    return tuple(sorted({path for path in (*tracked, *new) if path}))


def place(base: Commit) -> Base:
    """Return where the base is kept, or would be: by all of its files and by the toolchain that builds it."""
    record = toolchain.read_record()
    return Base(cache_root() / KIND / key_of(base.tree, json.dumps(record.inputs if record else {}, sort_keys=True)))


@contextmanager
def restored(clone: Path, base: Commit, environments: Sequence[str], say: Say) -> Iterator[Base]:
    """Give the base with a copy of its twin in place, not started; it is built if it is not kept. One at a time.

    Raises GroundworkError when the base cannot be built.
    """
    built = place(base)
    with exclusive(built.folder.with_name(f"{built.folder.name}.lock"), say):
        if not set(environments) <= built.environments.keys():
            wanted = list(dict.fromkeys((*built.environments, *environments)))
            say(f"Building {' and '.join(wanted)} of {base.ref} ({base.sha[:12]}): once for this state of it …")
            _build(clone, base, built, wanted)
            _forget_others(built)
        _copy(built.kept, built.twin, _nothing)
        still.save(built.twin, [name for one in environments for name in built.environments[one].clusters])
        built.kept.touch()
        try:
            yield built
        finally:
            shutil.rmtree(built.twin, ignore_errors=True)


def _build(clone: Path, base: Commit, built: Base, environments: Sequence[str]) -> None:
    _end_twin(built)  # of a run that was killed
    shutil.rmtree(built.folder, ignore_errors=True)
    built.files.mkdir(parents=True, mode=0o700)
    archive = subprocess.run(["git", "archive", "--format=tar", base.sha], cwd=clone, capture_output=True, check=True)  # noqa: S607
    with tarfile.open(fileobj=BytesIO(archive.stdout)) as files:
        files.extractall(built.files, filter="data")
    (built.files / ".venv").symlink_to(clone / ".venv")
    try:
        _command(built, "twin", "start")
        with ThreadPoolExecutor(len(environments)) as pool:
            made = dict(zip(environments, pool.map(lambda name: _up(built, name), environments), strict=True))
        _command(built, "twin", "stop", "--keep-state")
    except BaseException:
        _end_twin(built)
        shutil.rmtree(built.folder, ignore_errors=True)  # a pipeline would cache it, under a key that is then taken
        raise
    _copy(built.twin, built.kept, _not_looked_at)
    (built.kept / _BUILT).write_text(json.dumps({name: asdict(one) for name, one in made.items()}))


def _up(built: Base, environment: str) -> Built:
    """Build one environment, as the twin's own shell would."""
    exported = _command(built, "twin", "env", "--env", environment)
    words = [shlex.split(line) for line in exported.splitlines() if line.startswith("export ")]
    variables = dict(word.split("=", 1) for _, word in words)
    engine = (str(built.twin / "bin" / "pulumi"),)
    stack = ("--stack", environment, "--non-interactive")
    _run(built, (*engine, "up", "--yes", "--skip-preview", "--suppress-outputs", *stack), variables | _ONCE)
    state = json.loads(_run(built, (*engine, "stack", "export", "--stack", environment), variables))
    found = built_of(state["deployment"].get("resources", ()))
    if found.protected:
        _run(built, (*engine, "state", "unprotect", "--all", "--yes", "--stack", environment), variables)
    return found


def built_of(resources: Sequence[Mapping[str, Any]]) -> Built:
    """Return what has to be known of an environment, from its state."""
    return Built(
        tuple(one["urn"] for one in resources if one.get("protect")),
        tuple(one["outputs"]["name"] for one in resources if one["type"] == _CLUSTER),
    )


def _command(built: Base, *arguments: str) -> str:
    return _run(built, (sys.executable, "-m", "groundwork", *arguments), {})


def _run(built: Base, command: Sequence[str], variables: Mapping[str, str]) -> str:
    """Run a command on the base's own code. Raises GroundworkError with the end of what it said."""
    environment = {**minimal(os.environ), OVERRIDE: str(built.twin), "PYTHONPATH": str(built.files), **variables}
    done = subprocess.run(
        command, cwd=built.files, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=_SECONDS, check=False,
    )  # fmt: skip
    if done.returncode:
        said = (done.stdout + done.stderr).strip().splitlines()[-25:]
        raise GroundworkError("the base cannot be built, so there is nothing to compare with:\n" + "\n".join(said))
    return done.stdout


def _end_twin(built: Base) -> None:
    if Places(built.files, built.twin).state_file.exists():
        try:
            _command(built, "twin", "stop")
        except GroundworkError:
            shutil.rmtree(built.twin, ignore_errors=True)


def _copy(source: Path, target: Path, left_out: Callable[[Path], set[str]]) -> None:
    """A copy with its modes, links and nothing else; sockets of programs that have ended are left out."""

    def ignored(folder: str, names: list[str]) -> set[str]:
        paths = ((name, Path(folder, name)) for name in names)
        return {name for name, path in paths if path.is_socket() or path.is_fifo()} | left_out(Path(folder))

    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, symlinks=True, ignore=ignored)


def _nothing(_: Path) -> set[str]:
    return set()


def _not_looked_at(folder: Path) -> set[str]:
    """What a twin that stands still never reads: data of databases, audit logs and what programs have said."""
    return {"postgres": {"data"}, "kubernetes": {"audit", "logs"}}.get(folder.parent.name, set())


def _forget_others(built: Base) -> None:
    """Keep the newest entries, which are some hundred MiB each."""
    entries = sorted((path for path in built.folder.parent.iterdir() if path.is_dir()), key=_used, reverse=True)
    for folder in entries[KEPT_ENTRIES:]:
        if folder != built.folder and not (folder / "twin").exists():
            shutil.rmtree(folder, ignore_errors=True)


def _used(folder: Path) -> float:
    kept = folder / "kept"
    return kept.stat().st_mtime if kept.exists() else 0


def _git(clone: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=clone, capture_output=True, text=True, check=True)  # noqa: S607
    return done.stdout
