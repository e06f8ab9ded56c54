"""The table of every rule: its good resources, what breaks each, and which mutants may survive."""

from tests.policies.spec import Spec
from tests.policies.specs import (
    access_buckets,
    access_grants,
    access_policies,
    access_services,
    access_trusts,
    audit,
    cluster_access,
    cost,
    credentials,
    encryption,
    encryption_services,
    encryption_stores,
    encryption_traffic,
    governance,
    network,
    network_pods,
    network_subnets,
    pods,
    resilience,
    supply_chain,
)

SPECS: dict[str, Spec] = (
    encryption.SPECS
    | encryption_services.SPECS
    | encryption_stores.SPECS
    | encryption_traffic.SPECS
    | access_grants.SPECS
    | access_trusts.SPECS
    | access_buckets.SPECS
    | access_policies.SPECS
    | access_services.SPECS
    | credentials.SPECS
    | cluster_access.SPECS
    | pods.SPECS
    | network.SPECS
    | network_pods.SPECS
    | network_subnets.SPECS
    | audit.SPECS
    | resilience.SPECS
    | supply_chain.SPECS
    | governance.SPECS
    | cost.SPECS
)
