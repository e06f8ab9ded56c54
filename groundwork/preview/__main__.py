"""`python -m groundwork.preview COMMIT`: where the built base of a commit is kept, for a pipeline that caches it."""

import sys

from groundwork.errors import GroundworkError
from groundwork.preview import base
from twin import places


def main(ref: str) -> int:
    """Print key and folder as a job's outputs; 1 where there is no such commit."""
    try:
        clone = places.find().clone
        folder = base.place(base.commit(clone, ref)).folder
    except GroundworkError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"key={folder.name}\nfolder={folder}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
