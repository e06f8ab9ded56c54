"""A page in a real browser that reaches nothing: what it made of it, what it complained of, what it looks like."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
_SCHEMES = {"light": "1", "dark": "0"}
"""`preferredColorScheme` of Blink's settings."""


@dataclass(frozen=True)
class Seen:
    """What a browser made of a page."""

    dom: str
    complaints: list[str]
    screenshot: Path


def browse(text: str, folder: Path, scheme: str, size: str = "1280,2400") -> Seen:
    """Open a page in a colour scheme, in a profile of its own, and draw it."""
    dom, complaints = opened(text, folder, scheme)
    picture = folder / "page.png"
    done = _run(folder, scheme, "--hide-scrollbars", f"--window-size={size}", f"--screenshot={picture}")
    return Seen(dom, [*complaints, *_complaints(done)], picture)


def opened(text: str, folder: Path, scheme: str = "light") -> tuple[str, list[str]]:
    """Open a page; what the browser made of it, and what it complained of."""
    folder.mkdir(parents=True, exist_ok=True)
    _page(folder).write_text(text, encoding="utf-8")
    done = _run(folder, scheme, "--dump-dom")
    return done.stdout, _complaints(done)


def _page(folder: Path) -> Path:
    return folder / "page.html"


def _complaints(done: "subprocess.CompletedProcess[str]") -> list[str]:
    return [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def _run(folder: Path, scheme: str, *options: str) -> "subprocess.CompletedProcess[str]":
    command = [
        str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
        "--no-first-run", "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={folder / 'profile'}",
        "--enable-logging=stderr", f"--blink-settings=preferredColorScheme={_SCHEMES[scheme]}", *options,
        _page(folder).as_uri(),
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
