"""Who gets into an EKS cluster: access entries, their policies, roles of service accounts, and from where its API is
reached."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Final

from groundwork.access.rights import Right, Rights, Unread
from groundwork.policy.sources import Saved
from policies.values import Node, plain

_KIND: Final = "cluster"
_EVERYWHERE: Final = "0.0.0.0/0"


@dataclass(frozen=True)
class Way:
    """One way in."""

    subject: str
    what: str
    range: str = ""
    """From where, for the API itself."""
    prohibits: bool = False
    is_limit: bool = False

    def covers(self, other: Right) -> bool:
        """Whether it lets in whomever the other does."""
        if not isinstance(other, Way) or self.subject != other.subject or self.what != other.what:
            return False
        if not self.range:
            return not other.range
        return ip_network(other.range, strict=False).subnet_of(ip_network(self.range, strict=False))  # type: ignore[arg-type]

    def grouped(self) -> tuple[str, ...]:
        """Return what it is told together with."""
        return _KIND, f"whoever is in {self.range}" if self.range else self.subject, self.what

    def said(self, together: list[Right]) -> Iterator[str]:
        """Yield the way itself."""
        del together  # they are all the same
        yield self.what


def collect(resources: Iterable[Saved], rights: Rights) -> None:
    """Add the ways into the clusters among resources."""
    for one in resources:
        for way in _ways(one, Node(plain(dict(one.inputs)), ""), rights):
            rights.subjects.add(way.subject)
            rights.add(way, one.urn)


def _ways(one: Saved, inputs: Node, rights: Rights) -> Iterator[Way]:
    if one.type == "aws:eks/accessEntry:AccessEntry":
        cluster, who = inputs["clusterName"], inputs["principalArn"]
        if _known(one, rights, cluster, who, *inputs["kubernetesGroups"].each()):
            yield Way(_principal(who), f"enter the cluster {cluster.value}")
            for group in inputs["kubernetesGroups"].each():
                yield Way(_principal(who), f"act as group {group.value} in the cluster {cluster.value}")
    elif one.type == "aws:eks/accessPolicyAssociation:AccessPolicyAssociation":
        cluster, who, policy, scope = (
            inputs[key] for key in ("clusterName", "principalArn", "policyArn", "accessScope")
        )
        if _known(one, rights, cluster, who, policy, scope["type"], *scope["namespaces"].each()):
            places = [f"namespace {entry.value} of" for entry in scope["namespaces"].each()] or [""]
            name = str(policy.value).rpartition("/")[2]
            yield from (
                Way(
                    _principal(who), f"do what {name} says in {f'{place} ' if place else ''}the cluster {cluster.value}"
                )
                for place in places
            )
    elif one.type == "aws:eks/podIdentityAssociation:PodIdentityAssociation":
        cluster, role = inputs["clusterName"], inputs["roleArn"]
        namespace, account = inputs["namespace"], inputs["serviceAccount"]
        if _known(one, rights, cluster, role, namespace, account):
            subject = f"service account {namespace.value}/{account.value}"
            yield Way(subject, f"act as {_principal(role)} from the cluster {cluster.value}")
    elif one.type == "aws:eks/cluster:Cluster":
        network = inputs["vpcConfig"]
        if network["endpointPublicAccess"].value is True and _known(one, rights, *network["publicAccessCidrs"].each()):
            ranges = [str(entry.value) for entry in network["publicAccessCidrs"].each()] or [_EVERYWHERE]
            yield from (
                Way("the internet", f"reach the API of the cluster {inputs['name'].value}", each) for each in ranges
            )


def _known(one: Saved, rights: Rights, *nodes: Node) -> bool:
    unknown = [node.path for node in nodes if node.unknown]
    if unknown:
        rights.unread.append(Unread(one.urn, f"its {', '.join(unknown)} is not known before the update"))
    return not unknown


def _principal(node: Node) -> str:
    text = str(node.value)
    parts = text.split(":", 5)
    return parts[5].replace("/", " ", 1) if len(parts) == 6 and parts[5] != "root" else text
