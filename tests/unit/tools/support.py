"""Stand-ins for what a machine has: programs on PATH, written by the test, run as the real ones are."""

import io
import sys
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

from tests.support.loopback import serving
from tools.progress import Progress
from tools.python_environment import write_script


def program(folder: Path, name: str, body: str) -> Path:
    """An executable Python script."""
    folder.mkdir(parents=True, exist_ok=True)
    write_script(folder / name, Path(sys.executable), f"{body}\n")
    return folder / name


def says(text: str) -> str:
    """The body of a program that prints `text`, whatever it is asked."""
    return f"print({text!r})"


# Does what the installer asks of Go. `build` fails while the file `broken` is there; it notes what it was asked.
_GO = """
import pathlib, re, sys
match sys.argv[1]:
    case "version":
        print("go version go1.99.0 linux/amd64")
    case "list" if "-m" in sys.argv:
        print({source!r})
    case "list":
        print("go: downloading a v1.0.0", "fmt", "github.com/a/b", sep="\\n")
    case "build":
        if pathlib.Path({broken!r}).exists():
            sys.exit("a/b.go:1: disk full")
        target = sys.argv.index("-o") + 1
        for package in sys.argv[target + 1 :]:
            print(package)
            name = re.sub("/v[0-9]+$", "", package).rpartition("/")[2]
            pathlib.Path(sys.argv[target], name).write_text(f"built {{sys.argv[sys.argv.index('-ldflags') + 1]}}")
"""


def fake_go(on_path: Path, source: Path, broken: Path) -> Path:
    """A Go compiler whose modules all have their files in `source`; its builds fail while `broken` exists."""
    return program(on_path, "go", _GO.format(source=str(source), broken=str(broken)))


def archive(path: Path, files: Mapping[str, str]) -> Path:
    """A .tar.gz of executable files."""
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            member.mode = 0o755
            tar.addfile(member, io.BytesIO(content.encode()))
    return path


class Said(Progress):
    """Keeps what the installer says."""

    def __init__(self) -> None:
        self.text = io.StringIO()
        super().__init__(self.text)

    def __str__(self) -> str:
        return self.text.getvalue()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Requests are no news."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve the files of `folder` on loopback; the address."""
    with serving(partial(_Quiet, directory=str(folder))) as place:
        yield f"http://{place}"
