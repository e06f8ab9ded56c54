"""Evidence as one page for an auditor: it asks for nothing from outside, and says so to the browser."""

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import jinja2

from policies.frameworks import FRAMEWORKS

FOLDER: Final = Path(__file__).with_name("templates")
MARKS: Final[Mapping[str, str]] = {
    "pass": "✓",
    "violation": "✗",
    "undecided": "?",
    "waived": "w",
    "elsewhere": "→",
    "nothing to judge": "-",
    "disabled": "-",
}
"""A verdict is told by a mark and a word, never by colour alone."""


def page(evidence: Mapping[str, Any]) -> str:
    """Return the page."""
    style, script = ((FOLDER / name).read_text(encoding="utf-8") for name in ("evidence.css", "evidence.js"))
    by_rule: dict[str, list[Mapping[str, Any]]] = {rule["id"]: [] for rule in evidence["rules"]}
    for answer in evidence["answers"]:
        by_rule[answer["rule"]].append(answer)
    by_family: dict[str, list[Mapping[str, Any]]] = {}
    for rule in evidence["rules"]:
        by_family.setdefault(rule["family"], []).append(rule)
    by_framework: dict[str, list[Mapping[str, Any]]] = {}
    for control in evidence["controls"]:
        by_framework.setdefault(control["framework"], []).append(control)
    return (
        templates(FOLDER)
        .get_template("evidence.html.j2")
        .render(
            evidence=evidence,
            by_rule=by_rule,
            by_family=by_family,
            by_framework=by_framework,
            notes={framework.title: framework.note for framework in FRAMEWORKS.values()},
            marks=MARKS,
            style=style,
            script=script,
            policy=security_policy(style, script),
        )
    )


def security_policy(style: str, script: str | None = None) -> str:
    """Return the Content Security Policy of a page that has this style, at most this script, and asks for nothing."""
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src {_admitted(style)}",
            *(() if script is None else (f"script-src {_admitted(script)}",)),
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


@cache
def templates(folder: Path) -> jinja2.Environment:
    """Return the templates of a folder: what is put into them is escaped, and what is missing is an error."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _admitted(text: str) -> str:
    """Return the source expression that admits this text, and no other, inline."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
