"""A clone of the repository that a model version names, asked with `git`."""

import re
import subprocess
from pathlib import Path

_FORMS = re.compile(r"^(?:[a-z+]+://)?(?:[^@/]*@)?([^:/]+)(?::\d+)?[:/]+(.+?)(?:\.git)?/?$")
"""https://host/path, ssh://user@host:port/path, user@host:path."""


class Clone:
    """One clone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def at(cls, folder: Path) -> "Clone | None":
        """The clone that a folder is in, if it is in one."""
        top = _git(folder, "rev-parse", "--show-toplevel")
        return cls(Path(top.strip())) if top else None

    def is_of(self, repository: str) -> bool:
        """Whether it is a clone of this repository, or the repository itself."""
        remotes = self._git("remote") or ""
        addresses = [self._git("remote", "get-url", remote) or "" for remote in remotes.split()]
        return plain(repository) in {plain(address.strip()) for address in (*addresses, self.folder.as_posix())}

    def has(self, commit: str) -> bool:
        """Whether it has the commit."""
        return self._git("cat-file", "-e", f"{commit}^{{commit}}") is not None

    @property
    def has_remotes(self) -> bool:
        """Whether others can get anything from somewhere."""
        return bool((self._git("remote") or "").strip())

    def published(self, commit: str) -> list[str]:
        """The tags, and the branches of remotes, that hold the commit: where others get it from."""
        held = self._git("for-each-ref", "--contains", commit, "--format=%(refname:short)", "refs/remotes", "refs/tags")
        return (held or "").split()

    def text(self, commit: str, path: str) -> str | None:
        """A file as the commit has it."""
        return self._git("show", f"{commit}:{path}")

    def _git(self, *arguments: str) -> str | None:
        return _git(self.folder, *arguments)


def plain(repository: str) -> str:
    """Return an address without what differs from clone to clone: scheme, user, `.git`. Credentials never show."""
    form = _FORMS.match(repository.strip())
    return f"{form[1].lower()}/{form[2]}" if form and not repository.startswith(("/", "file:")) else repository.strip()


def _git(folder: Path, *arguments: str) -> str | None:
    """What git says, or None when it refuses, or is not there."""
    try:
        said = subprocess.run(["git", "-C", folder, *arguments], capture_output=True, text=True)  # noqa: S607 - the git of the person
    except FileNotFoundError:
        return None
    return said.stdout if said.returncode == 0 else None
