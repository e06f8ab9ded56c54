"""Programs of monitoring, had the first time they are wanted and not at `make install`: most people need none.

By the first way that can be had: from PATH, where the version fits; by the official download, compared with the
checksums that the release publishes; or built from Go modules, which go.sum checks. kube-state-metrics is published as
an image alone; the other exporters are small, and tests alone want them: they are built where they are not on PATH.

The modules hold no web pages: those are built with npm for a release. Prometheus then serves its API alone, and
Alertmanager would not compile, so that a few lines of ours stand in for its pages.
"""

import platform
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tools import official
from tools.archive import unpack, verify
from tools.cache import Entry, key_of
from tools.errors import ToolchainError, WayRefusedError
from tools.go_modules import GoModule
from tools.progress import Progress
from tools.versions import parse_version
from tools.ways import first_of

HERE = Path(__file__).parent
RELEASES = "https://github.com/prometheus/{name}/releases/download"
BIN = "bin"
_VERSION = "github.com/prometheus/common/version.Version"


@dataclass(frozen=True)
class Piece:
    """A server, and its command line where it has one, which are published and built together."""

    name: str
    """Of the server, of the image's repository, and of the folder of its go.mod."""
    module: str
    """The Go module."""
    packages: Mapping[str, str] = field(hash=False)
    """By program, the server first: the package within the module; empty for the module's own."""
    entry_point: Sequence[str] = field(hash=False)
    """What the image runs before a pod's arguments; a program by its name, wherever the image has it."""
    usual_cpu_seconds: int
    """To build it from empty caches."""
    release_of: Callable[[str], str] = str
    """The release's version, for the one of the module."""
    asked_for_version: str = "--version"
    """The argument by which each program says its version."""
    is_downloadable: bool = True
    """Whether its releases are asked for programs."""
    replaced: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Files of the module that ours stand in for: by their path there, the path beside our go.mod."""

    @property
    def go(self) -> GoModule:
        """What it is built from, where it has to be built."""
        return GoModule(HERE / self.name, {self.module: self.replaced} if self.replaced else {})

    @property
    def version(self) -> str:
        """The pinned version, as its releases and images have it: `3.15.0`."""
        return self.release_of(self.go.version(self.module))


def _prometheus_release(module: str) -> str:
    """Prometheus' releases from 3.0 on are 0.300 and so on as modules: 0.315.0 is 3.15.0."""
    _, minor, patch = module.split(".")
    return f"{int(minor) // 100}.{int(minor) % 100}.{patch}"


PROMETHEUS = Piece(
    "prometheus",
    "github.com/prometheus/prometheus",
    {"prometheus": "cmd/prometheus", "promtool": "cmd/promtool"},
    entry_point=("prometheus",),
    usual_cpu_seconds=900,
    release_of=_prometheus_release,
)
ALERTMANAGER = Piece(
    "alertmanager",
    "github.com/prometheus/alertmanager",
    {"alertmanager": "cmd/alertmanager", "amtool": "cmd/amtool"},
    entry_point=("alertmanager",),
    usual_cpu_seconds=120,
    replaced={"ui/web.go": "ui/web.go"},
)
KUBE_STATE_METRICS = Piece(
    "kube-state-metrics",
    "k8s.io/kube-state-metrics/v2",
    {"kube-state-metrics": ""},
    entry_point=("kube-state-metrics", "--port=8080", "--telemetry-port=8081"),
    usual_cpu_seconds=200,
    asked_for_version="version",
    is_downloadable=False,
)
NODE_EXPORTER = Piece(
    "node-exporter",
    "github.com/prometheus/node_exporter",
    {"node_exporter": ""},
    entry_point=("node_exporter",),
    usual_cpu_seconds=25,
    is_downloadable=False,
)
CLOUDWATCH_EXPORTER = Piece(
    "cloudwatch-exporter",
    "github.com/prometheus-community/yet-another-cloudwatch-exporter",
    {"yace": "cmd/yace"},
    entry_point=("yace",),
    usual_cpu_seconds=250,
    asked_for_version="version",
    is_downloadable=False,
)
PIECES: Mapping[str, Piece] = {
    piece.name: piece for piece in (PROMETHEUS, ALERTMANAGER, KUBE_STATE_METRICS, NODE_EXPORTER, CLOUDWATCH_EXPORTER)
}
"""By the name of the server."""


def ensure(piece: Piece, progress: Progress) -> Path:
    """The folder whose `bin/` holds the piece's programs. Raises ToolchainError with every refusal."""
    download = (_Way(_download_entry, _download),) if piece.is_downloadable else ()
    ways = (_Way(_path_entry, _link), *download, _Way(_module_entry, _compile))
    there = [way for way in ways if way.entry(piece).is_complete]  # no network when one is there
    attempts: list[Callable[[], Path]] = [partial(way.ensure, piece, progress) for way in there or ways]
    return first_of(f"{piece.name} {piece.version}", attempts, progress)


@dataclass(frozen=True)
class _Way:
    """How the programs are had, and where they are kept then."""

    entry: Callable[[Piece], Entry]
    build: Callable[[Piece, Progress, Path], None]

    def ensure(self, piece: Piece, progress: Progress) -> Path:
        return self.entry(piece).ensure(lambda folder: self.build(piece, progress, folder), progress.say)


def _path_entry(piece: Piece) -> Entry:
    found = [shutil.which(program) or "" for program in piece.packages]
    return Entry(piece.name, key_of("path", piece.version, *found))


def _link(piece: Piece, progress: Progress, folder: Path) -> None:
    """Take those on PATH, of the pinned version or a later one with the same first number."""
    del progress
    (folder / BIN).mkdir()
    for program in piece.packages:
        found = shutil.which(program)
        if found is None:
            raise WayRefusedError(f"{program} is not on PATH")
        said = subprocess.run([found, piece.asked_for_version], capture_output=True, text=True, check=False)
        version, pinned = parse_version(said.stdout + said.stderr), parse_version(piece.version)
        if version is None or pinned is None or version[0] != pinned[0] or version < pinned:
            raise WayRefusedError(f"{found} is not {piece.version} or a later {piece.version.split('.')[0]}")
        (folder / BIN / program).symlink_to(found)


def _machine() -> str:
    kinds = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
    return f"{platform.system().lower()}-{kinds.get(platform.machine(), platform.machine())}"


def _download_entry(piece: Piece) -> Entry:
    return Entry(piece.name, key_of("download", piece.version, _machine()))


def _download(piece: Piece, progress: Progress, folder: Path) -> None:
    top = f"{piece.name}-{piece.version}.{_machine()}"
    name, releases = f"{top}.tar.gz", RELEASES.format(name=piece.name)
    release = f"{releases}/v{piece.version}"
    if not official.answers(f"{release}/{name}"):
        raise WayRefusedError(f"the official download of {name} cannot be reached ({releases})")
    title = f"{piece.name} {piece.version}, official download"
    with progress.step(title, 20), tempfile.TemporaryDirectory() as temporary:
        file = Path(temporary) / name
        official.fetch(f"{release}/{name}", file)
        try:
            verify(file, "sha256", official.listed_checksum(official.text(f"{release}/sha256sums.txt"), name))
        except ToolchainError as wrong:
            raise WayRefusedError(str(wrong)) from wrong
        unpack(file, folder / BIN, under=top, wanted=lambda path: str(path) in piece.packages)


def _module_entry(piece: Piece) -> Entry:
    return Entry(piece.name, piece.go.key)


def _compile(piece: Piece, progress: Progress, folder: Path) -> None:
    (folder / BIN).mkdir()
    piece.go.build(
        {program: f"{piece.module}/{package}".rstrip("/") for program, package in piece.packages.items()},
        folder / BIN,
        stamp=f"-X {_VERSION}={piece.version}",
        title=f"{piece.name} {piece.version}",
        usual_cpu_seconds=piece.usual_cpu_seconds,
        progress=progress,
    )
