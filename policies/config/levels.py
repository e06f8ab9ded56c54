"""Levels of this pack where they differ from the catalogue's."""

from collections.abc import Mapping
from typing import Final

from pulumi_policy import EnforcementLevel

LEVELS: Final[Mapping[str, EnforcementLevel]] = dict.fromkeys(
    ("ENC-02", "ENC-08", "ACC-08", "NET-02", "NET-03"), EnforcementLevel.MANDATORY
)
"""Levels of this pack where they differ from the catalogue's, which follow from the severity."""
