"""Which tests run in one worker, and in which order, when `pytest -n` runs several files at a time.

The files that use the same environment are one unit, so that it is built once; otherwise a file is one, whose tests
share the twin that they started. The longest units begin first: one that began last would keep a worker waiting.
"""

import ast
from functools import cache
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

TESTS = Path(__file__).resolve().parents[1]
ENVIRONMENTS = ("dev", "changed")
"""Fixtures that are an environment for several files."""
LONGEST_FIRST = (
    "dev",
    "changed",
    "twin/test_pull_requests",
    "twin/test_an_up_that_is_interrupted",
    "twin/test_life_of_an_environment",
    "twin/test_an_api_that_fails",
    "twin/test_node_groups_and_scaling",
    "twin/test_a_scale_set_of_runners",
)
"""Units of more than two minutes."""


@cache
def unit(path: Path) -> str:
    """The environment whose fixture a test file asks for; otherwise the file's own name."""
    own = path.relative_to(TESTS).with_suffix("").as_posix()
    if not own.startswith("twin/"):  # an argument of that name is something else there
        return own
    functions = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)]
    asked = {argument.arg for function in functions for argument in function.args.args}
    return next((environment for environment in ENVIRONMENTS if environment in asked), own)


def rank(path: Path) -> int:
    """The long ones in their order, then whatever else needs a twin, then what does not."""
    name = unit(path)
    if name in LONGEST_FIRST:
        return LONGEST_FIRST.index(name)
    return len(LONGEST_FIRST) + (not name.startswith("twin/"))


class Units(LoadScopeScheduling):  # type: ignore[misc] # xdist has no types
    """Gives the next unit to whichever worker is about to have nothing to do, in the order of the collection."""

    def __init__(self, config: pytest.Config, log: Producer) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False  # xdist's own order: by the number of tests

    def _split_scope(self, nodeid: str) -> str:
        return unit(TESTS.parent / nodeid.partition("::")[0])
