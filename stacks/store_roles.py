"""How sensitive each store's content is. A fact about what is kept there, so not a setting."""

from collections.abc import Mapping

from components.tags import DataClass

STORE_CLASSES: Mapping[str, DataClass] = {
    "datasets": DataClass.CONFIDENTIAL,
    "artifacts": DataClass.CONFIDENTIAL,
    "dvc": DataClass.CONFIDENTIAL,
    "access_logs": DataClass.INTERNAL,
    "audit": DataClass.REGULATED,
}
ACCESS_LOG_CLASS = STORE_CLASSES["access_logs"]
DATA_STORES = ("datasets", "artifacts", "dvc")
