"""The program that steals is one: what it finds arrives at the listener, whose silence would else say nothing."""

import subprocess
import sys
from pathlib import Path

from tests.support.loopback import listening
from tests.twin.pull_requests import stealing_for


def test_what_it_finds_in_its_environment_is_sent_written_and_printed(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    with listening() as listener:
        program.write_text(stealing_for(listener.port)("print('the program')\n"))
        done = subprocess.run(
            [sys.executable, program], env={"SEED": "a secret"}, capture_output=True, text=True, check=False
        )
    assert "SEED=a secret" in listener.heard[0]
    assert "SEED=a secret" in (tmp_path / "stolen.txt").read_text()
    assert done.stderr.count("a secret") == 2, "printed, and in the error"
    assert done.stdout == "the program\n"
    with listening() as other:
        pass
    assert other.heard == []
