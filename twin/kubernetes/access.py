"""Access entries: as whom somebody comes into a cluster, and what EKS' access policies let them do there.

On EKS policies are no RBAC: an authorizer beside it decides by them, so `kubectl get clusterrolebindings` does not show
them, and RBAC's check of who hands on what right does not count them. Here that authorizer is the AWS API of the twin.

Source: EKS user guide, "Grant IAM users access to Kubernetes with EKS access entries", "Review access policy
permissions"; kubernetes.io, "Webhook Mode" (SubjectAccessReview).
"""

import fnmatch
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ministack.services.eks import _ACCESS_POLICY_RULES

POLICY_ARN = "arn:aws:eks::aws:cluster-access-policy/"
_READ = ["get", "list", "watch"]
RULES: Mapping[str, Sequence[Mapping[str, Sequence[str]]]] = {
    **_ACCESS_POLICY_RULES,
    "AmazonEKSSecretReaderPolicy": [{"apiGroups": [""], "resources": ["secrets"], "verbs": _READ}],
}
"""Rules of each access policy, in the shape of RBAC's. Those of the emulator are AWS' published ones."""
_SESSION = re.compile(r"arn:(?P<partition>[^:]+):sts::(?P<account>\d{12}):assumed-role/(?P<role>[^/]+)/(?P<session>.+)")


@dataclass(frozen=True)
class Session:
    """A role's session, as STS names it."""

    account: str
    role: str
    name: str

    @classmethod
    def of(cls, arn: str) -> "Session | None":
        """The session of this ARN; None for a user or the root user."""
        found = _SESSION.fullmatch(arn)
        return cls(found["account"], found["role"], found["session"]) if found else None


def default_username(principal_arn: str) -> str:
    """The user name that EKS gives an access entry that was given none.

    >>> default_username("arn:aws:iam::111122223333:role/vision/builder")
    'arn:aws:sts::111122223333:assumed-role/builder/{{SessionName}}'
    """
    found = re.fullmatch(r"arn:([^:]+):iam::(\d{12}):role/(?:.*/)?([^/]+)", principal_arn)
    if found is None:
        return principal_arn
    return f"arn:{found[1]}:sts::{found[2]}:assumed-role/{found[3]}/{{{{SessionName}}}}"


def username(template: str, account: str, session: Session | None, private_dns_name: str = "") -> str:
    """The user's name for a session: EKS replaces what stands in double braces."""
    values = {
        "SessionName": session.name.replace("@", "-") if session else "",
        "SessionNameRaw": session.name if session else "",
        "AccountID": account,
        "EC2PrivateDNSName": private_dns_name,
    }
    for name, value in values.items():
        template = template.replace(f"{{{{{name}}}}}", value)
    return template


def allows(associations: Sequence[Mapping[str, Any]], asked: Mapping[str, Any]) -> bool:
    """Whether one of these associated access policies allows what a SubjectAccessReview (its `spec`) asks."""
    return any(_allows(association, asked) for association in associations)


def _allows(association: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    rules = RULES.get(association["policyArn"].removeprefix(POLICY_ARN), [])
    scope, resource = association["accessScope"], asked.get("resourceAttributes")
    if scope["type"] == "namespace":
        namespace = (resource or {}).get("namespace", "")
        if not namespace or not any(fnmatch.fnmatchcase(namespace, one) for one in scope.get("namespaces", [])):
            return False
    if resource is not None:
        return any(_covers_resource(rule, resource) for rule in rules)
    return any(_covers_path(rule, asked["nonResourceAttributes"]) for rule in rules)


def _covers_resource(rule: Mapping[str, Sequence[str]], asked: Mapping[str, str]) -> bool:
    kind, subresource = asked.get("resource", ""), asked.get("subresource", "")
    name = f"{kind}/{subresource}" if subresource else kind
    return (
        _in(asked.get("verb", ""), rule.get("verbs", []))
        and _in(asked.get("group", ""), rule.get("apiGroups", []))
        and (_in(name, rule.get("resources", [])) or (subresource != "" and f"*/{subresource}" in rule["resources"]))
    )


def _covers_path(rule: Mapping[str, Sequence[str]], asked: Mapping[str, str]) -> bool:
    paths = rule.get("nonResourceURLs", [])
    return _in(asked.get("verb", ""), rule.get("verbs", [])) and any(
        path == asked.get("path") or (path.endswith("*") and asked.get("path", "").startswith(path[:-1]))
        for path in paths
    )


def _in(value: str, allowed: Sequence[str]) -> bool:
    return "*" in allowed or value in allowed
