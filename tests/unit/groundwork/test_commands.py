"""Decides that the command line starts with what it needs, and that its list says what the commands say themselves."""

import json
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from groundwork import commands
from groundwork.__main__ import app

PROGRAM = """
import json, sys
from groundwork.__main__ import app
try:
    app(sys.argv[1:])
except SystemExit:
    pass
sys.stdout.flush()
print(json.dumps(sorted(sys.modules)))
"""
SLOW = ("pulumi", "policies", "groundwork.cost", "groundwork.lineage", "groundwork.policy", "groundwork.open")


def imported(*arguments: str) -> list[str]:
    """What a process that is given these arguments has imported in the end."""
    done = subprocess.run([sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, check=True)
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    assert "groundwork.commands" in found
    return found


@pytest.mark.parametrize("arguments", [("--help",), ("twin", "status", "--help"), ("twin", "--help")], ids=" ".join)
def test_a_command_imports_nothing_of_the_others(arguments: tuple[str, ...]) -> None:
    found = imported(*arguments)
    assert not [module for module in found if module.startswith(SLOW)]
    assert ("groundwork.twin_commands" in found) == (arguments[0] == "twin")


@pytest.mark.parametrize("name", commands.COMMANDS)
def test_the_list_says_what_a_command_says_of_itself(name: str) -> None:
    command = commands.loaded(name)
    assert command.name == name
    assert commands.COMMANDS[name].help == " ".join(command.help.split("\n\n")[0].split())


def test_every_command_of_a_module_is_in_the_list() -> None:
    for module in {command.module for command in commands.COMMANDS.values()}:
        own = typer.Typer()
        __import__(module, fromlist=["register"]).register(own)
        listed = {name for name, command in commands.COMMANDS.items() if command.module == module}
        assert set(typer.main.get_group(own).commands) == listed


def test_the_list_and_a_slip_of_the_pen_know_every_command() -> None:
    listed = CliRunner().invoke(app, ["--help"]).output
    assert [name for name in commands.COMMANDS if name not in listed] == []
    slip = CliRunner().invoke(app, ["linage"])
    assert slip.exit_code == 2
    assert "Did you mean 'lineage'?" in slip.output


def test_what_a_command_is_given_reaches_it() -> None:
    assert "MODEL/VERSION" in CliRunner().invoke(app, ["lineage", "--help"]).output
    assert "No such option" in CliRunner().invoke(app, ["lineage", "wine/1", "--no-such"]).output
