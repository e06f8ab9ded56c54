"""GitHub's API of one repository, as far as comments go, on loopback."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

SHA = "a" * 40
"""The newest commit of pull request 121, which is on the second page."""
TOKEN = "token-of-the-job"


class Api(HTTPServer):
    """Pull requests and comments of one repository."""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pulls = [{"number": number, "head": {"sha": f"{number:040x}"}} for number in range(1, 131)]
        self.comments: list[dict[str, Any]] = []
        self.asked: list[tuple[str, str, Any]] = []


class _Handler(BaseHTTPRequestHandler):
    server: Api

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        items: list[Any] = self.server.pulls if path.endswith("/pulls") else self.server.comments
        page = int(re.findall(r"\bpage=(\d+)", query)[-1])
        self._answer(items[(page - 1) * 100 : page * 100])

    def do_POST(self) -> None:
        self._write()

    def do_PATCH(self) -> None:
        self._write()

    def _write(self) -> None:
        assert self.headers["Authorization"] == f"Bearer {TOKEN}"
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.command, self.path, body))
        self._answer({})

    def _answer(self, content: Any) -> None:
        text = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def served() -> Iterator[Api]:
    """Serve it until the block ends."""
    with Api() as server:
        server.pulls[120]["head"] = {"sha": SHA}
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()
