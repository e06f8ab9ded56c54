"""Values of the server's secret, as the CSI driver mounts them: a file for each entry."""

from pathlib import Path

from groundwork_mlflow.errors import PodError


def read(path: Path) -> str:
    """Return the value in a file; an empty one is refused, since whoever guesses nothing would know it."""
    try:
        value = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise PodError(f"{path} cannot be read: {error.strerror}; is the secret mounted?") from None
    if not value:
        raise PodError(f"{path} is empty: the Job `bootstrap` makes its value")
    return value
