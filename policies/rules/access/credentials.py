"""ACC-23: no credential is written into the program."""

from collections.abc import Callable, Iterator

from pulumi_policy import Severity

from policies import credentials
from policies.config import Settings
from policies.index import ANY_TYPE, Resource
from policies.rule import Findings, ResourceRule, Rule, Undecided, Violation
from policies.tokens import kubernetes, with_forms
from policies.values import Node, describe
from policies.workloads import WORKLOADS, entries, objects, pods

CONFIG_MAP = with_forms(kubernetes("core/v1:ConfigMap"))
_EXPECTED = "a reference to a secret, as a mounted file or an identity that needs none"
_USER_DATA = ("userData", "userDataBase64")


def _holds_no_credential(resource: Resource, settings: Settings) -> Findings:
    for node in _texts(Node(dict(resource.inputs), "")):
        yield from _refuse(node, credentials.form(node.value))
    for name in _USER_DATA:
        yield from _text(resource[name], _in_a_file)
    if resource.type in CONFIG_MAP:
        for item in objects(resource):
            yield from _values(item["data"], _named)
            yield from _values(item["binaryData"], lambda _: _encoded)
    for pod in pods(resource, settings):
        for container in pod.containers:
            for variable in entries(container["env"]):
                yield from _text(variable["value"], _named(variable["name"].value))


def _texts(node: Node) -> Iterator[Node]:
    """Yield every text, whatever it is nested in."""
    if isinstance(node.value, str):
        yield node
    elif isinstance(node.value, dict):
        for key in node.value:
            yield from _texts(node[key])
    elif isinstance(node.value, list):
        for entry in node.each():
            yield from _texts(entry)


def _values(texts: Node, looks: Callable[[object], Callable[[str], str | None]]) -> Findings:
    """Judge the values of a map of texts, each by what `looks` makes of its key."""
    if isinstance(texts.value, dict):
        for key in texts.value:
            yield from _text(texts[key], looks(key))
    elif texts.unknown:
        yield Undecided(texts.path, ANY_TYPE)
    elif texts.value is not None:
        yield Violation(texts.path, "it cannot be read", "a map of texts", describe(texts.value))


def _text(node: Node, look: Callable[[str], str | None]) -> Findings:
    if node.unknown:
        # What another resource computes is not written in the program; it is judged once it is known.
        yield Undecided(node.path, ANY_TYPE)
    elif isinstance(node.value, str):
        if not credentials.form(node.value):
            yield from _refuse(node, look(node.value))
    elif node.value is not None:
        yield Violation(node.path, "it cannot be read", "a text", describe(node.value))


def _refuse(node: Node, found: str | None) -> Findings:
    if found:
        yield Violation(node.path, f"it holds {found}", _EXPECTED, describe(node.value))


def _named(name: object) -> Callable[[str], str | None]:
    """Return what finds a credential in the value of a variable or a key."""

    def look(text: str) -> str | None:
        if isinstance(name, str) and credentials.is_named_like_one(name) and credentials.is_literal(text):
            return "the value of what is named like a credential"
        return credentials.assigned(text)

    return look


def _in_a_file(text: str) -> str | None:
    return credentials.assigned(text) or _encoded(text)


def _encoded(text: str) -> str | None:
    inside = credentials.decoded(text)
    return credentials.form(inside) or credentials.assigned(inside)


def _any(token: str, settings: Settings) -> bool:
    del token, settings
    return True


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="ACC-23",
        requirement="No credential is written into the program.",
        why="What is written in a program is in its history, its state and its logs, for good.",
        fix="a secretsmanager.Secret that the workload reads as itself; nothing of it in env, data or user_data",
        types=CONFIG_MAP | WORKLOADS,
        also=_any,
        severity=Severity.CRITICAL,
        controls=("AISF-DATA-05",),
        check=_holds_no_credential,
    ),
)
