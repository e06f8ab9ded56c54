"""The tags of the platform. The provider puts the default ones on everything; nothing repeats them.

Source: AWS tagging reference: keys up to 128, values up to 256 characters of letters, digits, spaces and `_.:/=+-@`.
"""

from enum import StrEnum

CLASSIFICATION_KEY = "data-classification"


class DataClass(StrEnum):
    """How sensitive the data in a resource is, from least to most. Each class in use has a key of its own."""

    PUBLIC = "public"
    INTERNAL = "internal"
    CONFIDENTIAL = "confidential"
    REGULATED = "regulated"


def default_tags(*, environment: str, owner: str, cost_centre: str) -> dict[str, str]:
    """Return what the provider's `default_tags` puts on every resource that has tags."""
    return {
        "environment": environment,
        "owner": owner,
        "cost-centre": cost_centre,
        CLASSIFICATION_KEY: DataClass.CONFIDENTIAL.value,
        "managed-by": "groundwork",
    }


def classification_tag(data_class: DataClass) -> dict[str, str]:
    """Return the one tag that a resource holding data of another class than the default overrides."""
    return {CLASSIFICATION_KEY: data_class.value}


def name_tag(environment: str, logical_name: str) -> dict[str, str]:
    """Return the `Name` of a resource that AWS gives none, by which a create that was interrupted is found again."""
    return {"Name": f"{environment}-{logical_name}"}
