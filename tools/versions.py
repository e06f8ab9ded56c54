"""Version numbers as tools print them."""

import re

Version = tuple[int, ...]


def parse_version(text: str) -> Version | None:
    """The first version in `text`, else None: (3, 255, 0) in `v3.255.0-dev.0`, (17, 9) in `PostgreSQL 17.9`."""
    found = re.search(r"(?<![\d.])\d+(?:\.\d+)+", text)
    return tuple(int(number) for number in found[0].split(".")) if found else None


def shown(version: Version) -> str:
    """`3.255.0`."""
    return ".".join(str(number) for number in version)
