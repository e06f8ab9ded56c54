"""ACC-21 and ACC-22: who administers a cluster, and who gets at the credentials of a machine."""

from collections.abc import Mapping
from typing import Any

from pulumi_policy import Severity

from policies.config import Settings
from policies.documents import covers
from policies.index import Resource, Stack
from policies.repair import put
from policies.rule import (
    Findings,
    LocatedFindings,
    ResourceRule,
    Rule,
    StackRule,
    Undecided,
    Violation,
    require,
    weigh,
)
from policies.tokens import aws

CLUSTER = aws("eks/cluster:Cluster")
ENTRY = aws("eks/accessEntry:AccessEntry")
ASSOCIATION = aws("eks/accessPolicyAssociation:AccessPolicyAssociation")
ROLE = aws("iam/role:Role")
INSTANCE, TEMPLATE = aws("ec2/instance:Instance"), aws("ec2/launchTemplate:LaunchTemplate")
CONFIGURATION = aws("ec2/launchConfiguration:LaunchConfiguration")
ADMIN_POLICY = "AmazonEKSClusterAdminPolicy"


# ACC-21: access entries alone decide, and few administer


def _entries_decide(cluster: Resource) -> Findings:
    for access in cluster["accessConfig"].each() or (cluster["accessConfig"],):
        mode = access["authenticationMode"]
        what = "who gets in is also decided by a ConfigMap inside the cluster"
        yield from require(mode, lambda value: value == "API", what, "API")
        creator = access["bootstrapClusterCreatorAdminPermissions"]
        what = "whoever creates the cluster administers it for good, without an entry that shows it"
        yield from require(creator, lambda value: value is False, what, "false")


def _is_own_group(value: object) -> bool:
    return isinstance(value, str) and not value.startswith("system:")


def _groups(entry: Resource) -> Findings:
    for group in entry["kubernetesGroups"].each():
        what = "the entry is in a group of Kubernetes' own, which may have every right"
        yield from require(group, _is_own_group, what, "a group of your own, with rights by RBAC")


def _administers(association: Resource) -> Findings:
    """Yield a finding unless the association gives something else than the whole cluster."""
    policy, scope = association["policyArn"], association["accessScope"]["type"]
    if isinstance(policy.value, str) and not policy.value.endswith(f"/{ADMIN_POLICY}"):
        return
    if scope.value == "namespace":
        return
    for node in (policy, scope):
        if node.unknown:
            yield Undecided(node.path)
            return
    what = "somebody who is not listed administers the whole cluster"
    yield Violation("principalArn", what, "a principal of the setting clusterAdmins, or another access policy")


def _role_of(stack: Stack, resource: Resource) -> Resource | None:
    """Return the role of the stack whose ARN a principal will be, taken from it or from its access entry."""
    found = stack.reference(resource, resource["principalArn"], ROLE | ENTRY)
    if not found.certain or len(found.targets) != 1:
        return None
    (target,) = found.targets
    return _role_of(stack, target) if target.type in ENTRY and target is not resource else target


def _is_listed(stack: Stack, association: Resource, settings: Settings) -> bool | None:
    """Whether the principal may administer a cluster; None if it is not known who it is."""
    node = association["principalArn"]
    patterns = settings.cluster_admins
    if not node.unknown:
        return isinstance(node.value, str) and any(covers(pattern, node.value) for pattern in patterns)
    role = _role_of(stack, association)
    if role is None or (name := role.known("name")) is None or role["path"].unknown:
        return None
    # A role of this stack is in this stack's account, whichever the pattern names.
    principal = f"role{role.known('path') or '/'}{name}"
    return any(covers(pattern.split(":", 5)[-1], principal) for pattern in patterns)


def _few_administer(stack: Stack, settings: Settings) -> LocatedFindings:
    for cluster in stack.of(CLUSTER):
        yield from ((cluster, finding) for finding in weigh(_entries_decide(cluster)))
    for entry in stack.of(ENTRY):
        yield from ((entry, finding) for finding in weigh(_groups(entry)))
    for association in stack.of(ASSOCIATION):
        found = weigh(_administers(association))
        listed = _is_listed(stack, association, settings) if found else True
        if listed is None:
            yield association, Undecided("principalArn")
        elif not listed:
            yield from ((association, finding) for finding in found)


# ACC-22: the metadata service of machines


def _metadata_needs_a_session(resource: Resource, settings: Settings) -> Findings:
    del settings
    options = resource["metadataOptions"]
    template = resource["launchTemplate"]
    if resource.type in INSTANCE and options.value is None and (template.is_set or template.unknown):
        return  # they are the template's, which is judged where it is declared
    for entry in options.each() or (options,):
        what = "whoever can make a machine send a request gets its credentials"
        yield from require(entry["httpTokens"], lambda value: value == "required", what, "required")
        what = "containers get the credentials of the machine"
        hops = entry["httpPutResponseHopLimit"]
        yield from require(hops, lambda v: v is None or (v == 1 and not isinstance(v, bool)), what, "1, or absent")


def _require_sessions(props: Any) -> bool:
    options = props.get("metadataOptions")
    if options is None:
        if props.get("launchTemplate") is not None:
            return False
        props["metadataOptions"] = {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1}
        return True
    if not isinstance(options, Mapping):
        return False
    tokens = put(options, "httpTokens", "required", unless=lambda value: value == "required")
    hops = put(options, "httpPutResponseHopLimit", 1, unless=lambda value: value is None or value == 1)
    return tokens or hops


RULES: tuple[Rule, ...] = (
    StackRule(
        id="ACC-21",
        requirement="Access entries alone decide who gets into a cluster, and only listed principals administer it.",
        why="Who created a cluster, or edits a map inside it, is administrator without anybody having decided so.",
        fix='eks.Cluster(access_config={"authentication_mode": "API", "bootstrap_cluster_creator_admin_permissions": '
        "False}), and the setting clusterAdmins",
        types=CLUSTER | ENTRY | ASSOCIATION,
        joins=ROLE,
        severity=Severity.HIGH,
        controls=("EKS-4.1.7", "EKS-5.5.1"),
        check=_few_administer,
    ),
    ResourceRule(
        id="ACC-22",
        requirement="The metadata service of a machine asks for a session token, and answers the machine alone.",
        why="A program that can be made to fetch a URL otherwise hands out the machine's credentials.",
        fix='metadata_options={"http_tokens": "required", "http_put_response_hop_limit": 1}',
        types=INSTANCE | TEMPLATE | CONFIGURATION,
        severity=Severity.HIGH,
        controls=("F:EC2.8", "C7:6.7", "800-53 AC-3/AC-6"),
        check=_metadata_needs_a_session,
        remediate=_require_sessions,
        repairs=INSTANCE | TEMPLATE,
    ),
)
