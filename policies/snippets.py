"""Writes a resource as the Python of a Pulumi program, for examples."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

DOCUMENTS: Final = frozenset({"policy", "assumeRolePolicy", "inlinePolicy", "accessPolicies"})
"""Inputs that are a JSON text: the program writes a map and `json.dumps`."""
WIDTH: Final = 96
_CAPITAL = re.compile(r"(?<=[a-z0-9])([A-Z])")


def python(token: str, name: str, props: Mapping[str, Any], *, protect: bool = False) -> str:
    """Return the constructor call of a resource.

    >>> print(python("aws:kms/key:Key", "data", {"enableKeyRotation": True}))
    kms.Key("data", enable_key_rotation=True)
    """
    package, module, kind = token.split(":")
    aws = package == "aws"
    # Kubernetes' own names are kept inside: the SDK takes a manifest as it is written.
    arguments = [f'"{name}"', *(f"{_snake(key)}={_value(value, key, aws)}" for key, value in props.items())]
    if protect:
        arguments.append("opts=pulumi.ResourceOptions(protect=True)")
    called = f"{_module(package, module)}.{kind}"
    line = f"{called}({', '.join(arguments)})"
    if len(line) <= WIDTH and "\n" not in line:
        return line
    body = "".join(f"    {_indented(argument)},\n" for argument in arguments)
    return f"{called}(\n{body})"


def _module(package: str, module: str) -> str:
    """Return what a program imports: `kms` for `aws:kms/key:Key`, `apps.v1` for `kubernetes:apps/v1:Deployment`."""
    if package == "kubernetes":
        group, _, version = module.partition("/")
        return f"{group.split('.')[0]}.{version}"
    return module.partition("/")[0] or package


def _value(value: Any, key: str, snake: bool) -> str:
    if key in DOCUMENTS and isinstance(value, dict):
        return f"json.dumps({_literal(value, snake=False)})"
    return _literal(value, snake)


def _literal(value: Any, snake: bool) -> str:
    """Return a literal, over several lines where one would be too long."""
    if isinstance(value, dict):
        entries = [
            f"{json.dumps(_snake(key) if snake else key)}: {_value(entry, key, snake)}" for key, entry in value.items()
        ]
        return _bracketed("{", entries, "}")
    if isinstance(value, list | tuple):
        return _bracketed("[", [_literal(entry, snake) for entry in value], "]")
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _bracketed(opening: str, entries: list[str], closing: str) -> str:
    line = f"{opening}{', '.join(entries)}{closing}"
    if len(line) <= WIDTH - 24 and "\n" not in line:
        return line
    return f"{opening}\n" + "".join(f"    {_indented(entry)},\n" for entry in entries) + closing


def _indented(text: str) -> str:
    return text.replace("\n", "\n    ")


def _snake(key: str) -> str:
    """Return a property as the SDK for Python spells it; a key that is not one of them, such as a tag, as it is."""
    return _CAPITAL.sub(lambda match: f"_{match[1]}", key).lower() if re.fullmatch(r"[a-z][A-Za-z0-9]*", key) else key
