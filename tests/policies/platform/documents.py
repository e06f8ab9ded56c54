"""Weakenings of IAM documents: one element of one statement at a time."""

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tests.policies.mutate import ABSENT
from tests.policies.platform.values import Weakening

PROPERTIES: Final = ("policy", "assumeRolePolicy")
STRANGER: Final = "arn:aws:iam::999999999999:root"


def weakened_documents(inputs: Mapping[str, Any]) -> Iterator[Weakening]:
    """Yield the weakenings of the documents of a resource, each as a new text."""
    for name in PROPERTIES:
        text = inputs.get(name)
        if not isinstance(text, str) or "Statement" not in text:
            continue
        document = json.loads(text)
        for number in range(len(document["Statement"])):
            for operator, statement in _weakened(document["Statement"][number]):
                weak = copy.deepcopy(document)
                if statement is ABSENT:
                    del weak["Statement"][number]
                else:
                    weak["Statement"][number] = statement
                sid = document["Statement"][number].get("Sid", number)
                yield f"{operator} [{sid}]", name, json.dumps(weak)


def _weakened(statement: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    if statement["Effect"] == "Deny":
        yield "denial removed", ABSENT
        if statement.get("Condition"):
            yield "denial narrowed", statement | {"Condition": _with_another(statement["Condition"])}
        return
    actions = _listed(statement.get("Action"))
    if "Action" in statement and actions != ["*"]:
        yield "every action", statement | {"Action": "*"}
        yield "every action of a service", statement | {"Action": f"{actions[0].partition(':')[0]}:*"}
    if "Resource" in statement and _listed(statement["Resource"]) != ["*"]:
        yield "every resource", statement | {"Resource": "*"}
    if "Principal" in statement and statement["Principal"] != "*":
        yield "every principal", statement | {"Principal": "*"}
        yield "a stranger", statement | {"Principal": {"AWS": STRANGER}}
    condition = statement.get("Condition") or {}
    if condition:
        yield "condition removed", {key: value for key, value in statement.items() if key != "Condition"}
    for operator, keys in condition.items():
        for key in keys if len(keys) + len(condition) > 2 else ():
            less = {op: {k: v for k, v in ks.items() if (op, k) != (operator, key)} for op, ks in condition.items()}
            yield f"condition {key} removed", statement | {"Condition": {op: ks for op, ks in less.items() if ks}}
        for key in keys:
            wide = {"StringLike": {key: "*"}} | {op: dict(ks) for op, ks in condition.items() if op != operator}
            rest = {k: v for k, v in keys.items() if k != key}
            yield f"condition {key} any", statement | {"Condition": wide | ({operator: rest} if rest else {})}


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def _with_another(condition: Mapping[str, Any]) -> dict[str, Any]:
    """Return a condition with a second key, which a denial then needs as well."""
    return {**condition, "StringEquals": {**condition.get("StringEquals", {}), "aws:PrincipalTag/free": "no"}}
