"""The price table: data with where each price comes from and how sure it is. A price that is not in it is not known.

Units:  US dollars, before tax, without free allowances and without discounts; the first tier where there are several.
Source: `prices/*.json`; docs/cost.md says how they were found and how to bring them up to date.
Errors: pydantic.ValidationError for a file that cannot be used.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from components.model import Model

FOLDER: Final = Path(__file__).parent / "prices"

Sureness: TypeAlias = Literal["list", "bill", "page", "recalled"]
"""How a price was found, surest first: in a copy of AWS' own price list; worked out of a published bill; quoted by a
public document; known of AWS' pricing page, without having been looked up."""
Usd: TypeAlias = Annotated[Decimal, Field(ge=0)]


class Quote(Model):
    """What was found at one place."""

    usd: Mapping[str, Usd] = Field(min_length=1)
    """By region, dollars for one unit."""
    sure: Sureness
    """How it was found."""
    date: date
    """The day of the source; where that bears none, the day it was read."""
    source: str
    """Key of the file's sources."""


class Price(Model):
    """One thing that AWS charges for."""

    what: str
    """In words."""
    unit: str
    """What one price is for: hour, GB-month, request."""
    quotes: tuple[Quote, ...] = Field(min_length=1)
    """A region is in one of them."""

    @model_validator(mode="after")
    def _a_region_is_quoted_once(self) -> Self:
        regions = [region for quote in self.quotes for region in quote.usd]
        if len(set(regions)) < len(regions):
            raise ValueError(f"{self.what}: a region is quoted twice")
        return self


class PriceFile(Model):
    """One file of the table."""

    pages: tuple[str, ...] = Field(min_length=1)
    """AWS' own pages, where the prices of this file are to be compared."""
    sources: Mapping[str, str]
    """Where they were found."""
    prices: Mapping[str, Price]
    """By id, such as ec2.nat.hour."""

    @model_validator(mode="after")
    def _sources_are_named(self) -> Self:
        used = {quote.source for price in self.prices.values() for quote in price.quotes}
        if used != set(self.sources):
            raise ValueError(f"sources: {', '.join(sorted(used ^ set(self.sources)))} is unused, or missing")
        return self


@dataclass(frozen=True)
class Found:
    """A price in one region."""

    id: str
    what: str
    unit: str
    usd: Decimal
    sure: Sureness
    date: date
    source: str
    """In words."""


@dataclass(frozen=True)
class PriceTable:
    """Every price that is known."""

    prices: Mapping[str, Price]
    sources: Mapping[str, str]

    def find(self, id_: str, region: str) -> Found | None:
        """Return a price in a region; None where it is not known."""
        price = self.prices.get(id_)
        for quote in price.quotes if price else ():
            if price and region in quote.usd:
                source = self.sources[quote.source]
                return Found(id_, price.what, price.unit, quote.usd[region], quote.sure, quote.date, source)
        return None


@cache
def load(folder: Path = FOLDER) -> PriceTable:
    """Read the table."""
    prices: dict[str, Price] = {}
    sources: dict[str, str] = {}
    for path in sorted(folder.glob("*.json")):
        read = PriceFile.model_validate_json(path.read_text(encoding="utf-8"))
        if twice := prices.keys() & read.prices.keys():
            raise ValueError(f"{path.name}: {', '.join(sorted(twice))} is in another file too")
        prices |= read.prices
        sources |= read.sources
    return PriceTable(prices, sources)
