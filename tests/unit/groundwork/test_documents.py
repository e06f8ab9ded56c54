"""Decides that the commands that the documents show are there: of `groundwork`, of the Makefile, of Python."""

import importlib.util
import re
from functools import cache
from pathlib import Path

import pytest

from groundwork import commands
from tests.support.stack_files import CLONE

PAGES = [
    CLONE / "README.md", CLONE / "policies" / "README.md", CLONE / "examples" / "wine" / "README.md",
    *sorted((CLONE / "docs").glob("*.md")), *sorted((CLONE / "docs" / "runbooks").glob("*.md")),
]  # fmt: skip
BLOCK = re.compile(r"^ *```\w*\n(.*?)^ *```", re.M | re.S)
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CLONE).with_suffix("")))


def code(page: Path) -> str:
    """Return what stands in blocks and between backticks, a line each."""
    text = page.read_text(encoding="utf-8")
    return "\n".join([*BLOCK.findall(text), *re.findall(r"`([^`\n]+)`", BLOCK.sub("", text))])


@cache
def below(command: str) -> frozenset[str]:
    """Return the commands of a group; none where the command is no group."""
    return frozenset(getattr(commands.loaded(command), "commands", ()))


@each_page
def test_a_command_of_groundwork_is_one_of_the_list(page: Path) -> None:
    for line in code(page).splitlines():
        for called in re.findall(r"(?:^|\$\(|[\s/])groundwork ([a-z-]+(?: [a-z-]+)?)", line.split(" #")[0]):
            name, *word = called.split()
            assert name in commands.COMMANDS, line
            if word and below(name):
                assert word[0] in below(name), line


@each_page
def test_a_target_of_make_is_one_of_the_makefile(page: Path) -> None:
    targets = re.findall(r"^([a-z]+):", (CLONE / "Makefile").read_text(encoding="utf-8"), re.M)
    for target in re.findall(r"^(?:\$ )?make ([a-z]+)", code(page), re.M):
        assert target in targets


@each_page
def test_a_module_that_python_runs_is_there(page: Path) -> None:
    for module in re.findall(r"python3? -m ([a-z_.]+)", code(page)):
        found = importlib.util.find_spec(module.rstrip("."))
        assert found is not None, module
        assert not found.submodule_search_locations or importlib.util.find_spec(f"{module}.__main__"), module


def test_the_documents_are_read() -> None:
    shown = "\n".join(map(code, PAGES))
    assert "groundwork open mlflow" in shown
    assert "groundwork twin run-job" in shown
    assert "make preview" in shown
    assert below("twin") >= {"start", "stop", "run-job"}
    assert not below("up")
