"""A Prometheus that answers what a test says, over HTTP on loopback."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs

from tests.support.loopback import serving

Asked = dict[str, str]


@contextmanager
def prometheus(answer: Callable[[str, Asked], Any]) -> Iterator[str]:
    """Serve until the block ends; `answer` gets the path and the form, and returns what is sent as JSON."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            said = answer(self.path, {key: values[0] for key, values in form.items()})
            text = said.encode() if isinstance(said, str) else json.dumps(said).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with serving(Handler) as place:
        yield f"http://{place}"


def series(path: str, asked: Asked, **labels: str) -> dict[str, Any]:
    """Return an answer of one series with those labels: a rising line, or its last value."""
    if path.endswith("query_range"):
        start, step = float(asked["start"]), float(asked["step"])
        values = [[start + n * step, str(n)] for n in range(10)]
        return success("matrix", [{"metric": labels, "values": values}])
    return success("vector", [{"metric": labels, "value": [float(asked["time"]), "3"]}])


def success(kind: str, result: list[Any]) -> dict[str, Any]:
    return {"status": "success", "data": {"resultType": kind, "result": result}}
