"""Use is data: defaults, what an environment changes, what a person changes; a mistake in it is named."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from groundwork.cost import use
from groundwork.cost.use import IDLE, Use
from groundwork.errors import GroundworkError


def test_a_number_is_for_each_and_a_named_resource_has_its_own() -> None:
    read = Use.model_validate({"nat_gb": 5, "stored_gb": {"each": 1, "named": {"datasets": 200}}})
    assert [read.nat_gb.of("a"), read.stored_gb.of("a"), read.stored_gb.of("datasets")] == [5, 1, 200]


def test_idle_is_no_use_at_all() -> None:
    assert all(measure.each == 0 and not measure.named for measure in IDLE.measures().values())


def test_a_persons_file_goes_over_the_environments_and_that_over_the_defaults(tmp_path: Path) -> None:
    own = tmp_path / "own.json"
    own.write_text('{"nat_gb": 0.5}')
    default, dev, mine = use.load("default"), use.load("dev"), use.load("dev", own)
    assert dev.stored_gb.of("datasets-bucket") == 200 != default.stored_gb.of("datasets-bucket")
    assert dev.images_gb == default.images_gb
    assert mine.nat_gb.each == Decimal("0.5") != dev.nat_gb.each
    assert mine.stored_gb == dev.stored_gb
    assert use.load("pr-123") == default


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is no JSON"),
        ("[]", 'must be an object such as {"nat_gb": 100}'),
        ('{"nat_tb": 1}', "nat_tb: there is no such measure; there is note, spot_percent, node_hours"),
        ('{"nat_gb": -1}', "nat_gb.each: Input should be greater than or equal to 0"),
        ('{"nat_gb": "much"}', "nat_gb.each: Input should be a valid decimal"),
        ('{"spot_percent": 101}', "spot_percent: Input should be less than or equal to 100"),
        ('{"stored_gb": {"datasets-bucket": 1}}', "stored_gb.datasets-bucket: there is no such measure"),
    ],
)
def test_a_file_that_cannot_be_used_says_what_is_wrong_in_it(tmp_path: Path, text: str, said: str) -> None:
    own: Any = tmp_path / "own.json"
    own.write_text(text)
    with pytest.raises(GroundworkError) as caught:
        use.load("dev", own)
    assert str(own) in str(caught.value)
    assert said in str(caught.value)


def test_a_file_is_read_without_rounding(tmp_path: Path) -> None:
    own = tmp_path / "own.json"
    own.write_text(json.dumps({"nat_gb": 0.1}))
    assert use.load("dev", own).nat_gb.each == Decimal("0.1")
