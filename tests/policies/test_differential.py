"""Our evaluator of policy documents against the oracle: a sample here, a hundred thousand documents by the command."""

from collections.abc import Callable
from typing import Any

import pytest

from policies.iam import conditions, evaluator, exposure, texts
from tests.policies.differential.compare import compare

SAMPLE = 300


def test_evaluator_and_oracle_agree_on_generated_documents() -> None:
    tally = compare(seed=20261127, count=SAMPLE)
    assert not tally.differences
    assert set(tally.decisions) == {"allowed", "explicitDeny", "implicitDeny"}
    assert tally.cautious < tally.public / 10, "a document that lets no stranger in is rarely called public"


def _false(*_: Any, **__: Any) -> bool:
    return False


def _never_negated(condition: Any, context: Any) -> Any:
    return conditions.holds(condition, context) if "not" not in condition.operator else True


WRONG: list[tuple[str, Any, str, Callable[..., Any]]] = [
    ("conditions are not looked at", evaluator, "holds", lambda *_: True),
    ("negated conditions always hold", evaluator, "holds", _never_negated),
    ("variables stay as they are written", evaluator, "expanded", lambda text, _: text),
    ("accounts are compared as they are written", evaluator, "_canonical", lambda _, name: name),
    ("nobody is a stranger", exposure, "is_named", _false),
    ("patterns never overlap", texts, "overlaps", _false),
]


@pytest.mark.parametrize(("module", "name", "wrong"), [entry[1:] for entry in WRONG], ids=[entry[0] for entry in WRONG])
def test_the_comparison_notices_an_evaluator_that_is_wrong(
    module: Any, name: str, wrong: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, name, wrong)
    assert compare(seed=20261127, count=SAMPLE, first_only=True).differences
