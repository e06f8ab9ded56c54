"""Names of the servers' folders: identifiers of DB instances and snapshots are unique in an account and region only."""

import re
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class InstanceName:
    """A DB instance or a snapshot; as text it is the name of its server's folder."""

    account: str
    region: str
    identifier: str
    _PATTERN: ClassVar = re.compile(r"(\d{12})-([a-z]{2}(?:-[a-z]+)+-\d+)-(.+)")

    def __str__(self) -> str:
        return f"{self.account}-{self.region}-{self.identifier}"

    @classmethod
    def of(cls, folder: str) -> "InstanceName":
        """Errors: ValueError for a folder that is none of an instance."""
        found = cls._PATTERN.fullmatch(folder)
        if found is None:
            raise ValueError(f"{folder!r} is no folder of a DB instance")
        return cls(*found.groups())
