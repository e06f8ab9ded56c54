"""Estimates and comparisons for programs: dollars as numbers to the cent."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from groundwork.cost.compare import Comparison, Difference
from groundwork.cost.estimate import Estimate, rounded


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
        "unknown": [
            {
                "resource": line.name,
                "urn": line.urn,
                "component": line.component,
                "price": line.price,
                "why": line.unknown,
            }
            for line in found.unknown
        ],
    }


def of_comparison(found: Comparison) -> dict[str, Any]:
    """Return a comparison: both estimates and what differs."""
    return {
        "usd": float(found.usd),
        "components": _differences(found.components()),
        "charges": _differences(found.lines()),
        "newly_unknown": [line.urn for line in found.newly_unknown()],
        "before": of_estimate(found.before),
        "after": of_estimate(found.after),
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
