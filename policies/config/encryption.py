"""Settings of the ENC rules."""

from dataclasses import dataclass
from typing import Final

from policies.config.reading import setting, text, texts, truth, whole_number

LISTENER_TLS_POLICIES: Final[tuple[str, ...]] = tuple(
    f"ELBSecurityPolicy-{name}"
    for name in (
        "TLS13-1-2-2021-06",
        "TLS13-1-2-Ext0-FIPS-2023-04",
        "TLS13-1-2-Ext0-FIPS-PQ-2025-09",
        "TLS13-1-2-Ext1-2021-06",
        "TLS13-1-2-Ext1-FIPS-2023-04",
        "TLS13-1-2-Ext1-FIPS-PQ-2025-09",
        "TLS13-1-2-Ext1-PQ-2025-09",
        "TLS13-1-2-Ext2-2021-06",
        "TLS13-1-2-Ext2-FIPS-2023-04",
        "TLS13-1-2-Ext2-FIPS-PQ-2025-09",
        "TLS13-1-2-Ext2-PQ-2025-09",
        "TLS13-1-2-FIPS-2023-04",
        "TLS13-1-2-FIPS-PQ-2025-09",
        "TLS13-1-2-PQ-2025-09",
        "TLS13-1-2-Res-2021-06",
        "TLS13-1-2-Res-FIPS-2023-04",
        "TLS13-1-2-Res-FIPS-PQ-2025-09",
        "TLS13-1-2-Res-PQ-2025-09",
        "TLS13-1-3-2021-06",
        "TLS13-1-3-FIPS-2023-04",
        "TLS13-1-3-FIPS-PQ-2025-09",
        "TLS13-1-3-PQ-2025-09",
        "TLS-1-2-2017-01",
        "TLS-1-2-Ext-2018-06",
        "FS-1-2-2019-08",
        "FS-1-2-Res-2019-08",
        "FS-1-2-Res-2020-10",
    )
)
"""Policies of load balancers that take no version of TLS before 1.2. Source: Elastic Load Balancing, "Security policies
for your Application Load Balancer" and the same page for Network Load Balancers."""

DOMAIN_TLS_POLICIES: Final[tuple[str, ...]] = (
    "Policy-Min-TLS-1-2-2019-07",
    "Policy-Min-TLS-1-2-PFS-2023-10",
    "Policy-Min-TLS-1-2-RFC9151-FIPS-2024-08",
)
"""The same for search domains. Source: OpenSearch Service API, DomainEndpointOptions."""


@dataclass(frozen=True)
class EncryptionSettings:
    """What the ENC rules take from the config."""

    key_deletion_window_days: int = setting(14, whole_number(7, 30, "days"))  # 7 to 30 is what KMS takes
    """ENC-08: the least waiting period before a key is deleted."""
    domain_tls_policies: tuple[str, ...] = setting(
        DOMAIN_TLS_POLICIES, texts("policies of search domains such as Policy-Min-TLS-1-2-2019-07")
    )
    """ENC-19: policies that a search domain may have; the first one is the repair."""
    listener_tls_policies: tuple[str, ...] = setting(
        LISTENER_TLS_POLICIES, texts("policies of load balancers such as ELBSecurityPolicy-TLS13-1-2-2021-06")
    )
    """ENC-23: policies that a listener may have."""
    repair_key: str = setting("", text("the ARN or the alias of a customer managed key"))
    """ENC-14, ENC-15: the key that a repair names; without one there is no repair that needs a key."""
    storage_class_names_key: bool = setting(True, truth("a storage class names its key"))
    """ENC-25: whether volumes that Kubernetes makes need a key of yours."""
