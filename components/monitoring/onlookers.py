"""Who may look at Prometheus, Alertmanager and Grafana: groups that may forward a port of a pod in `monitoring`.

None of the three asks who somebody is, and in the namespace only its own pods reach them: whoever may forward a port
may see all there is, and silence an alert. Owns that right and nothing else of these groups.

Source: Kubernetes documentation, "Use Port Forwarding to Access Applications in a Cluster", "Using RBAC Authorization".
"""

from collections.abc import Sequence

import pulumi

from components.cluster.group_rights import GroupRights, Rule, give
from components.model import Model
from components.scraping import MONITORING_NAMESPACE

COMPONENT = "monitoring"


class Onlooker(Model):
    """A group and its right to look."""

    group: str
    """The Kubernetes group."""
    rules: tuple[Rule, ...]
    """What it may do in the namespace."""


class OnlookersArgs(Model):
    """Who they are."""

    onlookers: dict[str, Onlooker]
    """By what is part of the name of each one's role."""
    after: tuple[pulumi.Resource, ...] = ()
    """What must be there before: the namespace with its guard rails."""


class Onlookers(pulumi.ComponentResource):
    """The roles `groundwork-<name>-looks` in the namespace `monitoring`."""

    roles: Sequence[str]

    def __init__(self, name: str, args: OnlookersArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:monitoring:Onlookers", name, None, opts)
        self.roles = [f"groundwork-{who}-looks" for who in args.onlookers]
        for role, (who, one) in zip(self.roles, args.onlookers.items(), strict=True):
            rights = GroupRights(group=one.group, role=role, rules=one.rules, component=COMPONENT)
            give(f"{name}-{who}", rights, parent=self, namespace=MONITORING_NAMESPACE, after=args.after)
        self.register_outputs({"roles": self.roles})
