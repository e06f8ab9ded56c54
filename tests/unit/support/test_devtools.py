"""A machine without a browser says so at the end of its tests; one of GitHub Actions, which has one, fails."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.workflows import CLONE

WANTS_A_BROWSER = """
from tests.support.devtools import browsing, needs_browser

@needs_browser
def test_it(tmp_path):
    with browsing(tmp_path):
        raise AssertionError("there is one")
"""
REASON = "no browser on this machine: apt-get install chromium"


@pytest.mark.parametrize(("actions", "code", "told"), [("", 0, "SKIPPED"), ("true", 1, "FAILED")])
def test_what_needs_a_browser_is_listed_with_its_reason_and_fails_on_github(
    tmp_path: Path, actions: str, code: int, told: str
) -> None:
    file = tmp_path / "test_it.py"
    file.write_text(WANTS_A_BROWSER)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-c", CLONE / "pyproject.toml", "-p", "no:cacheprovider", file],
        cwd=tmp_path,
        env={**os.environ, "PATH": str(tmp_path), "PYTHONPATH": str(CLONE), "GITHUB_ACTIONS": actions},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    end = done.stdout.partition("short test summary info")[2]
    assert told in end
    assert REASON in done.stdout
