"""As `encryption`, for RES."""

from tests.policies.spec import Spec
from tests.policies.specs import (
    resilience_backups,
    resilience_buckets,
    resilience_clusters,
    resilience_databases,
    resilience_services,
)

SPECS: dict[str, Spec] = (
    resilience_buckets.SPECS
    | resilience_databases.SPECS
    | resilience_services.SPECS
    | resilience_clusters.SPECS
    | resilience_backups.SPECS
)
