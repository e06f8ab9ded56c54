"""MLG-01 and MLG-03: what every resource says of itself, and a store of data sets or models of its content."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from pulumi_policy import Severity

from policies.config import Settings
from policies.index import Resource
from policies.labels import holds_data, own_tags, tag
from policies.rule import Findings, ResourceRule, Rule, Undecided, Violation, weigh
from policies.tokens import aws
from policies.values import Node, describe

TAGGABLE: Final = frozenset(Path(__file__).with_name("taggable.txt").read_text(encoding="utf-8").split())
"""Types that take tags, their own and the provider's default ones. Source: pulumi_aws 7.51, resources with tagsAll."""
BUCKET = aws("s3/bucket:Bucket")
TABLE = aws("glue/catalogTable:CatalogTable")
FEATURES = aws("sagemaker/featureGroup:FeatureGroup")


def _is_text(node: Node) -> bool:
    return isinstance(node.value, str) and bool(node.value.strip())


def _present(resource: Resource, key: str, what: str) -> Findings:
    node = tag(resource, key)
    default = Node(resource.default_tags, "tags")[key]
    if node.unknown and node.inherited and _is_text(default):
        return  # whatever the resource's own tags are, there is one: its own or the default
    if node.unknown:
        yield Undecided(node.path)
    elif not _is_text(node):
        yield Violation(node.path, what, f"a text as the tag {key}", describe(node.value))


def _is_tagged(resource: Resource, settings: Settings) -> Findings:
    for key in settings.required_tags:
        yield from _present(resource, key, "a tag that every resource has is missing")


def _states_its_lineage(resource: Resource, settings: Settings) -> Findings:
    holds = holds_data(resource, settings) if resource.type in BUCKET else True
    if holds is False:
        return
    findings = tuple(_lineage(resource, settings))
    if holds is None and findings:
        yield Undecided(own_tags(resource).path if own_tags(resource).unknown else "bucket")
    else:
        yield from findings


def _lineage(resource: Resource, settings: Settings) -> Findings:
    what = "where the content comes of is not stated"
    for key in settings.lineage_tags:
        yield from _present(resource, key, what)
    yield from _one_of(resource, settings.lineage_origin_tags, what)


def _one_of(resource: Resource, keys: Iterable[str], what: str) -> Findings:
    answers = [weigh(_present(resource, key, what)) for key in keys]
    if not any(answer == () for answer in answers):
        unknown = next((f for answer in answers for f in answer if isinstance(f, Undecided)), None)
        yield unknown or Violation(own_tags(resource).path, what, f"one of the tags {', '.join(keys)}")


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="MLG-01",
        requirement="Every resource says who owns it, where it belongs, who pays, how sensitive it is, and to which "
        "system it belongs.",
        why="What belongs to nobody is neither patched, paid for nor deleted, and no audit can place it.",
        fix='aws.Provider(..., default_tags={"tags": {"owner": ..., "environment": ..., "cost-center": ..., '
        '"data-classification": ..., "system-id": ...}})',
        types=TAGGABLE,
        severity=Severity.MEDIUM,
        controls=("AISF-GOV-02", "ISO42-A.4.2", "800-53 CM-8"),
        check=_is_tagged,
    ),
    ResourceRule(
        id="MLG-03",
        requirement="A store of data sets or models says of which version and source its content is, and what made it.",
        why="A model whose data cannot be named can be neither reproduced nor withdrawn when the data turns out wrong.",
        fix='tags={"dataset-version": ..., "source": ..., "pipeline-run": ...} (a catalogue table: parameters)',
        types=BUCKET | TABLE | FEATURES,
        severity=Severity.MEDIUM,
        controls=("AIA-10", "ISO42-A.7.5"),
        check=_states_its_lineage,
    ),
)
