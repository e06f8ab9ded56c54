"""Where actionlint comes from, on machines that have this and lack that; `make check` has the real one."""

import hashlib
import platform
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.tools.support import archive, fake_go, served
from tools.actionlint import __main__ as actionlint
from tools.errors import ToolchainError
from tools.progress import Progress

VERSION = "1.7.12"
NAME = f"actionlint_{VERSION}_linux_amd64.tar.gz"

pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture(autouse=True)
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The publisher's host; the folder of the release. The machine is an ordinary Linux without Go."""
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    folder = tmp_path / "host" / f"v{VERSION}"
    folder.mkdir(parents=True)
    with served(tmp_path / "host") as address:
        monkeypatch.setattr(actionlint, "RELEASES", address)
        yield folder


def publish(release: Path, listed: str | None = None) -> None:
    file = archive(release / NAME, {"actionlint": "released", "README.md": "read me"})
    digest = listed or hashlib.sha256(file.read_bytes()).hexdigest()
    (release / f"actionlint_{VERSION}_checksums.txt").write_text(f"{digest}  {NAME}\n")


def test_the_release_is_taken_where_it_can_be_reached_and_kept(release: Path, on_path: Path, said: Progress) -> None:
    publish(release)
    program = actionlint.ensure(said)
    assert program.read_text() == "released"
    assert not (program.parent / "README.md").exists()
    (release / NAME).unlink()
    assert actionlint.ensure(said) == program, "no network when it is there"


def test_a_release_that_is_not_what_was_published_is_not_opened(
    release: Path, on_path: Path, said: Progress, cache: Path
) -> None:
    publish(release, listed="0" * 64)
    with pytest.raises(ToolchainError, match="is not the file that was pinned"):
        actionlint.ensure(said)
    assert not list(cache.rglob("actionlint/*/actionlint"))


def test_it_is_built_from_go_modules_at_the_pinned_version_where_there_is_no_release(
    release: Path, on_path: Path, tmp_path: Path, said: Progress
) -> None:
    fake_go(on_path, tmp_path, tmp_path / "broken")
    assert f"version=v{VERSION}" in actionlint.ensure(said).read_text()


def test_without_either_it_says_why(release: Path, on_path: Path, said: Progress) -> None:
    with pytest.raises(ToolchainError, match=r"cannot be reached[\s\S]*Go is not on PATH"):
        actionlint.ensure(said)
