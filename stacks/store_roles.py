"""Which key each store's content has, and so how sensitive it is. A fact about what is kept there, so not a setting."""

from collections.abc import Mapping

from components.tags import DataClass, KeyName, KeyPurpose

STORE_KEYS: Mapping[str, KeyName] = {
    "datasets": DataClass.CONFIDENTIAL,
    "artifacts": DataClass.CONFIDENTIAL,
    "dvc": KeyPurpose.DATA_VERSIONING,
    "access_logs": DataClass.INTERNAL,
    "audit": DataClass.REGULATED,
}
ACCESS_LOG_KEY = STORE_KEYS["access_logs"]
DATA_STORES = ("datasets", "artifacts", "dvc")
