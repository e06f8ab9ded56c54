"""The tags of the platform. The provider puts the default ones on everything; nothing repeats them.

Source: AWS tagging reference: keys up to 128, values up to 256 characters of letters, digits, spaces and `_.:/=+-@`.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from components.model import Model

CLASSIFICATION_KEY = "data-classification"
BACKUP_KEY = "backup-plan"

TagValue: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9 _.:/=+@-]+$", max_length=256)]


class DataClass(StrEnum):
    """How sensitive the data in a resource is, from least to most. Each class in use has a key of its own."""

    PUBLIC = "public"
    INTERNAL = "internal"
    CONFIDENTIAL = "confidential"
    REGULATED = "regulated"


LogClass: TypeAlias = Literal["internal", "confidential", "regulated"]
"""The data classes that pods can be of: what they say is kept by them. What is public is logged as what is internal."""


class KeyPurpose(StrEnum):
    """Data that has a key apart from its class's: the right to the one is none to the other."""

    DATA_VERSIONING = "data-versioning"


KeyName: TypeAlias = DataClass | KeyPurpose
"""What a key is called after: a data class, or the one purpose that it is for."""
KEY_NAMES: tuple[KeyName, ...] = (*DataClass, *KeyPurpose)
"""Every name that a key can have, in the order in which keys are made."""

_PURPOSE_CLASSES = {KeyPurpose.DATA_VERSIONING: DataClass.CONFIDENTIAL}


def class_of(key_name: KeyName) -> DataClass:
    """Return how sensitive the data is that a key encrypts."""
    return key_name if isinstance(key_name, DataClass) else _PURPOSE_CLASSES[key_name]


def default_tags(*, environment: str, owner: str, cost_centre: str, system_id: str) -> dict[str, str]:
    """Return what the provider's `default_tags` puts on every resource that has tags."""
    return {
        "environment": environment,
        "owner": owner,
        "cost-center": cost_centre,
        "system-id": system_id,
        CLASSIFICATION_KEY: DataClass.CONFIDENTIAL.value,
        "managed-by": "groundwork",
    }


def classification_tag(data_class: DataClass) -> dict[str, str]:
    """Return the one tag that a resource holding data of another class than the default overrides."""
    return {CLASSIFICATION_KEY: data_class.value}


class Lineage(Model):
    """Where it is written of which version, source and run an object in a store is.

    A store holds many versions, so each of these names the system that knows them; the id itself where there is one.
    """

    dataset_version: TagValue = Field(default="dvc", examples=["dvc"])
    """What knows the versions of data sets; the tag dataset-version."""
    source: TagValue = Field(default="git", examples=["git"])
    """What knows where the content comes from; the tag source."""
    pipeline_run: TagValue = Field(default="mlflow", examples=["mlflow"])
    """What knows the run that made an object; the tag pipeline-run."""

    def tags(self) -> dict[str, str]:
        """Return the tags of the bucket."""
        return {
            "dataset-version": self.dataset_version,
            "source": self.source,
            "pipeline-run": self.pipeline_run,
        }


def backup_tag(plan_name: str | None) -> dict[str, str]:
    """Return the tag by which a backup plan selects a store; none for a store that is in no plan."""
    return {BACKUP_KEY: plan_name} if plan_name else {}


def name_tag(environment: str, logical_name: str) -> dict[str, str]:
    """Return the `Name` of a resource that AWS gives none, by which a create that was interrupted is found again."""
    return {"Name": f"{environment}-{logical_name}"}


KeyAccess: TypeAlias = Literal["read", "write"]
"""What a role may do with a key, through S3: decrypt, or decrypt and encrypt."""


def key_access_key(key_name: KeyName) -> str:
    """Return the key of the tag by which a key's policy knows the roles that may use it."""
    return f"key-access-{key_name.value}"


def key_access_tags(grants: Iterable[tuple[KeyName, KeyAccess]]) -> dict[str, str]:
    """Return a role's key-access tags: for each key the most that any of its grants needs."""
    tags: dict[str, str] = {}
    for key_name, access in grants:
        key = key_access_key(key_name)
        tags[key] = "write" if "write" in (access, tags.get(key)) else "read"
    return tags
