"""Values as people read them, by Grafana's ids of units.

Source: Grafana, packages/grafana-data, "valueFormats" (the ids).
"""

from collections.abc import Callable, Mapping
from typing import Final

SCALES: Final = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
BINARY: Final = ((2.0**40, "Ti"), (2.0**30, "Gi"), (2.0**20, "Mi"), (2.0**10, "Ki"))
PERIODS: Final = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))


def told(value: float, unit: str) -> str:
    """Return a value with its unit. Raises KeyError for a unit that no dashboard has."""
    return FORMATS[unit](value)


def _short(value: float) -> str:
    for size, letter in SCALES:
        if abs(value) >= size:
            return f"{value / size:.3g} {letter}"
    return f"{value:.3g}" if value != int(value) else f"{value:.0f}"


def _bytes(value: float) -> str:
    for size, letter in BINARY:
        if abs(value) >= size:
            return f"{value / size:.3g} {letter}B"
    return f"{value:.0f} B"


def _seconds(value: float) -> str:
    for size, letter in PERIODS:
        if abs(value) >= size:
            return f"{value / size:.3g} {letter}"
    return "0 s" if value == 0 else f"{value * 1000:.3g} ms"


def _with(word: str) -> Callable[[float], str]:
    return lambda value: f"{_short(value)} {word}"


FORMATS: Final[Mapping[str, Callable[[float], str]]] = {
    "short": _short,
    "percent": lambda value: f"{value:.3g} %",
    "percentunit": lambda value: f"{100 * value:.3g} %",
    "bytes": _bytes,
    "s": _seconds,
    "h": _with("h"),
    "reqps": _with("a second"),
    "cores": _with("cores"),
    "celsius": _with("°C"),
    "watt": _with("W"),
}
