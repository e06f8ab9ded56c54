"""The report as plain data: what a reviewer has to know of a change, environment by environment, and the verdict."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from groundwork.access.compare import AccessDifference, compare
from groundwork.cost import document as cost_document
from groundwork.cost import prices
from groundwork.cost import use as use_of
from groundwork.cost.ceiling import ABOVE_CEILING, ceiling, is_above, is_undecided
from groundwork.cost.compare import Comparison
from groundwork.cost.estimate import estimate
from groundwork.cost.use import IDLE
from groundwork.differences import said
from groundwork.policy import evidence
from groundwork.policy.judging import judge
from groundwork.preview.losses import losses
from groundwork.preview.plan import Plan, Step
from groundwork.preview.settings import compared
from policies.config.pack_config import PackConfig
from policies.rules import RULES
from twin.places import Places

FORMAT: Final = "groundwork preview, version 1"
FINE, FAILED, VIOLATIONS, DESTRUCTIVE = 0, 1, 2, 3
VERDICTS: Final[Mapping[int, str]] = {
    FINE: "nothing stands in the way",
    FAILED: "it failed",
    VIOLATIONS: "policies object",
    DESTRUCTIVE: "it deletes or replaces what holds data, and nobody confirmed that",
    ABOVE_CEILING: "it would cost more than its monthly ceiling",
}
ORDER: Final = (FAILED, VIOLATIONS, DESTRUCTIVE, ABOVE_CEILING, FINE)
"""Gravest first: one exit code for several reasons. The report names all of them."""


@dataclass(frozen=True)
class Judged:
    """One environment of the report, and the evidence behind its table of policies."""

    document: dict[str, Any]
    evidence: dict[str, Any] | None


def environment(
    plan: Plan,
    protected: frozenset[str],
    config: PackConfig,
    config_before: PackConfig | None,
    now: datetime,
    here: Places,
    *,
    confirmed: bool,
) -> Judged:
    """Return what the plan of one environment comes to. `here`: where the program's files are."""
    document: dict[str, Any] = {
        "name": plan.environment,
        "failed": list(plan.errors),
        "counts": dict(Counter(step.op for step in plan.steps)) | {"same": plan.unchanged},
        "changes": [_step(step) for step in plan.steps],
        "losses": [vars(one) for one in losses(plan.steps, protected, config.settings.stateful_types)],
        "confirmed": confirmed,
        "config": compared(config_before, config),
        "policies": None,
        "cost": None,
        "access": None,
    }
    judged = None
    if not plan.errors:
        answers = judge(plan.source.resources, RULES, config, now.astimezone(UTC).date())
        judged = evidence.build(answers, plan.source, now, here)
        document["policies"] = _policies(judged)
        document["cost"] = _cost(plan)
        document["access"] = _access(compare(plan.before, plan.source.resources))
    document["reasons"] = reasons(document)
    return Judged(document, judged)


def failed(name: str, said_of_it: Sequence[str]) -> Judged:
    """Return an environment that could not even be planned."""
    nothing: dict[str, list[Any]] = {"waivers_added": [], "waivers_removed": [], "levels": [], "settings": []}
    document: dict[str, Any] = {
        "name": name, "failed": list(said_of_it), "counts": {}, "changes": [], "losses": [], "confirmed": False,
        "config": nothing, "policies": None, "cost": None, "access": None, "reasons": [FAILED],
    }  # fmt: skip
    return Judged(document, None)


def reasons(document: Mapping[str, Any]) -> list[int]:
    """Return every exit code that an environment gives a reason for, gravest first."""
    found = set()
    if document["failed"]:
        found.add(FAILED)
    if document["policies"] and document["policies"]["objections"]:
        found.add(VIOLATIONS)
    if document["losses"] and not document["confirmed"]:
        found.add(DESTRUCTIVE)
    if document["cost"] and document["cost"]["above"]:
        found.add(ABOVE_CEILING)
    return [code for code in ORDER if code in found]


def told(document: Mapping[str, Any]) -> str:
    """Return in a line what stands in the way of one environment, and whether its ceiling can be checked at all."""
    parts = [VERDICTS[code] for code in document["reasons"] or (FINE,)]
    if document["cost"] and document["cost"]["undecided"]:
        unknown = [f"{each['resource']} ({each['price']})" for each in document["cost"]["unknown"] if each["idle"]]
        parts.append(
            f"whether its monthly ceiling holds cannot be said, the price is not known of {', '.join(unknown)}"
        )
    return "; ".join(parts)


def build(
    environments: Iterable[Judged], base: Mapping[str, str], head: str, judges: Sequence[str], now: datetime
) -> dict[str, Any]:
    """Return the whole report."""
    documents = [one.document for one in environments]
    given = {code for one in documents for code in one["reasons"]}
    code = next((one for one in ORDER if one in given), FINE)
    return {
        "format": FORMAT,
        "taken": now.astimezone(UTC).isoformat(timespec="seconds"),
        "base": dict(base),
        "head": head,
        "code": code,
        "verdict": VERDICTS[code],
        "judges": list(judges),
        "environments": documents,
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "op": step.op,
        "urn": step.urn,
        "type": step.type,
        "name": step.name,
        "component": step.component,
        "replaced_for": list(step.replaced_for),
        "differences": [
            {
                "path": one.path,
                "before": said(one.before, secret=one.secret),
                "after": said(one.after, secret=one.secret),
            }
            for one in step.differences
        ],
    }


def _policies(judged: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "objections": judged["summary"]["objections"],
        "summary": judged["summary"],
        "rules": [
            {key: rule[key] for key in ("id", "family", "requirement", "severity", "level", "result", "resources")}
            for rule in judged["rules"]
        ],
        "answers": [answer for answer in judged["answers"] if answer["points"]],
        "waivers": judged["waivers"],
        "complaints": judged["complaints"],
    }


def _cost(plan: Plan) -> dict[str, Any]:
    table, after = prices.load(), plan.source.resources
    uses = {"idle": IDLE, "use": use_of.load(plan.environment, None)}
    found = {
        name: Comparison(estimate(plan.before, table, use), estimate(after, table, use)) for name, use in uses.items()
    }
    limit = ceiling(after)
    return {name: cost_document.of_comparison(one) for name, one in found.items()} | {
        "ceiling_usd": None if limit is None else float(limit),
        "ceiling_before_usd": None if (old := ceiling(plan.before)) is None else float(old),
        "above": is_above(found["idle"].after, limit),
        "undecided": is_undecided(found["idle"].after, limit),
        "unknown": cost_document.of_unknown(found["idle"], found["use"]),
    }


def _access(found: AccessDifference) -> dict[str, Any]:
    def told(gain: bool) -> list[dict[str, Any]]:
        return [
            {"kind": one.kind, "who": one.who, "what": one.what, "urns": list(one.urns)}
            for one in found.changes
            if one.gain is gain
        ]

    return {"gains": told(True), "losses": told(False), "unread": [vars(one) for one in found.unread]}
