"""Writes a resource as the Python of a Pulumi program, for examples."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

DOCUMENTS: Final = frozenset({"policy", "assumeRolePolicy", "inlinePolicy", "accessPolicies"})
"""Inputs that are a JSON text: the program writes a map and `json.dumps`."""
WIDTH: Final = 96
_CAPITAL = re.compile(r"(?<=[a-z0-9])([A-Z])")


@dataclass(frozen=True)
class Written:
    """A resource to write, and the expressions that stand for values of other resources."""

    token: str
    name: str
    props: Mapping[str, Any]
    protect: bool = False
    expressions: Mapping[str, str] = field(default_factory=dict)
    """Expression by the value that it yields, such as `vpc.id` by `vpc-1`."""


def python(resource: Written) -> str:
    """Return the constructor call of a resource.

    >>> print(python(Written("aws:kms/key:Key", "data", {"enableKeyRotation": True})))
    kms.Key("data", enable_key_rotation=True)
    """
    package, module, kind = resource.token.split(":")
    # Kubernetes' own names are kept inside: the SDK takes a manifest as it is written.
    write = _Writer(snake=package == "aws", expressions=resource.expressions)
    arguments = [f'"{resource.name}"']
    arguments += [f"{snake_case(key)}={write.value(value, key)}" for key, value in resource.props.items()]
    if resource.protect:
        arguments.append("opts=pulumi.ResourceOptions(protect=True)")
    called = f"{_module(package, module)}.{kind}"
    line = f"{called}({', '.join(arguments)})"
    if len(line) <= WIDTH and "\n" not in line:
        return line
    body = "".join(f"    {_indented(argument)},\n" for argument in arguments)
    return f"{called}(\n{body})"


@dataclass(frozen=True)
class _Writer:
    """Writes literals; maps and lists over several lines where one would be too long."""

    snake: bool
    expressions: Mapping[str, str]

    def value(self, value: Any, key: str) -> str:
        if key in DOCUMENTS and isinstance(value, dict):
            return f"json.dumps({replace(self, snake=False).literal(value)})"
        return self.literal(value)

    def literal(self, value: Any) -> str:
        if isinstance(value, dict):
            spelt = snake_case if self.snake else str
            entries = [f"{json.dumps(spelt(key))}: {self.value(entry, key)}" for key, entry in value.items()]
            return _bracketed("{", entries, "}")
        if isinstance(value, list | tuple):
            return _bracketed("[", [self.literal(entry) for entry in value], "]")
        if isinstance(value, str):
            return self.expressions.get(value) or json.dumps(value, ensure_ascii=False)
        return repr(value)


def _module(package: str, module: str) -> str:
    """Return what a program imports: `kms` for `aws:kms/key:Key`, `apps.v1` for `kubernetes:apps/v1:Deployment`."""
    if package == "kubernetes":
        group, _, version = module.partition("/")
        return f"{group.split('.')[0]}.{version}"
    return module.partition("/")[0] or package


def _bracketed(opening: str, entries: list[str], closing: str) -> str:
    line = f"{opening}{', '.join(entries)}{closing}"
    if len(line) <= WIDTH - 24 and "\n" not in line:
        return line
    return f"{opening}\n" + "".join(f"    {_indented(entry)},\n" for entry in entries) + closing


def _indented(text: str) -> str:
    return text.replace("\n", "\n    ")


def snake_case(key: str) -> str:
    """Return a property as the SDK for Python spells it; a key that is not one of them, such as a tag, as it is."""
    return _CAPITAL.sub(lambda match: f"_{match[1]}", key).lower() if re.fullmatch(r"[a-z][A-Za-z0-9]*", key) else key
