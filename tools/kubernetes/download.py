"""The pieces as their projects publish them, for Linux: Kubernetes publishes its servers for nothing else.

No checksum is pinned here. Each file is compared with the one that its publisher gives over HTTPS: Kubernetes beside
the file, etcd in a list of the release, and for kwok, which publishes none, GitHub's own digest of the release's
files. That finds a damaged file, not one that was exchanged together with its checksum.
"""

import json
import platform
import re
import shutil
import tempfile
from pathlib import Path

from tools import official
from tools.archive import unpack, verify
from tools.cache import Entry, key_of
from tools.errors import ToolchainError, WayRefusedError
from tools.kubernetes.pieces import CONTROL_PLANE, ETCD, KWOK, STAGES, Piece
from tools.progress import Progress

HOSTS = {
    CONTROL_PLANE.name: "https://dl.k8s.io/release",
    ETCD.name: "https://github.com/etcd-io/etcd/releases/download",
    KWOK.name: "https://github.com/kubernetes-sigs/kwok/releases/download",
}
KWOK_RELEASES = "https://api.github.com/repos/kubernetes-sigs/kwok/releases/tags"
USUAL_SECONDS = {CONTROL_PLANE.name: 30, ETCD.name: 5, KWOK.name: 10}
NEEDED_MIB = 600
STAGES_FILE = "stage-fast.yaml"


def architecture() -> str | None:
    """This machine as the release files name it (amd64, arm64); None when nothing is published for it."""
    if platform.system() != "Linux":
        return None
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine())


def entry(piece: Piece) -> Entry:
    """Its place in the cache."""
    return Entry(f"kubernetes-{piece.name}", key_of("download", piece.version, architecture() or ""))


def is_reachable(piece: Piece) -> bool:
    """It is published for this machine, and the official host answers and has it."""
    return architecture() is not None and official.answers(f"{_release(piece)}/{_files(piece)[0]}")


def ensure(piece: Piece, progress: Progress) -> Path:
    """The folder of its programs. Raises WayRefusedError when they cannot be had or are not those of the release."""

    def build(folder: Path) -> None:
        if architecture() is None:
            raise WayRefusedError(f"no release for {platform.system()} {platform.machine()} is published")
        if not is_reachable(piece):
            raise WayRefusedError(f"the official download of {piece.version} cannot be reached ({HOSTS[piece.name]})")
        title = f"{piece.title} {piece.version}, official download"
        with progress.step(title, USUAL_SECONDS[piece.name]), tempfile.TemporaryDirectory() as temporary:
            for name in _files(piece):
                file = Path(temporary) / Path(name).name
                official.fetch(f"{_release(piece)}/{name}", file)
                try:
                    verify(file, "sha256", _checksum(piece, name))
                except ToolchainError as wrong:
                    raise WayRefusedError(str(wrong)) from wrong
                _place(piece, file, folder)

    return entry(piece).ensure(build, progress.say)


def _release(piece: Piece) -> str:
    return f"{HOSTS[piece.name]}/v{piece.version}"


def _files(piece: Piece) -> list[str]:
    """The release's files that are needed, relative to the release."""
    if piece is CONTROL_PLANE:
        return [f"bin/linux/{architecture()}/{program}" for program in piece.programs]
    if piece is ETCD:
        return [f"etcd-v{piece.version}-linux-{architecture()}.tar.gz"]
    return [f"kwok-linux-{architecture()}", STAGES_FILE]


def _checksum(piece: Piece, name: str) -> str:
    """The sha256 that the publisher gives for a file of the release. Raises WayRefusedError when there is none."""
    if piece is CONTROL_PLANE:
        return official.text(f"{_release(piece)}/{name}.sha256").strip()
    if piece is ETCD:
        return official.listed_checksum(official.text(f"{_release(piece)}/SHA256SUMS"), name)
    release = official.text(f"{KWOK_RELEASES}/v{piece.version}")
    try:
        digests = {asset["name"]: asset["digest"] for asset in json.loads(release)["assets"]}
        return str(digests[name]).removeprefix("sha256:")
    except (ValueError, KeyError, TypeError) as error:  # no digest of it, or an answer that is not GitHub's
        raise WayRefusedError(f"GitHub gives no digest of {name}") from error


def _place(piece: Piece, file: Path, folder: Path) -> None:
    """Put a checked file of the release where a program, or kwok's stages, belong."""
    if file.name == STAGES_FILE:
        _split_stages(file.read_text(), folder / STAGES)
    elif piece is ETCD:
        unpack(file, folder, under=file.name.removesuffix(".tar.gz"), wanted=lambda path: str(path) in piece.programs)
    else:
        program = folder / file.name.removesuffix(f"-linux-{architecture()}")
        shutil.move(file, program)
        program.chmod(0o755)


def _split_stages(documents: str, target: Path) -> None:
    """One file a stage, named after it, as kwok's source has them."""
    target.mkdir()
    for document in re.split(r"^---\s*$", documents, flags=re.MULTILINE):
        if found := re.search(r"^metadata:\n(?:  .*\n)*?  name: (\S+)$", document, re.MULTILINE):
            (target / f"{found[1]}.yaml").write_text(document.lstrip("\n"))
    if not any(target.iterdir()):
        raise WayRefusedError(f"{STAGES_FILE} holds no stages")
