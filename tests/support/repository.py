"""A Git repository of its own with this clone's files, whose branches are pull requests."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.git import git
from tests.support.project import CLONE

Edit = Callable[[str], str]


@dataclass(frozen=True)
class Repository:
    """A clone as a pipeline has it: the head of a pull request, and its base as a commit."""

    root: Path
    cache: Path
    """`XDG_CACHE_HOME`: what previews keep goes with the test."""

    @classmethod
    def make(cls, folder: Path) -> "Repository":
        """Copy what Git knows of this clone, as it is now, and commit it as `main`."""
        made = cls(folder / "repository", folder / "cache")
        made.root.mkdir(parents=True)
        listed = git(CLONE, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
        for path in filter(None, listed.split("\0")):
            if (source := CLONE / path).is_file():
                (made.root / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, made.root / path)
        git(made.root, "init", "--quiet")
        (made.root / ".git" / "info" / "exclude").write_text(".venv\n")
        made._commit("base")
        (made.root / ".venv").symlink_to(CLONE / ".venv")
        return made

    def branch(self, name: str, edits: Mapping[str, Edit]) -> None:
        """Start a branch from `main` with some files edited; an edit that changes nothing is a mistake of the test."""
        git(self.root, "checkout", "--quiet", "-B", name, "main")
        for path, edit in edits.items():
            file = self.root / path
            before = file.read_text() if file.exists() else ""
            after = edit(before)
            assert after != before, f"{name}: {path} is as it was"
            file.write_text(after)
        self._commit(name)

    def groundwork(
        self, *arguments: str, variables: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run the command line of the branch that is checked out, in a shell with these variables beside the usual."""
        usual = {
            key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "PULUMI_", "GROUNDWORK_"))
        }
        return subprocess.run(
            [sys.executable, "-m", "groundwork", *arguments],
            cwd=self.root,
            env=usual | {"PYTHONPATH": str(self.root), "XDG_CACHE_HOME": str(self.cache)} | dict(variables or {}),
            capture_output=True, text=True, timeout=2400, check=False,
        )  # fmt: skip

    def _commit(self, message: str) -> None:
        git(self.root, "add", "--all")
        git(self.root, "commit", "--quiet", "--no-gpg-sign", "--message", message)


def replaced(old: str, new: str) -> Edit:
    """An edit of the first place where a text stands."""
    return lambda text: text.replace(old, new, 1)


def appended(new: str) -> Edit:
    """An edit that adds to the end."""
    return lambda text: text + new
