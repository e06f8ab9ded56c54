"""What the twin's clusters run on, in three pieces: each is pinned by the go.mod and go.sum of its own folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.go_modules import GoModule

HERE = Path(__file__).parent
STAGES = "kwok-stages"
"""The folder of kwok's stage files, beside the programs: what kwok does with a node or pod, and when."""


@dataclass(frozen=True)
class Piece:
    """Programs that are published and built together."""

    name: str
    """The folder of its go.mod."""
    title: str
    """For the eye, without the version."""
    module: str
    """The Go module whose version is that of the piece."""
    programs: Mapping[str, str]
    """Names of the programs, and the Go packages that they are built from."""
    usual_cpu_seconds: int
    """To build it after those before it in PIECES, from empty caches."""
    build_mib: int
    """What its modules, Go's build cache and the result take."""

    @property
    def go(self) -> GoModule:
        """What it is built from, where it has to be built."""
        return GoModule(HERE / self.name)

    @property
    def version(self) -> str:
        """The pinned version, of every way: `1.36.3`."""
        return self.go.version(self.module)


CONTROL_PLANE = Piece(
    name="control_plane",
    title="Kubernetes control plane",
    module="k8s.io/kubernetes",
    programs={
        name: f"k8s.io/kubernetes/cmd/{name}"
        for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl")
    },
    usual_cpu_seconds=630,
    build_mib=4000,
)
ETCD = Piece(
    name="etcd",
    title="etcd",
    module="go.etcd.io/etcd/server/v3",
    programs={"etcd": "go.etcd.io/etcd/server/v3"},
    usual_cpu_seconds=110,
    build_mib=700,
)
KWOK = Piece(
    name="kwok",
    title="kwok",
    module="sigs.k8s.io/kwok",
    programs={"kwok": "sigs.k8s.io/kwok/cmd/kwok"},
    usual_cpu_seconds=175,
    build_mib=1200,
)
PIECES = (ETCD, KWOK, CONTROL_PLANE)
