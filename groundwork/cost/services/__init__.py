"""What each resource type is charged for: one module an area, and the types that are free."""

from typing import Final

from groundwork.cost.charges import ByType
from groundwork.cost.services import compute, database, kubernetes, network, operations, search, security, storage

CHARGES: Final[ByType] = {
    **network.CHARGES,
    **compute.CHARGES,
    **database.CHARGES,
    **search.CHARGES,
    **storage.CHARGES,
    **security.CHARGES,
    **operations.CHARGES,
    **kubernetes.CHARGES,
}
