"""What the MLG rules take from the settings and from other places."""

import re
from pathlib import Path

import pulumi_aws
import pytest

from policies.rules.governance.tags import TAGGABLE
from policies.tokens import TWINS
from tests.policies.harness import judge
from tests.policies.specs.governance.tags import bucket

PACKAGE = Path(pulumi_aws.__file__).parent
TOKEN = re.compile(r"\.__init__\(\s*'(aws:[^']+)'")


def test_the_list_of_types_that_take_tags_is_what_the_package_says() -> None:
    texts = [path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")]
    found = {match[1] for text in texts if '"tags_all"' in text and (match := TOKEN.search(text))}
    assert found - set(TWINS) == TAGGABLE


@pytest.mark.parametrize(
    "settings", [{"dataBucketNames": ["logs"]}, {"dataBucketNames": [], "dataBucketTags": ["content"]}]
)
def test_what_holds_data_is_a_setting(settings: dict[str, list[str]]) -> None:
    item = bucket("logs", content="anything")
    assert judge("MLG-03", item).verdict == "pass"
    assert judge("MLG-03", item, settings=settings).verdict == "deny"


def test_lineage_tags_are_a_setting() -> None:
    item = bucket("datasets", version="3", made="by hand")
    assert judge("MLG-03", item).verdict == "deny"
    settings = {"lineageTags": ["version"], "lineageOriginTags": ["made"]}
    assert judge("MLG-03", item, settings=settings).verdict == "pass"
