"""The table is data that says where each price comes from; what is not in it is not there."""

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from groundwork.cost import prices
from groundwork.cost.prices import FOLDER, PriceFile

TABLE = prices.load()


def written(**change: Any) -> str:
    quote = {"usd": {"eu-west-1": "0.048"}, "sure": "list", "date": "2026-09-25", "source": "a"}
    price = {"what": "NAT gateway", "unit": "hour", "quotes": [quote]}
    return json.dumps(
        {"pages": ["https://aws.amazon.com/vpc/pricing/"], "sources": {"a": "b"}, "prices": {"x": price}} | change
    )


def test_a_price_is_found_with_its_day_its_source_and_how_sure_it_is() -> None:
    found = TABLE.find("ec2.nat.hour", "eu-west-1")
    assert found is not None
    assert (found.usd, found.unit, found.sure, found.date.isoformat()) == (
        Decimal("0.048"),
        "hour",
        "list",
        "2026-09-25",
    )
    assert "AWS price list, AmazonEC2, eu-west-1" in found.source


def test_a_price_that_is_not_there_is_none_and_not_nothing() -> None:
    assert TABLE.find("ec2.nat.hour", "ap-east-1") is None
    assert TABLE.find("ec2.nat.day", "eu-west-1") is None


def test_prices_are_exact() -> None:
    """A float would make 0.0000004 dollars a request something else."""
    for path in FOLDER.glob("*.json"):
        document = json.loads(path.read_text(encoding="utf-8"))
        amounts = [
            usd for price in document["prices"].values() for quote in price["quotes"] for usd in quote["usd"].values()
        ]
        assert amounts
        assert all(isinstance(usd, str) and re.fullmatch(r"\d+\.\d+", usd) for usd in amounts), path.name


def test_every_file_names_the_pages_of_aws_to_compare_it_with() -> None:
    for path in FOLDER.glob("*.json"):
        read = PriceFile.model_validate_json(path.read_text(encoding="utf-8"))
        assert all(page.startswith("https://aws.amazon.com/") for page in read.pages)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (written(sources={"a": "b", "c": "d"}), "c is unused, or missing"),
        (written(sources={}), "a is unused, or missing"),
        (written(pages=[]), "pages"),
        (written().replace('"0.048"', '"-0.048"'), "greater than or equal to 0"),
        (written().replace('"list"', '"guess"'), "'list', 'bill', 'page' or 'recalled'"),
        (
            written().replace("]}}}", f", {json.dumps(json.loads(written())['prices']['x']['quotes'][0])}]}}}}}}"),
            "NAT gateway: a region is quoted twice",
        ),
    ],
)
def test_a_file_that_cannot_be_relied_on_is_refused(text: str, said: str) -> None:
    PriceFile.model_validate_json(written())
    with pytest.raises(ValidationError, match=said):
        PriceFile.model_validate_json(text)


def test_no_price_is_in_two_files(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.json").write_text(written())
    with pytest.raises(ValueError, match=r"two\.json: x is in another file too"):
        prices.load(tmp_path)
