"""What the program itself asks to wait for: the annotation `pulumi.com/waitFor`, in kubectl's words.

One expression or a JSON list of them: `condition=Ready`, `condition=Ready=False`, `jsonpath={.status.phase}=Running`,
`jsonpath={.status.loadBalancer.ingress}` (there and not empty).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from twin.providers.kubernetes.errors import ProviderError
from twin.providers.kubernetes.readiness.rules import Look, Rule

_STEP = re.compile(r"\.((?:[^.\[\]\\]|\\.)+)|\[(\d+)\]|\['([^']+)'\]")


def rule(annotation: str) -> Rule:
    """The rule that the annotation describes.

    Raises:
        ProviderError: it is written wrong.
    """
    rules = [_one(expression) for expression in _expressions(annotation)]
    return lambda look: "; ".join(filter(None, (each(look) for each in rules)))


def _expressions(annotation: str) -> list[str]:
    try:
        values = json.loads(annotation)
    except ValueError:
        return [annotation]
    if not isinstance(values, list) or not values or not all(isinstance(value, str) for value in values):
        raise ProviderError(f"pulumi.com/waitFor: expected a condition or a list of conditions, got {annotation}")
    return values


def _one(expression: str) -> Rule:
    if expression.startswith("condition="):
        kind, _, status = expression.removeprefix("condition=").partition("=")
        return lambda look: _condition(look, kind, status or "True")
    if expression.startswith("jsonpath="):
        return _path(expression.removeprefix("jsonpath="), expression)
    raise ProviderError(f'pulumi.com/waitFor: expected "jsonpath=" or "condition=" first, got {expression!r}')


def _condition(look: Look, kind: str, status: str) -> str:
    found = look.condition(kind)
    if str(found.get("status", "")).lower() == status.lower():
        return ""
    return f"condition {kind} is {found.get('status', 'not there')}, not {status}: {found.get('message', '')}".strip(
        ": "
    )


def _path(text: str, expression: str) -> Rule:
    written = re.fullmatch(r"\{?(?P<path>[^}=]+)\}?(?:=+(?P<value>.*))?", text)
    path = written["path"] if written else ""
    steps = [(name.replace("\\", "") or quoted, index) for name, index, quoted in _STEP.findall(path)]
    if written is None or not steps or _STEP.sub("", path):
        raise ProviderError(
            f"pulumi.com/waitFor: {expression!r} is no path that is understood: jsonpath={{.a.b[0]}}=value"
        )
    wanted = written["value"]

    def missing(look: Look) -> str:
        found = _walk(look.live, steps)
        there = found not in (None, "", [], {}) if wanted is None else _text(found) == wanted.strip("\"'")
        return "" if there else f"{path} is {_text(found) or 'not there'}{'' if wanted is None else f', not {wanted}'}"

    return missing


def _walk(value: Any, steps: list[tuple[str, str]]) -> Any:
    for name, index in steps:
        if index:
            value = value[int(index)] if isinstance(value, list) and int(index) < len(value) else None
        else:
            value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)
