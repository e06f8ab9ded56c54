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
    """Open a page in a colour scheme, in a profile of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    page, picture = folder / "page.html", folder / "page.png"
    page.write_text(text, encoding="utf-8")
    base = [
        str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
        "--no-first-run", "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={folder / 'profile'}",
        "--enable-logging=stderr", f"--blink-settings=preferredColorScheme={_SCHEMES[scheme]}", "--hide-scrollbars",
        f"--window-size={size}",
    ]  # fmt: skip
    shown = _run([*base, "--dump-dom", page.as_uri()])
    drawn = _run([*base, f"--screenshot={picture}", page.as_uri()])
    complaints = [line for done in (shown, drawn) for line in done.stderr.splitlines() if "CONSOLE" in line]
    return Seen(shown.stdout, complaints, picture)


def _run(command: list[str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
