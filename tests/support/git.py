"""Git for tests: by somebody with a name, whatever this machine's settings are."""

import os
import subprocess
from pathlib import Path

SOMEBODY = {
    **{f"GIT_{who}_NAME": "somebody" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_EMAIL": "somebody@example.com" for who in ("AUTHOR", "COMMITTER")},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}


def git(folder: Path, *arguments: str | Path) -> str:
    """What git says."""
    command = ["git", "-c", "init.defaultBranch=main", "-C", folder, *arguments]
    done = subprocess.run(command, env=os.environ | SOMEBODY, capture_output=True, text=True, check=True)
    return done.stdout.strip()
