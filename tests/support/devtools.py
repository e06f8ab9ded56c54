"""A real browser without a window, told what to do over a pipe. It reaches this machine alone.

Source: Chrome DevTools Protocol, domains Target, Page, Fetch, Network, Runtime, Log, Input, Emulation; its
`--remote-debugging-pipe`: messages on the file descriptors 3 and 4, each ended by a zero byte. UI Events
specification, `key` and `code`.
"""

import base64
import itertools
import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

_CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
_NONE = "no browser on this machine: apt-get install chromium"
needs_browser = pytest.mark.skipif(_CHROMIUM is None and not os.environ.get("GITHUB_ACTIONS"), reason=_NONE)
"""On a test that opens one. A machine of GitHub Actions has one: if it is missing there, that is a failure."""
ANSWER_SECONDS = 120
PAGE_SECONDS = 180
FIRST_ERROR = 400
UNAUTHORIZED = 401
_OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage",
    "--no-first-run", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.*", "--window-size=1400,900",
    "--remote-debugging-pipe",
)  # fmt: skip
Message = dict[str, Any]
_KEYS = {
    "Tab": ("Tab", 9, ""), "Enter": ("Enter", 13, "\r"), " ": ("Space", 32, " "), "ArrowRight": ("ArrowRight", 39, ""),
}  # fmt: skip
"""By `key`: its `code`, its number on Windows, and the text that it types."""
_SHIFT = 8


class Browser:
    """One page of a browser, whose user signs in when asked to."""

    def __init__(self, write: int, read: int, username: str, password: str) -> None:
        self.events: list[Message] = []
        """What the page has told, by the protocol's methods."""
        self._write, self._read = write, read
        self._sign_in = {"response": "ProvideCredentials", "username": username, "password": password}
        self._ids, self._answers, self._told = itertools.count(1), dict[int, Message](), threading.Condition()
        self._session = ""
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._ask(f"{domain}.enable")
        self._ask("Fetch.enable", handleAuthRequests=True)

    def open(self, url: str, *wanted: str) -> str:
        """Open a page and return its text, once it shows all that is wanted."""
        self._ask("Page.navigate", url="about:blank")
        self._ask("Page.navigate", url=url)
        end = time.monotonic() + PAGE_SECONDS
        while True:
            text = str(self.value_of("document.body ? document.body.innerText : ''"))
            if all(word in text for word in wanted):
                return text
            assert time.monotonic() < end, f"{url} does not show {wanted}, but: {text}\n{self.complaints()}"
            time.sleep(0.3)

    def screenshot(self, file: Path) -> None:
        """Write what the page looks like."""
        file.write_bytes(self.picture())

    def picture(self) -> bytes:
        """What the window shows, as PNG."""
        return base64.b64decode(self._ask("Page.captureScreenshot")["data"])

    def prefer(self, scheme: str) -> None:
        """Let the user prefer `light` or `dark`."""
        self._ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def resize(self, width: int, height: int) -> None:
        """Give the window another size."""
        self._ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def press(self, key: str, *, shift: bool = False) -> None:
        """Press a key and let it go, as the keyboard does."""
        code, number, text = _KEYS[key]
        told = {"key": key, "code": code, "windowsVirtualKeyCode": number, "modifiers": _SHIFT if shift else 0}
        typed = {"type": "keyDown", "text": text} if text else {"type": "rawKeyDown"}
        self._ask("Input.dispatchKeyEvent", **told, **typed)
        self._ask("Input.dispatchKeyEvent", **told, type="keyUp")

    def value_of(self, expression: str) -> Any:
        """What an expression of JavaScript is on the page; a promise is waited for."""
        found = self._ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def complaints(self) -> list[str]:
        """Uncaught errors of the page, and requests of it that were refused or failed."""
        found = []
        for event in list(self.events):
            what = event["params"]
            if event["method"] == "Runtime.exceptionThrown":
                details = what["exceptionDetails"]
                found.append(f"{details['text']} {details.get('exception', {}).get('description', '')}")
            elif event["method"] == "Network.responseReceived" and what["response"]["status"] >= FIRST_ERROR:
                found.append(f"{what['response']['status']} {what['response']['url']}")
            elif event["method"] == "Network.loadingFailed" and not what.get("canceled"):
                found.append(f"{what['errorText']} {what.get('blockedReason', '')}")
        return found

    def logged(self) -> list[str]:
        """What the browser itself had to say of the page: violations of its policy, things that are deprecated."""
        return [event["params"]["entry"]["text"] for event in self.events if event["method"] == "Log.entryAdded"]

    def asked(self) -> set[str]:
        """The URLs that the page has asked for."""
        sent = (event["params"] for event in self.events if event["method"] == "Network.requestWillBeSent")
        return {one["request"]["url"] for one in sent}

    def close(self) -> None:
        """After the browser has ended: end with it."""
        self._listener.join(ANSWER_SECONDS)
        os.close(self._read)

    def _ask(self, method: str, **parameters: Any) -> Message:
        number = self._send(method, parameters)
        with self._told:
            assert self._told.wait_for(lambda: number in self._answers, ANSWER_SECONDS), f"no answer to {method}"
            answer = self._answers.pop(number)
        assert "error" not in answer, f"{method}: {answer}"
        return dict(answer["result"])

    def _send(self, method: str, parameters: Message) -> int:
        number = next(self._ids)
        message = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        return number

    def _listen(self) -> None:
        waiting = b""
        while part := os.read(self._read, 1 << 16):
            *whole, waiting = (waiting + part).split(b"\0")
            for message in whole:
                self._take(json.loads(message))

    def _take(self, message: Message) -> None:
        method = message.get("method")
        if method == "Fetch.requestPaused":
            self._send("Fetch.continueRequest", {"requestId": message["params"]["requestId"]})
        elif method == "Fetch.authRequired":
            answer = {"requestId": message["params"]["requestId"], "authChallengeResponse": self._sign_in}
            self._send("Fetch.continueWithAuth", answer)
        elif method:
            self.events.append(message)
        else:
            with self._told:
                self._answers[message["id"]] = message
                self._told.notify_all()


@contextmanager
def browsing(folder: Path, username: str = "", password: str = "") -> Iterator[Browser]:
    """A browser with a profile of its own; it ends with the block."""
    if _CHROMIUM is None:
        raise RuntimeError(_NONE)
    (to_browser, write), (read, from_browser) = os.pipe(), os.pipe()
    command = 'exec "$0" "$@" 3<&"$TO" 4>&"$FROM"'
    variables = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "TO": str(to_browser), "FROM": str(from_browser)}
    with (folder / "browser.log").open("wb") as log:
        process = subprocess.Popen(
            ["/bin/bash", "-c", command, _CHROMIUM, *_OPTIONS, f"--user-data-dir={folder / 'profile'}"],
            pass_fds=(to_browser, from_browser), env=variables, stdout=log, stderr=log,
        )  # fmt: skip
    os.close(to_browser)
    os.close(from_browser)
    try:
        browser = Browser(write, read, username, password)
        try:
            yield browser
        finally:
            process.terminate()
            process.wait(60)
            browser.close()
    finally:
        process.kill()
        process.wait(60)
        os.close(write)
