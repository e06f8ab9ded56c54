"""What every build from Go modules has in common; the real ones are made by `make install`."""

from pathlib import Path

import pytest

from tests.unit.tools.support import Said, fake_go, program, says
from tools.errors import ToolchainError, WayRefusedError
from tools.go_modules import GoModule, go_environment, go_problem

GO_MOD = """module a

go 1.26.3

tool example.org/b/v2/cmd/c

require example.org/alone v0.1.2 // indirect

require (
	example.org/b/v2 v2.3.4 // indirect
	example.org/b/v2/more v2.9.9 // indirect
)
"""


@pytest.fixture
def module(tmp_path: Path) -> GoModule:
    (tmp_path / "go.mod").write_text(GO_MOD)
    (tmp_path / "go.sum").write_text("checksums")
    return GoModule(tmp_path)


def test_versions_are_read_from_go_mod(module: GoModule) -> None:
    assert module.version("example.org/b/v2") == "2.3.4"
    assert module.version("example.org/alone") == "0.1.2"
    assert module.needed_go == (1, 26, 3)
    with pytest.raises(ToolchainError, match=r"go.mod has no line that matches .*example"):
        module.version("example.org/c")


@pytest.mark.parametrize("name", ["go.mod", "go.sum"])
def test_what_is_built_has_another_key_when_go_mod_or_go_sum_changes(module: GoModule, name: str) -> None:
    before = module.key
    (module.folder / "README").touch()
    assert module.key == before
    (module.folder / name).write_text(GO_MOD.replace("v2.3.4", "v2.3.5"))
    assert module.key != before


def build(module: GoModule, into: Path, said: Said) -> None:
    programs = {"c": "example.org/b/v2/cmd/c", "served": "example.org/b/server/v2"}
    module.build(programs, into, stamp="-X a.b=1", title="A", usual_cpu_seconds=60, progress=said)


def test_programs_are_built_under_their_names_and_the_progress_is_told(
    module: GoModule, on_path: Path, tmp_path: Path, said: Said
) -> None:
    fake_go(on_path, tmp_path, tmp_path / "broken")
    (tmp_path / "into").mkdir()
    build(module, tmp_path / "into", said)
    assert {file.name: file.read_text() for file in (tmp_path / "into").iterdir()} == {
        "c": "built -s -w -X a.b=1",
        "served": "built -s -w -X a.b=1",
    }
    assert str(said).startswith("A from Go modules (usually ")
    assert "A from Go modules: done after" in str(said)


def test_a_build_that_fails_is_refused_with_what_go_said(
    module: GoModule, on_path: Path, tmp_path: Path, said: Said
) -> None:
    broken = tmp_path / "broken"
    broken.touch()
    fake_go(on_path, tmp_path, broken)
    with pytest.raises(WayRefusedError, match=r"the build from Go modules failed: (.|\n)*disk full"):
        build(module, tmp_path, said)


@pytest.mark.usefixtures("on_path")
def test_without_a_compiler_nothing_is_begun(module: GoModule, tmp_path: Path, said: Said) -> None:
    with pytest.raises(WayRefusedError, match=r"Go is not on PATH\. Install Go 1\.26\.3 or newer"):
        build(module, tmp_path, said)
    assert str(said) == ""


def test_a_compiler_older_than_go_mod_asks_for_is_refused(on_path: Path) -> None:
    program(on_path, "go", says("go version go1.25.4 linux/amd64"))
    problem = go_problem((1, 26, 0))
    assert problem
    assert f"{on_path / 'go'} is Go 1.25.4, too old. Install Go 1.26.0 or newer" in problem
    assert go_problem((1, 25, 4)) is None


def test_what_the_caller_set_for_go_does_not_change_the_build(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "auto", "GOOS": "plan9", "CGO_ENABLED": "1"}.items():
        monkeypatch.setenv(name, value)
    environment = go_environment()
    assert {name: environment.get(name) for name in ("GOFLAGS", "GOTOOLCHAIN", "GOOS", "CGO_ENABLED", "GOWORK")} == {
        "GOFLAGS": "-mod=readonly",
        "GOTOOLCHAIN": "local",
        "GOOS": None,
        "CGO_ENABLED": "0",
        "GOWORK": "off",
    }


def test_go_keeps_its_files_in_the_cache_when_the_home_folder_cannot_be_written(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(cache / "no home"))
    monkeypatch.delenv("GOPATH", raising=False)
    monkeypatch.delenv("GOCACHE", raising=False)
    environment = go_environment()
    assert environment["GOPATH"] == str(cache / "go")
    assert environment["GOCACHE"] == str(cache / "go" / "build")
