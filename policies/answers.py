"""Questions with three answers, for rules that put several of them together.

An answer is yes, no, or the node that it depends on and that is not known yet. A no outweighs what is not known where
all must hold, a yes where one is enough; so neither is taken for granted.
"""

from collections.abc import Callable, Iterable
from typing import TypeAlias

from policies.values import Node

Answer: TypeAlias = bool | Node


def every(answers: Iterable[Answer]) -> Answer:
    """Return whether all are yes."""
    found = list(answers)
    if any(answer is False for answer in found):
        return False
    return next((answer for answer in found if isinstance(answer, Node)), True)


def some(answers: Iterable[Answer]) -> Answer:
    """Return whether one is a yes."""
    found = list(answers)
    if any(answer is True for answer in found):
        return True
    return next((answer for answer in found if isinstance(answer, Node)), False)


def opposite(answer: Answer) -> Answer:
    """Return no for yes, yes for no."""
    return answer if isinstance(answer, Node) else not answer


def holds(node: Node, good: Callable[[object], bool]) -> Answer:
    """Return whether a value is good."""
    return node if node.unknown else good(node.value)


def one_text(nodes: Iterable[Node], good: Callable[[str], bool]) -> Answer:
    """Return whether one of the values is a text that is good."""
    return some(holds(node, lambda value: isinstance(value, str) and good(value)) for node in nodes)


def no_text(nodes: Iterable[Node], bad: Callable[[str], bool]) -> Answer:
    """Return whether no value is bad. What is no text may be anything, and counts as bad."""
    return every(holds(node, lambda value: isinstance(value, str) and not bad(value)) for node in nodes)
