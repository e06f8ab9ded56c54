"""The pieces built from Go modules."""

import shutil
from pathlib import Path

from tools.cache import Entry
from tools.kubernetes.pieces import CONTROL_PLANE, KWOK, STAGES, Piece
from tools.progress import Progress

STAGE_FOLDERS = ("node/fast", "node/heartbeat-with-lease", "pod/fast")
"""What kwok's releases put together as stage-fast.yaml: nodes are ready and pods run without delay."""


def entry(piece: Piece) -> Entry:
    """Its place in the cache. An unrelated change builds nothing again: the key is that of go.mod and go.sum."""
    return Entry(f"kubernetes-{piece.name}", piece.go.key)


def ensure(piece: Piece, progress: Progress) -> Path:
    """The folder of its programs. Raises WayRefusedError when there is no compiler, or the build fails."""

    def build(folder: Path) -> None:
        piece.go.build(
            piece.programs,
            folder,
            stamp=_stamp(piece),
            title=f"{piece.title} {piece.version}",
            usual_cpu_seconds=piece.usual_cpu_seconds,
            progress=progress,
        )
        if piece is KWOK:
            _copy_stages(piece.go.source_of(piece.module), folder / STAGES)

    return entry(piece).ensure(build, progress.say)


def _stamp(piece: Piece) -> str:
    """Kubernetes learns its version from the linker, the others from a constant of their source."""
    if piece is not CONTROL_PLANE:
        return ""
    major, minor, _ = piece.version.split(".", 2)
    values = {"gitVersion": f"v{piece.version}", "gitMajor": major, "gitMinor": minor}
    return " ".join(f"-X k8s.io/component-base/version.{name}={value}" for name, value in values.items())


def _copy_stages(source: Path, target: Path) -> None:
    target.mkdir()
    for folder in STAGE_FOLDERS:
        for file in sorted((source / "kustomize" / "stage" / folder).glob("*.yaml")):
            if file.name != "kustomization.yaml":
                shutil.copyfile(file, target / file.name)  # its content alone: files of Go's modules are read-only
