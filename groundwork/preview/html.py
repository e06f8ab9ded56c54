"""The report as one page: it asks for nothing from outside, runs nothing, and says both to the browser."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from groundwork.policy.html import MARKS, security_policy, templates
from groundwork.preview.drawing import Drawing
from groundwork.preview.report import VERDICTS

FOLDER: Final = Path(__file__).with_name("templates")
SIGNS: Final = {"create": "+", "update": "~", "replace": "±", "delete": "-", "import": "="}
WORDS: Final = {
    "create": "created",
    "update": "changed",
    "replace": "replaced",
    "delete": "deleted",
    "import": "imported",
}


def page(report: Mapping[str, Any], drawings: Mapping[str, Drawing]) -> str:
    """Return the page."""
    style = (FOLDER / "report.css").read_text(encoding="utf-8")
    trees: dict[str, dict[str, list[Mapping[str, Any]]]] = {}
    for one in report["environments"]:
        tree = trees.setdefault(one["name"], {})
        for step in sorted(one["changes"], key=lambda step: (step["component"], step["name"])):
            tree.setdefault(step["component"], []).append(step)
    environments = [one | {"weakened": any(one["config"].values())} for one in report["environments"]]
    return (
        templates(FOLDER)
        .get_template("report.html.j2")
        .render(
            report=dict(report) | {"environments": environments},
            trees=trees,
            drawings=drawings,
            signs=SIGNS,
            words=WORDS,
            marks=MARKS,
            verdicts=VERDICTS,
            style=style,
            policy=security_policy(style),
        )
    )
