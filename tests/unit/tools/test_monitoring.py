"""Where the programs of monitoring come from, on machines that have this and lack that."""

import hashlib
import platform
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.unit.tools.support import Said, archive, fake_go, program, says, served
from tools.errors import ToolchainError
from tools.monitoring import programs
from tools.monitoring.programs import (
    ALERTMANAGER,
    CLOUDWATCH_EXPORTER,
    KUBE_STATE_METRICS,
    NODE_EXPORTER,
    PROMETHEUS,
    ensure,
)
from tools.progress import Progress

EXPORTERS = Path(__file__).parents[1] / "monitoring" / "exporters.yaml"
"""Who exposes what, in which version."""
TOP = f"prometheus-{PROMETHEUS.version}.linux-amd64"

pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture(autouse=True)
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The publisher's host; the folder of the release. The machine is an ordinary Linux without Go."""
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    folder = tmp_path / "host" / "prometheus" / f"v{PROMETHEUS.version}"
    folder.mkdir(parents=True)
    with served(tmp_path / "host") as address:
        monkeypatch.setattr(programs, "RELEASES", f"{address}/{{name}}")
        yield folder


def publish(release: Path, listed: str | None = None) -> None:
    files = {f"{TOP}/{name}": f"released {name}" for name in ("prometheus", "promtool", "LICENSE")}
    file = archive(release / f"{TOP}.tar.gz", files)
    digest = listed or hashlib.sha256(file.read_bytes()).hexdigest()
    (release / "sha256sums.txt").write_text(f"{digest}  {TOP}.tar.gz\n")


def test_a_module_is_of_the_release_that_it_is_called_after() -> None:
    assert PROMETHEUS.version.startswith("3.")
    assert PROMETHEUS.go.version(PROMETHEUS.module).startswith("0.3")
    assert ALERTMANAGER.version == ALERTMANAGER.go.version(ALERTMANAGER.module)


@pytest.mark.parametrize("piece", [KUBE_STATE_METRICS, NODE_EXPORTER, CLOUDWATCH_EXPORTER], ids=lambda one: one.name)
def test_an_exporter_is_of_the_version_that_runs_in_the_cluster(piece: programs.Piece) -> None:
    assert yaml.safe_load(EXPORTERS.read_text())[piece.name]["version"] == piece.version


def test_those_on_path_are_taken_where_both_fit(on_path: Path, said: Progress) -> None:
    for name in ("prometheus", "promtool"):
        program(on_path, name, says(f"{name}, version 3.99.0 (branch: main)"))
    found = ensure(PROMETHEUS, said) / "bin"
    assert (found / "promtool").resolve() == (on_path / "promtool").resolve()


@pytest.mark.parametrize("version", ["2.42.0", "3.0.1", "4.0.0", "unknown"])
def test_those_on_path_are_passed_over_where_one_does_not_fit(
    on_path: Path, release: Path, said: Progress, version: str
) -> None:
    publish(release)
    program(on_path, "prometheus", says("prometheus, version 3.99.0"))
    program(on_path, "promtool", says(f"promtool, version {version}"))
    assert (ensure(PROMETHEUS, said) / "bin" / "promtool").read_text() == "released promtool"


@pytest.mark.parametrize(
    ("version", "taken"), [("2.20.0", True), ("2.99.1", True), ("2.19.1", False), ("3.0.0", False)]
)
def test_one_that_says_its_version_in_its_own_way_is_asked_so(
    on_path: Path, tmp_path: Path, said: Progress, version: str, taken: bool
) -> None:
    fake_go(on_path, tmp_path / "module", tmp_path / "broken")
    (tmp_path / "module").mkdir()
    told = f"kube-state-metrics, version {version} (branch: , revision: unknown)"
    own = program(on_path, "kube-state-metrics", f"import sys\nprint({told!r} if sys.argv[1:] == ['version'] else '')")
    found = ensure(KUBE_STATE_METRICS, said) / "bin" / "kube-state-metrics"
    assert (found.resolve() == own.resolve()) is taken


def test_one_without_downloads_is_built_without_asking_for_any(
    release: Path, on_path: Path, tmp_path: Path, said: Said
) -> None:
    (tmp_path / "module").mkdir()
    fake_go(on_path, tmp_path / "module", tmp_path / "broken")
    ensure(KUBE_STATE_METRICS, said)
    assert "kube-state-metrics is not on PATH" in str(said)
    assert "download" not in str(said)


def test_the_release_is_taken_where_it_can_be_reached_and_kept(release: Path, on_path: Path, said: Progress) -> None:
    publish(release)
    found = ensure(PROMETHEUS, said)
    assert sorted(file.name for file in (found / "bin").iterdir()) == ["prometheus", "promtool"]
    (release / f"{TOP}.tar.gz").unlink()
    assert ensure(PROMETHEUS, said) == found, "no network when it is there"


def test_a_release_that_is_not_what_was_published_is_not_opened(
    release: Path, on_path: Path, said: Progress, cache: Path
) -> None:
    publish(release, listed="0" * 64)
    with pytest.raises(ToolchainError, match="is not the file that was pinned"):
        ensure(PROMETHEUS, said)
    assert not list(cache.rglob("promtool"))


@pytest.mark.parametrize("piece", programs.PIECES.values(), ids=lambda piece: str(piece.name))
def test_it_is_built_from_go_modules_where_there_is_no_release(
    piece: programs.Piece, release: Path, on_path: Path, tmp_path: Path, said: Progress
) -> None:
    source = tmp_path / "module"
    (source / "ui").mkdir(parents=True)
    (source / "ui" / "web.go").write_text("what embeds files that the module does not hold")
    fake_go(on_path, source, tmp_path / "broken")
    found = ensure(piece, said) / "bin"
    assert sorted(file.name for file in found.iterdir()) == sorted(piece.packages)
    for name in piece.packages:
        assert f"version.Version={piece.version}" in (found / name).read_text()
    assert (source / "ui" / "web.go").read_text().startswith("what embeds"), "Go's own copy is left as it is"


def test_another_page_of_ours_is_another_program(tmp_path: Path) -> None:
    """Else a change of it would be seen by nobody who has built it before."""
    here = ALERTMANAGER.go
    folder = tmp_path / "alertmanager"
    (folder / "ui").mkdir(parents=True)
    for name in ("go.mod", "go.sum", "ui/web.go"):
        (folder / name).write_bytes((here.folder / name).read_bytes())
    copy = type(here)(folder, here.replaced)
    assert copy.key == here.key
    (folder / "ui" / "web.go").write_text("another")
    assert copy.key != here.key


def test_without_any_way_it_says_why(release: Path, on_path: Path, said: Progress) -> None:
    with pytest.raises(ToolchainError, match=r"not on PATH[\s\S]*cannot be reached[\s\S]*Go is not on PATH"):
        ensure(PROMETHEUS, said)
