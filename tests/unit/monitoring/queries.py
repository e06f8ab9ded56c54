"""What PromQL names: asked of a parser, so that a label or a word of the language is never taken for a metric."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import promql_parser

from components.monitoring.dashboards import dashboards
from tests.unit.monitoring.cases import written_rules


def metrics_of(expression: str) -> set[str]:
    """Return the metrics that a query reads."""
    found: set[str] = set()

    def note(node: Any) -> None:
        selector = node.vector_selector if isinstance(node, promql_parser.MatrixSelector) else node
        if isinstance(selector, promql_parser.VectorSelector) and selector.name:
            found.add(selector.name)

    promql_parser.walk(promql_parser.parse(expression), note)
    return found


def rule_queries() -> Iterator[tuple[str, str]]:
    """Give the expression of each rule, with what the rule is called."""
    for content in written_rules().values():
        for group in content["groups"]:
            for rule in group["rules"]:
                yield rule.get("alert") or rule["record"], rule["expr"]


def panel_queries() -> Iterator[tuple[str, str]]:
    """Give each query of each panel, with where it is."""
    for name, dashboard in dashboards().items():
        for panel in dashboard.panels:
            for query in panel.queries:
                yield f"{name}: {panel.title}", query.expr


@cache
def recorded() -> frozenset[str]:
    """Return what recording rules make."""
    return frozenset(
        rule["record"]
        for content in written_rules().values()
        for group in content["groups"]
        for rule in group["rules"]
        if "record" in rule
    )
