"""How many connections a database of a class can have: what its own parameter comes to.

RDS sets `max_connections` of PostgreSQL to the class's memory in bytes divided by 9,531,392, 5,000 at most. That memory
is less than the machine's: what its own processes take is about a fifth of the smallest.

Units:  memory in GiB.
Source: Amazon RDS user guide, "Quotas and constraints for Amazon RDS" (maximum number of database connections),
        "Hardware specifications for DB instance classes".
"""

import re
from collections.abc import Mapping
from typing import Final

BYTES_OF_A_CONNECTION: Final = 9_531_392
MOST: Final = 5000
SHARE: Final = 0.8
"""Of the machine's memory that counts."""
SMALL: Final[Mapping[str, float]] = {"micro": 1, "small": 2, "medium": 4}
LARGE: Final[Mapping[str, float]] = {"t": 8, "m": 8, "r": 16, "x": 32}
"""Memory of `large` by the first letter of the family; each size above has twice as much."""


def connections_of(instance_class: str) -> int | None:
    """Return how many connections a database of a class such as `db.m7g.large` can have; None where it is not known."""
    found = re.fullmatch(r"db\.([a-z])[0-9]+[a-z]*\.(?:([a-z]+)|([0-9]*)xlarge)", instance_class)
    if not found:
        return None
    family, size, times = found[1], found[2] or "xlarge", int(found[3] or 1)
    if size in SMALL:
        memory = SMALL[size]
    elif family in LARGE and size in ("large", "xlarge"):
        memory = LARGE[family] * (1 if size == "large" else 2 * times)
    else:
        return None
    return min(MOST, int(memory * SHARE * 2**30 / BYTES_OF_A_CONNECTION))
