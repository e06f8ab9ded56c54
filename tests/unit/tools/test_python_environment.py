"""The thin environment of a clone, made for real from a small stand-in of the cached one."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools import python_environment
from tools.python_environment import link_into_clone, python_body
from tools.toolchain import CLONE

LIBRARY = Path("lib") / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"


@pytest.fixture
def cached(tmp_path: Path) -> Path:
    """A cached environment with one package that a .pth file of its own adds, and two tools."""
    folder = tmp_path / "cached env"
    (folder / LIBRARY / "nested").mkdir(parents=True)
    (folder / LIBRARY / "nested" / "packaged.py").write_text("where = __file__")
    (folder / LIBRARY / "nested.pth").write_text("nested\n")
    (folder / "bin").mkdir()
    body = "import sys, clone_module, packaged\nprint(sys.prefix, clone_module.name, packaged.where, sep='|')\n"
    for name, content in {
        "tool": f"#!{folder}/bin/python\n{body}",
        "notes": "no script",
        "pip3.11": "#!/x/python\n",
    }.items():
        (folder / "bin" / name).write_text(content)
        (folder / "bin" / name).chmod(0o755)
    (folder / "bin" / "program").symlink_to(Path(sys.executable).resolve())
    return folder


def clone(folder: Path, name: str) -> Path:
    folder.mkdir()
    (folder / "clone_module.py").write_text(f"name = {name!r}")
    return folder


def test_two_clones_share_packages_and_never_see_each_other(tmp_path: Path, cached: Path) -> None:
    for name in ("first clone", "zweiter Klön"):
        folder = clone(tmp_path / name, name)
        link_into_clone(folder, cached)
    for name in ("first clone", "zweiter Klön"):
        thin = tmp_path / name / ".venv"
        said = subprocess.run([thin / "bin" / "tool"], capture_output=True, text=True, check=True, cwd="/").stdout
        assert said.strip().split("|") == [str(thin), name, str(cached / LIBRARY / "nested" / "packaged.py")]


def test_a_thin_environment_has_the_tools_and_no_pip(tmp_path: Path, cached: Path) -> None:
    link_into_clone(clone(tmp_path / "clone", "one"), cached)
    tools = {file.name for file in (tmp_path / "clone" / ".venv" / "bin").iterdir()}
    assert {"groundwork", "tool", "program", "python", "activate"} <= tools
    assert not tools & {"pip", "pip3.11", "notes"}
    assert (tmp_path / "clone" / ".venv" / "bin" / "program").resolve() == Path(sys.executable).resolve()


@pytest.mark.parametrize(
    ("content", "body"),
    [
        (b"#!/env/bin/python\nprint()\n", "print()\n"),
        (b"#!/usr/bin/env python3\nprint()\n", "print()\n"),
        (b"#!/bin/sh\n'''exec' \"/a b/python\" \"$0\" \"$@\"\n' '''\nprint()\n", "print()\n"),
        (b"#!/bin/sh\necho\n", None),
        (b"@echo off\n", None),
        (b"", None),
    ],
)
def test_a_python_script_is_told_from_other_files(content: bytes, body: str | None) -> None:
    assert python_body(content) == body


def test_another_lock_file_is_another_environment(tmp_path: Path) -> None:
    changed = tmp_path / "requirements.lock"
    changed.write_bytes((CLONE / "requirements.lock").read_bytes() + b"# changed\n")
    assert python_environment.entry(changed) != python_environment.entry(CLONE / "requirements.lock")


def test_the_lock_pins_every_package_with_hashes_and_has_uv() -> None:
    entries = (CLONE / "requirements.lock").read_text().replace("\\\n", " ").splitlines()
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []
    assert any(entry.startswith("uv==") for entry in entries)
