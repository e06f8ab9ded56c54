"""Where Kubernetes comes from, on machines that have this and lack that. `make install` has made the real one."""

import hashlib
import json
import platform
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.tools.support import Said, archive, fake_go, served
from tools.errors import ToolchainError
from tools.kubernetes import download, modules, ways
from tools.kubernetes.pieces import CONTROL_PLANE, ETCD, KWOK, PIECES
from tools.toolchain import locate

PROGRAMS = {"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl", "kwok"}
RELEASED = "released"
STAGE = "apiVersion: kwok.x-k8s.io/v1alpha1\nkind: Stage\nmetadata:\n  labels:\n    name: no\n  name: {}\nspec: {{}}\n"
STAGES_FILE = "---\n".join(STAGE.format(name) for name in ("node-initialize", "pod-ready"))

pytestmark = pytest.mark.usefixtures("cache", "host", "go")


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The publishers' hosts, empty at first; the folder that holds them. The machine is an ordinary Linux."""
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    folder = tmp_path / "host"
    folder.mkdir()
    with served(folder) as address:
        monkeypatch.setattr(download, "HOSTS", {piece.name: f"{address}/{piece.name}" for piece in PIECES})
        monkeypatch.setattr(download, "KWOK_RELEASES", f"{address}/tags")
        yield folder


@pytest.fixture
def go(on_path: Path, tmp_path: Path) -> Path:
    """A Go compiler on PATH; the file that makes its builds fail while it exists."""
    for folder in (*modules.STAGE_FOLDERS, "pod/chaos"):
        stages = tmp_path / "source" / "kustomize" / "stage" / folder
        stages.mkdir(parents=True)
        for name in ("kustomization", folder.replace("/", "-")):
            (stages / f"{name}.yaml").write_text(folder)
            (stages / f"{name}.yaml").chmod(0o444)  # as in Go's module cache
    fake_go(on_path, tmp_path / "source", tmp_path / "broken")
    return tmp_path / "broken"


def checksum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def release(host: Path, stages: str = STAGES_FILE) -> dict[str, Path]:
    """Put all releases on their hosts; the files by name."""
    files = {}
    servers = host / CONTROL_PLANE.name / f"v{CONTROL_PLANE.version}" / "bin" / "linux" / "amd64"
    servers.mkdir(parents=True)
    for name in CONTROL_PLANE.programs:
        files[name] = servers / name
        files[name].write_text(RELEASED)
        (servers / f"{name}.sha256").write_text(checksum(RELEASED.encode()))
    folder = host / ETCD.name / f"v{ETCD.version}"
    folder.mkdir(parents=True)
    name = f"etcd-v{ETCD.version}-linux-amd64"
    packed = archive(folder / f"{name}.tar.gz", {f"{name}/etcd": RELEASED, f"{name}/etcdctl": RELEASED})
    (folder / "SHA256SUMS").write_text(f"{'0' * 64}  other.zip\n{checksum(packed.read_bytes())}  {packed.name}\n")
    folder = host / KWOK.name / f"v{KWOK.version}"
    folder.mkdir(parents=True)
    published = {"kwok-linux-amd64": RELEASED, "stage-fast.yaml": stages}
    for name, content in published.items():
        files[name] = folder / name
        files[name].write_text(content)
    (host / "tags").mkdir()
    assets = [{"name": name, "digest": f"sha256:{checksum(text.encode())}"} for name, text in published.items()]
    (host / "tags" / f"v{KWOK.version}").write_text(json.dumps({"assets": assets}))
    return files


def test_the_official_downloads_come_first(host: Path, said: Said) -> None:
    release(host)
    found = ways.ensure(said)
    assert found.version == CONTROL_PLANE.version
    assert {file.name: file.read_text() for file in found.bin.iterdir() if file.is_file()} == dict.fromkeys(
        PROGRAMS, RELEASED
    )
    assert all((found.bin / name).stat().st_mode & 0o111 for name in PROGRAMS)
    assert {file.name: file.read_text() for file in (found.bin / "kwok-stages").iterdir()} == {
        "node-initialize.yaml": STAGE.format("node-initialize"),
        "pod-ready.yaml": STAGE.format("pod-ready"),
    }


def test_what_cannot_be_downloaded_is_built_with_the_stages_of_its_own_source(said: Said) -> None:
    found = ways.ensure(said)
    built = {file.name: file.read_text() for file in found.bin.iterdir() if file.is_file()}
    assert built.keys() == PROGRAMS
    assert f"version.gitVersion=v{CONTROL_PLANE.version} " in built["kube-apiserver"]
    assert built["kube-apiserver"].endswith("version.gitMinor=36")
    stages = list((found.bin / "kwok-stages").iterdir())
    assert all(file.stat().st_mode & 0o200 for file in stages)
    assert {file.name: file.read_text() for file in stages} == {
        "node-fast.yaml": "node/fast",
        "node-heartbeat-with-lease.yaml": "node/heartbeat-with-lease",
        "pod-fast.yaml": "pod/fast",
    }
    assert f"etcd {ETCD.version}: the official download of {ETCD.version} cannot be reached" in str(said)


@pytest.mark.parametrize("name", ["kubectl", "kwok-linux-amd64", "stage-fast.yaml"])
def test_a_download_that_is_not_what_its_publisher_says_is_built_instead(host: Path, said: Said, name: str) -> None:
    release(host)[name].write_text("exchanged")
    found = ways.ensure(said)
    assert f"{name} has the sha256 {checksum(b'exchanged')}" in str(said)
    kubectl, kwok = ((found.bin / program).read_text() for program in ("kubectl", "kwok"))
    other, own = (kwok, kubectl) if name == "kubectl" else (kubectl, kwok)
    assert (other, own.startswith("built")) == (RELEASED, True)


@pytest.mark.parametrize(
    "tag",
    [
        pytest.param('{"assets": [{"name": "stage-fast.yaml", "digest": "sha256:0"}]}', id="of another file"),
        pytest.param('{"message": "API rate limit exceeded"}', id="refusal"),
        pytest.param("<html>Sign in to this network</html>", id="not GitHub"),
    ],
)
def test_a_release_without_a_digest_is_not_used(host: Path, said: Said, tag: str) -> None:
    release(host)
    (host / "tags" / f"v{KWOK.version}").write_text(tag)
    (host / ETCD.name / f"v{ETCD.version}" / "SHA256SUMS").write_text("")
    found = ways.ensure(said)
    assert "GitHub gives no digest of kwok-linux-amd64" in str(said)
    assert "the release publishes no checksum of etcd-" in str(said)
    assert (found.bin / "kwok").read_text().startswith("built")
    assert (found.bin / "etcd").read_text().startswith("built")


def test_a_release_whose_stages_cannot_be_read_is_not_used(host: Path, said: Said) -> None:
    release(host, stages="kind: Kustomization\n")
    found = ways.ensure(said)
    assert "stage-fast.yaml holds no stages" in str(said)
    assert {file.name for file in (found.bin / "kwok-stages").iterdir()} >= {"node-fast.yaml"}


@pytest.mark.parametrize("is_published", [True, False])
def test_what_is_there_is_not_asked_for_again(
    host: Path, said: Said, monkeypatch: pytest.MonkeyPatch, is_published: bool
) -> None:
    if is_published:
        release(host)
    first = ways.ensure(said)
    monkeypatch.setattr("tools.official.answers", lambda url: pytest.fail(f"asked for {url}"))
    assert ways.ensure(said) == first
    assert ways.to_build() == []


def test_a_build_that_broke_off_keeps_the_pieces_that_were_finished(go: Path, said: Said) -> None:
    modules.ensure(ETCD, said)
    go.touch()  # from now on a build fails
    with pytest.raises(ToolchainError, match=rf"No kwok {KWOK.version} can be had:(.|\n)*disk full"):
        ways.ensure(said)
    assert ways.to_build() == [KWOK, CONTROL_PLANE]
    go.unlink()
    ways.ensure(said)
    assert ways.to_build() == []
    assert str(said).count("etcd 3.6.12 from Go modules: done") == 1


def test_a_new_pin_of_one_piece_builds_that_piece_alone(
    said: Said, go: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ways.ensure(said)
    key = ways.key()
    pins = tmp_path / "pins"
    for piece in PIECES:
        (pins / piece.name).mkdir(parents=True)
        for name in ("go.mod", "go.sum"):
            (pins / piece.name / name).write_bytes((piece.go.folder / name).read_bytes())
    monkeypatch.setattr("tools.kubernetes.pieces.HERE", pins)
    assert ways.ensure(said) == first
    (pins / "kwok" / "go.sum").write_text("changed")
    assert ways.to_build() == [KWOK]
    assert ways.key() != key
    assert ways.ensure(said).bin != first.bin


def test_a_machine_without_releases_of_its_own_builds(host: Path, said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    release(host)
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    assert ways.to_build() == list(PIECES)
    assert (ways.ensure(said).bin / "etcd").read_text().startswith("built")
    assert "no release for Darwin x86_64 is published" in str(said)


@pytest.mark.parametrize(("way", "content"), [("download", RELEASED), ("modules", "built")])
def test_one_way_alone_can_be_asked_for(
    host: Path, said: Said, monkeypatch: pytest.MonkeyPatch, way: str, content: str
) -> None:
    release(host)
    monkeypatch.setenv("GROUNDWORK_KUBERNETES", way)
    assert (ways.ensure(said).bin / "kubectl").read_text().startswith(content)


def test_an_unknown_way_is_an_error_that_names_the_known_ones(said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROUNDWORK_KUBERNETES", "docker")
    with pytest.raises(ToolchainError, match="GROUNDWORK_KUBERNETES is 'docker'; allowed are download, modules"):
        ways.ensure(said)


def test_when_no_way_is_left_every_reason_is_given(on_path: Path, said: Said) -> None:
    (on_path / "go").unlink()
    with pytest.raises(ToolchainError) as error:
        ways.ensure(said)
    for reason in ("No etcd 3.6.12 can be had", "cannot be reached", "Go is not on PATH. Install Go 1.26 or newer"):
        assert reason in str(error.value)


def test_the_modules_of_kubernetes_are_all_of_its_own_version() -> None:
    """Its go.mod asks for them at v0.0.0 and replaces them by folders of its own repository, which no module has."""
    lines = (CONTROL_PLANE.go.folder / "go.mod").read_text().splitlines()
    replaced = [line.split(" => ") for line in lines if " => " in line]
    minor = CONTROL_PLANE.version.removeprefix("1.")
    assert all(new == f"{old.strip()} v0.{minor}" for old, new in replaced)
    assert replaced


def test_the_installed_pieces_are_all_there() -> None:
    folder = locate().kubernetes_bin
    assert {file.name for file in folder.iterdir()} == PROGRAMS | {"kwok-stages"}
    assert {file.name for file in (folder / "kwok-stages").iterdir()} >= {"node-initialize.yaml", "pod-ready.yaml"}
