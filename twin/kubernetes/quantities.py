"""Kubernetes' quantities: `500m`, `2Gi`, `1e3`.

Source: k8s.io/apimachinery/pkg/api/resource, `Quantity`.
"""

import re
from fractions import Fraction

_SUFFIXES = {
    "": Fraction(1),
    "n": Fraction(1, 10**9),
    "u": Fraction(1, 10**6),
    "m": Fraction(1, 1000),
    "k": Fraction(1000),
}
_SUFFIXES |= {letter: Fraction(1000 ** (power + 2)) for power, letter in enumerate("MGTPE")}
_SUFFIXES |= {f"{letter}i": Fraction(1024 ** (power + 1)) for power, letter in enumerate("KMGTPE")}
_WRITTEN = re.compile(r"([+-]?[0-9.]+)(?:[eE]([+-]?[0-9]+)|([numkMGTPE]|[KMGTPE]i)?)")


def quantity(written: str | int | float) -> Fraction:
    """The exact number. Raises ValueError for what is none.

    >>> quantity("500m"), quantity("1Ki"), quantity("2e3"), quantity(3)
    (Fraction(1, 2), Fraction(1024, 1), Fraction(2000, 1), Fraction(3, 1))
    """
    found = _WRITTEN.fullmatch(str(written))
    if not found:
        raise ValueError(f"{written!r} is no quantity")
    number, exponent, suffix = found.groups()
    return Fraction(number) * (Fraction(10) ** int(exponent) if exponent else _SUFFIXES[suffix or ""])
