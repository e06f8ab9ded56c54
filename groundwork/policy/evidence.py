"""Evidence: which rule said what about which resource, with what it supports, as one document that can be checked.

It holds no input of a resource: paths, what is wrong and what would be right, never a value.
"""

import hashlib
import json
import platform
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import yaml
from pulumi_policy import EnforcementLevel

from groundwork.policy.judging import VERDICTS, Answer, Judged, verdict_of
from groundwork.policy.positions import place
from groundwork.policy.sources import Source
from policies import frameworks
from policies.config import Companion, Waiver
from policies.report import Point
from policies.rule import Rule, StackRule, Violation
from twin.places import Places

FORMAT: Final = "groundwork policy evidence, version 1"
NOTE: Final = (
    "Rules support controls of a framework; passing them makes nothing compliant with it. Judged is what a program "
    "declares or a state records, not what an account does."
)
PACK: Final = Path(frameworks.__file__).parents[1]
NOTHING, DISABLED = "nothing to judge", "disabled"


def build(judged: Judged, source: Source, now: datetime, here: Places | None) -> dict[str, Any]:
    """Return the evidence as plain data, sealed with its own hash. `here`: where the program's files are."""
    positions = {one.urn: place(one.position, here) for one in source.resources}
    document = {
        "format": FORMAT,
        "note": NOTE,
        "taken": now.astimezone(UTC).isoformat(timespec="seconds"),
        "subject": {
            "kind": source.kind,
            "name": source.name,
            "project": source.project,
            "stack": source.stack,
            "resources": len(source.resources),
            "sha256": source.sha256,
            "engine": source.engine,
            "saved": source.saved,
        },
        "pack": pack(judged),
        "versions": {
            "pulumi": version("pulumi"),
            "pulumi-policy": version("pulumi-policy"),
            "python": platform.python_version(),
        },
        "summary": summary(judged),
        "rules": [_rule(rule, judged) for rule in judged.rules],
        "answers": [_answer(answer, judged, positions) for answer in judged.answers],
        "controls": list(_controls(judged)),
        "waivers": _waivers(judged, now),
        "companions": [vars(companion) for companion in judged.config.settings.companions],
        "complaints": [{"policy": policy, "text": text} for policy, text in judged.complaints],
    }
    return document | {"sha256": seal(document)}


def seal(document: Mapping[str, Any]) -> str:
    """Return the hash of evidence without its own, as `jq -cS 'del(.sha256)' evidence.json | sha256sum` prints it."""
    body = {key: value for key, value in document.items() if key != "sha256"}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{text}\n".encode()).hexdigest()


def summary(judged: Judged) -> dict[str, int]:
    """Return how often each verdict was given, and how many would stop the engine."""
    counted = Counter(answer.verdict for answer in judged.answers)
    return {verdict: counted[verdict] for verdict in VERDICTS} | {"objections": judged.objections}


def pack(judged: Judged) -> dict[str, Any]:
    """Return which rules judged, in which version, with which levels and settings."""
    settings = {key: value for key, value in judged.config.properties.items() if key not in ("waivers", "companions")}
    return {
        "name": _manifest()["name"],
        "version": _manifest()["version"],
        "sha256": _hash_of_the_pack(),
        "rules": len(judged.rules),
        "levels": {name: level.value for name, level in judged.config.levels.items()},
        "settings": settings,
    }


def result(answers: Iterable[Answer]) -> str:
    """Return the gravest verdict of some answers."""
    return min((answer.verdict for answer in answers), key=VERDICTS.index, default=NOTHING)


@cache
def _manifest() -> dict[str, Any]:
    manifest: dict[str, Any] = yaml.safe_load((PACK / "PulumiPolicy.yaml").read_text(encoding="utf-8"))
    return manifest


@cache
def _hash_of_the_pack() -> str:
    """Return one hash of the code and data of the pack."""
    digest = hashlib.sha256()
    for path in sorted(path for path in PACK.rglob("*") if path.suffix in (".py", ".json", ".yaml")):
        digest.update(f"{path.relative_to(PACK).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _rule(rule: Rule, judged: Judged) -> dict[str, Any]:
    answers = judged.by_rule[rule.id]
    level = judged.level(rule)
    counted = Counter(answer.verdict for answer in answers)
    return {
        "id": rule.id,
        "family": rule.family.title,
        "requirement": rule.requirement,
        "why": rule.why,
        "fix": rule.fix,
        "severity": rule.severity.value,
        "level": level.value,
        "scope": "stack" if isinstance(rule, StackRule) else "resource",
        "types": sorted(rule.types),
        "controls": list(rule.controls),
        "resources": len({answer.urn for answer in answers}),
        "verdicts": {verdict: counted[verdict] for verdict in VERDICTS if counted[verdict]},
        "result": DISABLED if level is EnforcementLevel.DISABLED else result(answers),
    }


def _answer(answer: Answer, judged: Judged, positions: Mapping[str, str]) -> dict[str, Any]:
    return {
        "rule": answer.rule.id,
        "urn": answer.urn,
        "position": positions.get(answer.urn, ""),
        "verdict": answer.verdict,
        "stops": judged.stops(answer),
        "points": [_point(point) for point in answer.points],
    }


def _point(point: Point) -> dict[str, Any]:
    finding = point.finding
    said = {"path": finding.path, "verdict": verdict_of(point)}
    if isinstance(finding, Violation):
        said |= {"what": finding.what, "expected": finding.expected, "found": finding.found}
    else:
        said |= {"what": "not known, so the rule cannot be decided", "expected": "a value that is known", "found": ""}
    if isinstance(point.accepted_by, Waiver):
        said["accepted"] = f"until {point.accepted_by.expires} by {point.accepted_by.owner}: {point.accepted_by.reason}"
    elif isinstance(point.accepted_by, Companion):
        said["accepted"] = f"the companion is said to be in {point.accepted_by.stack}"
    return said


def _controls(judged: Judged) -> Iterable[dict[str, Any]]:
    for framework in frameworks.FRAMEWORKS.values():
        for control, rules in frameworks.supported(framework, judged.rules).items():
            if rules:
                answers = [answer for rule in rules for answer in judged.by_rule[rule]]
                yield {
                    "framework": framework.title,
                    "control": control,
                    "about": framework.controls[control],
                    "rules": rules,
                    "resources": len({answer.urn for answer in answers}),
                    "result": result(answers),
                }


def _waivers(judged: Judged, now: datetime) -> list[dict[str, Any]]:
    used = Counter(
        point.accepted_by
        for answer in judged.answers
        for point in answer.points
        if isinstance(point.accepted_by, Waiver)
    )
    today = now.astimezone(UTC).date()
    return [
        {
            "rule": waiver.rule,
            "urn": waiver.urn,
            "reason": waiver.reason,
            "owner": waiver.owner,
            "expires": waiver.expires.isoformat(),
            "used": used[waiver],
            "state": "expired" if waiver.expires < today else "in use" if used[waiver] else "not used",
        }
        for waiver in judged.config.settings.waivers
    ]
