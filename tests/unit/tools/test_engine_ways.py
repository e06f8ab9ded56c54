"""Which engine is taken, on machines that have this and lack that."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.tools.support import Said, archive, fake_go, program, says, served
from tools.engine import download, modules, ways
from tools.errors import ToolchainError

PYTHON = Path("/env with space/bin/python")
PLATFORM_FILE = f"pulumi-v{download.VERSION}-{download.platform_name()}.tar.gz"

pytestmark = pytest.mark.usefixtures("cache", "nothing_to_download", "go")


@pytest.fixture
def nothing_to_download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The download host, empty at first; the folder that it serves."""
    folder = tmp_path / "host"
    folder.mkdir()
    with served(folder) as address:
        monkeypatch.setattr(download, "HOST", address)
        yield folder


@pytest.fixture
def go(on_path: Path, tmp_path: Path) -> Path:
    """A Go compiler on PATH; the file that makes its builds fail while it exists."""
    sdk, broken = tmp_path / "sdk", tmp_path / "broken"
    (sdk / "python" / "cmd").mkdir(parents=True)
    (sdk / "python" / "cmd" / "pulumi-language-python-exec").write_text("runs programs")
    fake_go(on_path, sdk, broken)
    return broken


def release(host: Path, monkeypatch: pytest.MonkeyPatch, content: str = "released") -> str:
    """Put a release on the download host and pin it; its checksum."""
    names = ("pulumi", "pulumi-language-python", "pulumi-language-python-exec", "pulumi-language-go")
    packed = archive(host / PLATFORM_FILE, {f"pulumi/{name}": content for name in names})
    checksum = hashlib.sha256(packed.read_bytes()).hexdigest()
    monkeypatch.setattr(download, "PINNED", {download.platform_name(): checksum})
    return checksum


def test_an_engine_on_path_with_its_language_host_comes_first(on_path: Path, said: Said) -> None:
    program(on_path, "pulumi", says("v3.300.1"))
    program(on_path, "pulumi-language-python", "")
    assert ways.ensure(PYTHON, said) == ways.Engine(on_path, "3.300.1", "path")


@pytest.mark.parametrize(
    ("version", "with_host", "reason"),
    [
        ("v3.249.9", True, "is 3.249.9, too old"),
        ("v3.99.0", True, "is 3.99.0, too old"),
        ("gibberish", True, "does not say its version"),
        ("v3.300.0", False, "without its language host"),
    ],
)
def test_an_engine_on_path_that_cannot_be_used_is_passed_over_with_the_reason(
    on_path: Path, said: Said, version: str, with_host: bool, reason: str
) -> None:
    program(on_path, "pulumi", says(version))
    if with_host:
        program(on_path, "pulumi-language-python", "")
    assert ways.ensure(PYTHON, said).way == "modules"
    assert reason in str(said)


@pytest.mark.parametrize("ours", ["cache with space/groundwork/engine/k/bin", "clone/.twin/bin"])
def test_our_own_engine_on_path_is_not_taken_for_the_users(
    tmp_path: Path, said: Said, monkeypatch: pytest.MonkeyPatch, on_path: Path, ours: str
) -> None:
    for name in ("pulumi", "pulumi-language-python"):
        program(tmp_path / ours, name, says("v3.300.0"))
    monkeypatch.setenv("PATH", f"{tmp_path / ours}:{on_path}")
    assert ways.ensure(PYTHON, said).way == "modules"


def test_the_official_download_comes_second(
    said: Said, nothing_to_download: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release(nothing_to_download, monkeypatch)
    engine = ways.ensure(PYTHON, said)
    assert engine.way == "download"
    assert (engine.bin / "pulumi").read_text() == "released"
    assert {file.name for file in engine.bin.iterdir()} == {
        "pulumi",
        "pulumi-language-python",
        "pulumi-language-python-exec",
    }


def test_a_download_with_a_wrong_checksum_is_refused_and_the_next_way_taken(
    said: Said, nothing_to_download: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release(nothing_to_download, monkeypatch)
    archive(nothing_to_download / PLATFORM_FILE, {"pulumi/pulumi": "exchanged"})
    assert ways.ensure(PYTHON, said).way == "modules"
    assert "not the file that was pinned" in str(said)
    assert not download.is_there()


def test_without_a_pin_the_published_checksum_is_used_and_said_so(
    said: Said, nothing_to_download: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checksum = release(nothing_to_download, monkeypatch)
    monkeypatch.setattr(download, "PINNED", {})
    (nothing_to_download / f"pulumi-{download.VERSION}-checksums.txt").write_text(f"{checksum}  {PLATFORM_FILE}\n")
    assert ways.ensure(PYTHON, said).way == "download"
    assert "no checksum is pinned here, the one that the release publishes is used" in str(said)


def test_without_path_and_download_the_engine_is_built_with_our_language_host_beside_it(said: Said) -> None:
    engine = ways.ensure(PYTHON, said)
    assert engine == ways.Engine(engine.bin, modules.VERSION, "modules")
    stamped = f"-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={modules.VERSION}"
    assert (engine.bin / "pulumi").read_text() == f"built -s -w {stamped}"
    assert (engine.bin / "pulumi-language-python-exec").read_text() == "runs programs"
    assert (
        f"exec '{PYTHON}' -I '{engine.bin.parent / 'host.py'}'" in (engine.bin / "pulumi-language-python").read_text()
    )
    assert (engine.bin.parent / "host.py").read_bytes() == modules.LANGUAGE_HOST.read_bytes()
    lines = str(said).splitlines()
    assert any("no pulumi >= 3.250 is on PATH" in line for line in lines)
    assert any("the official download of 3.255.0 cannot be reached" in line for line in lines)


def test_a_build_that_broke_off_is_finished_by_the_next_run(said: Said, go: Path) -> None:
    go.touch()
    with pytest.raises(ToolchainError, match="disk full"):
        ways.ensure(PYTHON, said)
    assert not modules.is_built()
    go.unlink()
    assert (ways.ensure(PYTHON, said).bin / "pulumi").read_text().startswith("built")


def test_a_new_language_host_does_not_build_the_engine_again(
    said: Said, go: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ways.ensure(PYTHON, said)
    changed = tmp_path / "host.py"
    changed.write_text("# changed")
    monkeypatch.setattr(modules, "LANGUAGE_HOST", changed)
    go.touch()  # from now on a build would fail
    second = ways.ensure(PYTHON, said)
    assert second.bin != first.bin
    assert (second.bin.parent / "host.py").read_text() == "# changed"


@pytest.mark.parametrize("way", ways.WAYS)
def test_one_way_alone_can_be_asked_for(
    on_path: Path, said: Said, nothing_to_download: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    program(on_path, "pulumi", says("v3.300.0"))
    program(on_path, "pulumi-language-python", "")
    release(nothing_to_download, monkeypatch)
    monkeypatch.setenv("GROUNDWORK_ENGINE", way)
    assert ways.ensure(PYTHON, said).way == way


def test_an_unknown_way_is_an_error_that_names_the_known_ones(said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROUNDWORK_ENGINE", "docker")
    with pytest.raises(ToolchainError, match="'docker'; allowed are path, download, modules"):
        ways.ensure(PYTHON, said)


def test_when_no_way_is_left_every_reason_is_given(on_path: Path, said: Said) -> None:
    (on_path / "go").unlink()
    with pytest.raises(ToolchainError) as error:
        ways.ensure(PYTHON, said)
    for reason in ("is on PATH", "cannot be reached", "Go is not on PATH. Install Go 1.26.0 or newer"):
        assert reason in str(error.value)
