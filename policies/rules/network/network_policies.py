"""NET-09 and NET-10: which pods may talk to whom.

Kubernetes adds network policies up: one that selects every pod closes what no other opens, and one that selects every
pod and opens something opens it for all.
"""

from collections import defaultdict
from collections.abc import Iterator

from pulumi_policy import Severity

from policies.config import Settings
from policies.index import Resource, Stack
from policies.ranges import are_world, contains, is_world
from policies.rule import Findings, LocatedFindings, ResourceRule, Rule, StackRule, Undecided, Violation, weigh
from policies.tokens import kubernetes, with_forms
from policies.values import Node
from policies.workloads import objects

# A Patch makes no namespace, and what it says of a policy is not all of it: it closes nothing.
NAMESPACE = kubernetes("core/v1:Namespace", "core/v1:NamespaceList")
DENIAL = kubernetes("networking.k8s.io/v1:NetworkPolicy", "networking.k8s.io/v1:NetworkPolicyList")
NETWORK_POLICY = with_forms(kubernetes("networking.k8s.io/v1:NetworkPolicy"))
DIRECTIONS = {"Ingress": ("ingress", "from"), "Egress": ("egress", "to")}
"""Type of a policy to where its rules are, and where each has its peers."""
METADATA_SERVICE = {4: "169.254.169.254", 6: "fd00:ec2::254"}
"""Where a machine hands its credentials to whoever asks."""


def _selects_every_pod(policy: Node) -> bool | None:
    """Whether a policy is about every pod of its namespace; None while that is unknown. What cannot be read does."""
    selector = policy["spec"]["podSelector"]
    if selector.unknown:
        return None
    parts = [selector[name] for name in ("matchLabels", "matchExpressions")]
    if any(part.is_set for part in parts):
        return False
    return None if any(part.unknown for part in parts) else True


# NET-09: what no policy allows is denied


def _denies(policy: Node, direction: str) -> bool | None:
    """Whether a policy denies every pod of its namespace one direction, whole; None: perhaps."""
    spec = policy["spec"]
    types, rules = spec["policyTypes"], spec[DIRECTIONS[direction][0]]
    # What cannot be read selects nothing here.
    selector = spec["podSelector"]
    readable = selector.unknown or selector.value is None or isinstance(selector.value, dict)
    selects = readable and _selects_every_pod(policy)
    named = [entry.value for entry in types.each()]
    # Without types a policy is about ingress, and about egress only where it has rules for it, which are no denial.
    is_about = direction in named or (types.value is None and direction == "Ingress")
    may_be_about = is_about or any(entry.unknown for entry in types.each())
    if selects is False or not may_be_about or not (rules.unknown or rules.value in (None, [])):
        return False
    return None if selects is None or not is_about or rules.unknown else True


class _Places:
    """The policies of a stack by the namespace that each is in."""

    def __init__(self, stack: Stack) -> None:
        self._by_name: dict[object, list[Node]] = defaultdict(list)
        self._by_namespace: dict[str, list[Node]] = defaultdict(list)
        self._anywhere: list[Node] = []
        for resource in stack.of(DENIAL):
            for item in objects(resource):
                place = item["metadata"]["namespace"]
                targets = stack.depended_on(resource, "metadata", NAMESPACE)
                if isinstance(place.value, str):
                    self._by_name[place.value].append(item)
                elif place.unknown and len(targets) == 1:
                    self._by_namespace[targets[0].urn].append(item)
                elif place.unknown:
                    self._anywhere.append(item)

    def of(self, namespace: Resource, name: Node) -> tuple[list[Node], list[Node]]:
        """Return the policies that are in a namespace of that name, and those that may be."""
        inside = self._by_namespace.get(namespace.urn, [])
        if name.unknown:
            return inside, [*self._anywhere, *(item for items in self._by_name.values() for item in items)]
        return [*inside, *self._by_name.get(str(name.value), ())], self._anywhere


def _name_of(namespace: Resource, item: Node) -> Node:
    """Return the name of a namespace: as asked for, else as Pulumi or Kubernetes has made it."""
    asked = item["metadata"]["name"]
    if asked.value is not None or namespace.type.endswith("List"):
        return asked
    made = Node(dict(namespace.outputs), "")["metadata"]["name"]
    return made if made.value is not None else asked


def _everything_is_denied_first(stack: Stack, settings: Settings) -> LocatedFindings:
    del settings
    places = _Places(stack)
    for namespace in stack.of(NAMESPACE):
        for item in objects(namespace):
            name = _name_of(namespace, item)
            yield from ((namespace, finding) for finding in _denial_findings(name, *places.of(namespace, name)))


def _denial_findings(name: Node, inside: list[Node], perhaps: list[Node]) -> Findings:
    """Yield a finding for each direction that no policy denies. `name`: of the namespace that they are in."""
    for direction in DIRECTIONS:
        answers = [_denies(policy, direction) for policy in inside]
        if True in answers:
            continue
        if name.inherited or None in answers or any(_denies(policy, direction) is not False for policy in perhaps):
            yield Undecided(name.path)
        else:
            what = f"nothing denies the pods of the namespace {direction.lower()} that no policy allows"
            missing = f"a NetworkPolicy for every pod with policyTypes {direction} and no rules"
            yield Violation(name.path, what, missing, companion=True)


# NET-10: what policies open


def _nothing_opens_the_world(resource: Resource, settings: Settings) -> Findings:
    del settings
    for item in objects(resource):
        every = _selects_every_pod(item)
        for rules, peers in DIRECTIONS.values():
            for rule in item["spec"][rules].each():
                yield from weigh(_rule_findings(rule, peers, every))


def _rule_findings(rule: Node, peers: str, every: bool | None) -> Iterator[Violation | Undecided]:
    """Judge one rule. `every`: its policy is about every pod; None: perhaps."""
    node = rule[peers]
    blocks = [peer["ipBlock"] for peer in node.each()]
    together = are_world([block["cidr"].value for block in blocks if isinstance(block["cidr"].value, str)])
    if not node.unknown and not node.each():
        # Without peers a rule is about everybody, and nothing can be excepted from that.
        if peers == "to":
            yield Violation(node.path, "every address may be called, and the metadata service", "the peers in use")
        else:
            yield from _for_every_pod(node.path, every)
    for peer, block in zip(node.each(), blocks, strict=True):
        yield from _peer_findings(peer, block, every, together=together)


def _peer_findings(peer: Node, block: Node, every: bool | None, *, together: bool) -> Iterator[Violation | Undecided]:
    if peer.unknown or block.unknown or block["cidr"].unknown:
        yield Undecided(peer.path if peer.unknown else block.path)
    elif not isinstance(peer.value, dict):
        yield Violation(peer.path, "the peer cannot be read", "a map with podSelector, namespaceSelector or ipBlock")
    elif all(value is None for value in peer.value.values()):
        yield from _for_every_pod(peer.path, every)
    elif block.value is not None:
        cidr = block["cidr"]
        if is_world(cidr.value) or together:
            yield from _for_every_pod(cidr.path, every)
        if is_world(cidr.value):
            yield from _metadata_is_excepted(block)


def _for_every_pod(path: str, every: bool | None) -> Iterator[Violation | Undecided]:
    if every is None:
        yield Undecided("spec.podSelector")
    elif every:
        yield Violation(path, "every pod of the namespace may talk to everybody", "the peers of the pods that need it")


def _metadata_is_excepted(block: Node) -> Iterator[Violation | Undecided]:
    version = 6 if ":" in str(block["cidr"].value) else 4
    address = METADATA_SERVICE[version]
    exceptions = block["except"]
    if any(contains(entry.value, address) for entry in exceptions.each()):
        return
    unknown = next((entry for entry in exceptions.each() if entry.unknown), None)
    if unknown:
        yield Undecided(unknown.path)
    else:
        yield Violation(
            exceptions.path, "the metadata service is in the range", f"{address}/{32 if version == 4 else 128}"
        )


RULES: tuple[Rule, ...] = (
    StackRule(
        id="NET-09",
        requirement="Every namespace denies its pods what no policy allows, in and out.",
        why="Without a denial, one taken-over pod reaches all others in the cluster.",
        fix='networking.v1.NetworkPolicy(metadata={"namespace": name}, spec={"pod_selector": {}, '
        '"policy_types": ["Ingress", "Egress"]})',
        types=NAMESPACE,
        joins=NETWORK_POLICY,
        severity=Severity.HIGH,
        controls=("AISF-RUNTIME-01", "EKS-4.3.2", "EKS-5.4.4"),
        check=_everything_is_denied_first,
    ),
    ResourceRule(
        id="NET-10",
        requirement="No network policy opens the world to every pod, or the metadata service to any.",
        why="One policy that opens everything undoes all others, and the metadata service gives out the node's rights.",
        fix='{"ip_block": {"cidr": "0.0.0.0/0", "except": ["169.254.169.254/32"]}} for the pods that need it',
        types=NETWORK_POLICY,
        severity=Severity.HIGH,
        controls=(),
        check=_nothing_opens_the_world,
    ),
)
