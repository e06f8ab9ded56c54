"""Settings of the SUP rules."""

from dataclasses import dataclass

from policies.config.reading import setting, texts


@dataclass(frozen=True)
class SupplyChainSettings:
    """What the SUP rules take from the config."""

    registries: tuple[str, ...] = setting((), texts("registries such as 111122223333.dkr.ecr.eu-west-1.amazonaws.com"))
    """SUP-02: where images may come from: a host, or a host and the beginning of a path."""
    chart_repositories: tuple[str, ...] = setting((), texts("URLs that begin with https:// or oci://"))
    """SUP-05: where charts may come from."""
