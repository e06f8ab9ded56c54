"""The logical names of every environment, as a file that a reviewer sees change.

A name, a type or a parent that changes is a resource that is deleted and made anew, unless the change brings an alias.
`python -m tests.contracts.golden` writes the files; its diff belongs in the same commit as the change.
"""

from pathlib import Path

from tests.support.program import record
from tests.support.recorder import Recorder
from tests.support.stack_files import ENVIRONMENTS

FOLDER = Path(__file__).parent / "golden"


def logical_names(recorder: Recorder) -> str:
    """Return one line for each resource: its parent's name, its type, its own name."""
    rows = [
        f"{request.parent.rsplit('::', 1)[-1]} / {request.type} / {request.name}"
        for request in recorder.requests.values()
        if request.type != "pulumi:pulumi:Stack"
    ]
    return "\n".join(sorted(rows)) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for environment in ENVIRONMENTS:
        (FOLDER / f"{environment}.txt").write_text(logical_names(record(environment)), encoding="utf-8")
