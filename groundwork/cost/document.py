"""Estimates and comparisons for programs: dollars as numbers to the cent."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from groundwork.cost.compare import Comparison, Difference
from groundwork.cost.estimate import Estimate, Line, rounded


def of_estimate(found: Estimate) -> dict[str, Any]:
    """Return an estimate: sums, every charge, and what is not known."""
    return {
        "usd": float(found.usd),
        "complete": not found.unknown,
        "components": _sums(found.by_component()),
        "services": _sums(found.by_service()),
        "charges": [
            {
                "resource": line.name,
                "urn": line.urn,
                "component": line.component,
                "price": line.price,
                "what": line.what,
                "quantity": float(line.quantity),
                "unit": line.found.unit,
                "usd_for_one": str(line.found.usd),
                "usd": float(rounded(line.usd)),
                "sure": line.found.sure,
                "date": line.found.date.isoformat(),
                "source": line.found.source,
            }
            for line in found.lines
            if line.usd is not None and line.found is not None and line.quantity is not None
        ],
        "unknown": [_without_price(line) for line in found.unknown],
    }


def of_comparison(found: Comparison) -> dict[str, Any]:
    """Return a comparison: both estimates and what differs."""
    return {
        "usd": float(found.usd),
        "components": _differences(found.components()),
        "charges": _differences(found.lines()),
        "newly_unknown": [_without_price(line) for line in found.newly_unknown()],
        "before": of_estimate(found.before),
        "after": of_estimate(found.after),
    }


def of_unknown(idle: Comparison, used: Comparison) -> list[dict[str, Any]]:
    """Return everything that has no known price, once each; `new`: by the change, `idle`: also while nobody uses it."""
    lines = {line.key: line for line in (*used.after.unknown, *idle.after.unknown)}
    while_idle = {line.key for line in idle.after.unknown}
    new = {line.key for line in (*used.newly_unknown(), *idle.newly_unknown())}
    return [_without_price(line) | {"new": key in new, "idle": key in while_idle} for key, line in lines.items()]


def _without_price(line: Line) -> dict[str, Any]:
    return {
        "resource": line.name,
        "urn": line.urn,
        "component": line.component,
        "price": line.price,
        "why": line.unknown,
    }


def _sums(sums: Mapping[str, Decimal]) -> dict[str, float]:
    return {name: float(rounded(usd)) for name, usd in sums.items()}


def _differences(found: Iterable[Difference]) -> list[dict[str, Any]]:
    return [
        {
            "name": one.name,
            "before": float(rounded(one.before)),
            "after": float(rounded(one.after)),
            "usd": float(rounded(one.usd)),
        }
        for one in found
    ]
