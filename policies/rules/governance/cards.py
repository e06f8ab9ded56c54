"""MLG-09: what a model in production is for, who answers for it, how good it is.

Source: SageMaker developer guide, "Model card JSON schema".
"""

import json

from pulumi_policy import Severity

from policies.config import Settings
from policies.index import Resource, Stack
from policies.labels import tag
from policies.rule import Findings, LocatedFindings, Rule, StackRule, Undecided, Violation, lacking
from policies.tokens import aws
from policies.values import Node, plain

CARD = aws("sagemaker/modelCard:ModelCard")
MODELS = aws("sagemaker/modelPackageGroup:ModelPackageGroup")
_PARTS = {
    "intended use": (("intended_uses", "intended_uses"), ("intended_uses", "purpose_of_model")),
    "owner": (("model_overview", "model_owner"),),
    "evaluation": (("evaluation_details",),),
}


def _is_stated(content: Node, ways: tuple[tuple[str, ...], ...]) -> bool:
    for way in ways:
        node = content
        for step in way:
            node = node[step]
        if node.is_set:
            return True
    return False


def _card(resource: Resource) -> Findings:
    node = resource["content"]
    if node.unknown:
        yield Undecided(node.path)
        return
    try:
        content = plain(json.loads(node.value)) if isinstance(node.value, str) else node.value
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        yield Violation(node.path, "the model card cannot be read", "its content as JSON")
        return
    for part, ways in _PARTS.items():
        if not _is_stated(Node(content, node.path), ways):
            keys = " or ".join(".".join(way) for way in ways)
            yield Violation(node.path, f"the model card does not state the {part}", keys)


def _tags(resource: Resource, settings: Settings) -> bool | None:
    """Whether tags say what a card would; None while that is not known."""
    nodes = [tag(resource, key) for key in settings.model_card_tags]
    if all(isinstance(node.value, str) and node.value.strip() for node in nodes):
        return True
    return None if nodes and all(node.unknown or node.is_set for node in nodes) else False


def _models_have_cards(stack: Stack, settings: Settings) -> LocatedFindings:
    if not settings.production:
        return
    for group in stack.of(MODELS):
        tagged = _tags(group, settings)
        if tagged:
            continue
        cards = stack.companions(group, CARD, "modelCardName", ("modelPackageGroupName", "id", "arn"))
        for card in cards.certain:
            yield from ((card, finding) for finding in _card(card))
        if cards.certain:
            continue
        expected = "a sagemaker.ModelCard of the same name, with intended use, owner and evaluation"
        missing = Violation("", "what the models are for and how good they are is not stated", expected, companion=True)
        yield from lacking(group, cards.possible, Undecided("tags") if tagged is None else missing)


RULES: tuple[Rule, ...] = (
    StackRule(
        id="MLG-09",
        requirement="In production a group of models has a card that states intended use, owner and evaluation.",
        why="Whoever uses a model has to know what it was made for, and how good it is at that.",
        fix="sagemaker.ModelCard(model_card_name=group.model_package_group_name, content=json.dumps({intended_uses, "
        "model_overview, evaluation_details})), or the tags intended-use, model-owner, evaluation",
        types=MODELS | CARD,
        joins=frozenset(),
        severity=Severity.MEDIUM,
        controls=("AIA-11", "ISO42-A.6.2.7"),
        check=_models_have_cards,
    ),
)
