"""Who reaches what by security groups: from where, over which ports."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final

from groundwork.access.rights import Right, Rights, Unread
from groundwork.events import name_of
from groundwork.policy.sources import Saved
from policies.values import Node, plain

_GROUPS: Final = frozenset({"aws:ec2/securityGroup:SecurityGroup", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"})
_SINGLE: Final = {
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": "ingress",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": "egress",
}
_RULE: Final = "aws:ec2/securityGroupRule:SecurityGroupRule"
_PEERS: Final = (
    "cidrIpv4", "cidrIpv6", "referencedSecurityGroupId", "prefixListId", "cidrBlocks", "ipv6CidrBlocks",
    "prefixListIds", "securityGroups", "sourceSecurityGroupId",
)  # fmt: skip
_ALL: Final = ("-1", "all")
_LAST_PORT: Final = 65535


@dataclass(frozen=True)
class Opening:
    """Ports that a peer reaches, or that are reached at it."""

    subject: str
    ingress: bool
    protocol: str
    first: int
    last: int
    peer: str
    peer_name: str
    prohibits: bool = False
    is_limit: bool = False

    def covers(self, other: Right) -> bool:
        """Whether it lets through whatever the other does."""
        return (
            isinstance(other, Opening)
            and self.ingress == other.ingress
            and (self.protocol == "-1" or self.protocol == other.protocol)
            and (self.protocol == "-1" or (self.first <= other.first and other.last <= self.last))
            and _within(other.peer, self.peer)
        )

    def grouped(self) -> tuple[str, ...]:
        """Return what it is told together with."""
        return ("network", self.peer_name if self.ingress else self.subject, str(self.ingress), self.subject, self.peer)

    def said(self, together: list[Right]) -> Iterator[str]:
        """Yield all ports in one text."""
        ports = ", ".join(one.ports for one in together if isinstance(one, Opening))
        yield f"reach {self.subject if self.ingress else self.peer_name} over {ports}"

    @property
    def ports(self) -> str:
        """Protocol and ports in words."""
        if self.protocol == "-1":
            return "every port and protocol"
        if (self.first, self.last) == (0, _LAST_PORT):
            return f"every {self.protocol} port"
        return (
            f"{self.protocol} {self.first}" if self.first == self.last else f"{self.protocol} {self.first}-{self.last}"
        )


def collect(resources: Iterable[Saved], rights: Rights) -> None:
    """Add what the security groups among resources let through."""
    resources = tuple(resources)
    names = {one.id: f"security group {name_of(one.urn)}" for one in resources if one.type in _GROUPS and one.id}
    for one in resources:
        inputs = Node(plain(dict(one.inputs)), "")
        if one.type in _GROUPS:
            subject = f"security group {name_of(one.urn)}"
            rights.subjects.add(subject)
            for direction in ("ingress", "egress"):
                for rule in inputs[direction].each():
                    _add(one, rule, direction, subject, names, rights)
        elif one.type in _SINGLE:
            _add(one, inputs, _SINGLE[one.type], _group(inputs["securityGroupId"], one, names), names, rights)
        elif one.type == _RULE:
            _add(one, inputs, str(inputs["type"].value), _group(inputs["securityGroupId"], one, names), names, rights)


def _add(one: Saved, rule: Node, direction: str, subject: str, names: Mapping[str, str], rights: Rights) -> None:
    protocol = rule["ipProtocol"] if rule["ipProtocol"].value is not None else rule["protocol"]
    peers = [entry for key in _PEERS for entry in rule[key].each()]
    unknown = [node.path for node in (protocol, rule["fromPort"], rule["toPort"], *peers) if node.unknown]
    if unknown or rule.unknown:
        rights.unread.append(Unread(one.urn, f"its {', '.join(unknown) or rule.path} is not known before the update"))
    name = "-1" if str(protocol.value) in _ALL else str(protocol.value)
    found = [str(peer.value) for peer in peers if isinstance(peer.value, str)]
    if rule["self"].value is True:
        found.append(subject)
    for peer in found:
        rights.add(
            Opening(
                subject,
                direction == "ingress",
                name,
                _port(rule["fromPort"], 0),
                _port(rule["toPort"], _LAST_PORT),
                peer,
                names.get(peer) or _named(peer),
            ),
            one.urn,
        )


def _group(node: Node, one: Saved, names: Mapping[str, str]) -> str:
    if isinstance(node.value, str):
        return names.get(node.value, f"security group {node.value}")
    return f"the security group of {name_of(one.urn)}"


def _port(node: Node, default: int) -> int:
    return node.value if isinstance(node.value, int) and node.value >= 0 else default


def _named(peer: str) -> str:
    if peer in ("0.0.0.0/0", "::/0"):
        return f"everyone on the internet ({peer})"
    return f"whoever is in {peer}" if _network(peer) else peer


def _within(inner: str, outer: str) -> bool:
    if inner == outer:
        return True
    one, other = _network(inner), _network(outer)
    if isinstance(one, IPv4Network) and isinstance(other, IPv4Network):
        return one.subnet_of(other)
    if isinstance(one, IPv6Network) and isinstance(other, IPv6Network):
        return one.subnet_of(other)
    return False


def _network(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None
