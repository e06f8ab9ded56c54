"""ACC-01 to ACC-04: what identity policies grant.

A document is judged by what its statements say together: a Deny that covers a grant takes it back. A boundary is
another document, and a condition says when, not what: neither excuses.
"""

from collections.abc import Iterator

from pulumi_policy import Severity

from policies import documents
from policies.config import Settings
from policies.documents import Statement
from policies.iam.evaluator import resources_of
from policies.iam.exposure import Document, singles
from policies.iam.texts import Texts
from policies.index import Resource
from policies.rule import Findings, ResourceRule, Rule, Violation
from policies.tokens import aws
from policies.values import Node

ROLE = aws("iam/role:Role")
PERMISSION_SET_POLICY = aws("ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy")
POLICIES = (
    aws("iam/policy:Policy", "iam/rolePolicy:RolePolicy", "iam/userPolicy:UserPolicy", "iam/groupPolicy:GroupPolicy")
    | ROLE
    | PERMISSION_SET_POLICY
)


def _policy_nodes(resource: Resource) -> Iterator[Node]:
    """Yield the identity policies that a resource holds."""
    if resource.type in ROLE:
        yield from (
            policy["policy"] for policy in resource["inlinePolicies"].each() if policy["policy"].value is not None
        )
    elif resource.type in PERMISSION_SET_POLICY:
        yield resource["inlinePolicy"]
    else:
        yield resource["policy"]


def _documents(resource: Resource) -> Iterator[tuple[Document, Findings]]:
    """Yield each policy, and what stands in the way of reading it."""
    for node in _policy_nodes(resource):
        statements, problems = documents.parse(node)
        yield Document(statements), iter(problems)


def _broad_resources(statement: Statement) -> tuple[Texts, ...]:
    """Return what makes a statement one about every resource, or every one but some."""
    whole = resources_of(statement)
    return tuple(part for part in singles(whole) if part.complement or documents.is_everything(part.patterns[0]))


def _is_left(document: Document, statement: Statement, action: str, resources: tuple[Texts, ...]) -> bool:
    """Whether an action of a statement is left on one of the resources; `action` may be a pattern."""
    if statement.not_actions and action == "*":
        asked = Texts(tuple(node.value.lower() for node in statement.not_actions), complement=True)
    else:
        asked = Texts((action,))
    return any(document.leaves(asked, resource) for resource in resources)


def _no_administrator(resource: Resource, settings: Settings) -> Findings:
    del settings
    for document, problems in _documents(resource):
        yield from problems
        for statement in document.allows:
            every = statement.not_actions or any(documents.is_every_action(a.value) for a in statement.actions)
            if every and _is_left(document, statement, "*", _broad_resources(statement)):
                yield Violation(
                    statement.path, "every action, or all but some, is allowed on every resource", "the actions in use"
                )


def _no_escalation(resource: Resource, settings: Settings) -> Findings:
    for document, problems in _documents(resource):
        yield from problems
        broad = [(statement, parts) for statement in document.allows if (parts := _broad_resources(statement))]
        held: dict[str, list[tuple[str, ...]]] = {}
        for actions in settings.escalation_sets:
            # IAM adds statements up: a set that is spread over several is as good as one.
            holders = [
                next((s for s, parts in broad if s.grants(action) and _is_left(document, s, action, parts)), None)
                for action in actions
            ]
            if holders and all(holders):
                held.setdefault(next(h.path for h in holders if h), []).append(actions)
        for path, sets in held.items():
            more = f" (and {len(sets) - 1} more ways)" if len(sets) > 1 else ""
            what = f"{' with '.join(sets[0])} on every resource lets its holder take other rights{more}"
            yield Violation(path, what, "the resources in use, by ARN")


def is_service_wildcard(action: str) -> bool:
    """Whether an action is a pattern for all actions of a service, or of several."""
    service, colon, name = action.partition(":")
    return not colon or "*" in service or "?" in service or not name.strip("*?")


def _is_read_only(action: str, settings: Settings) -> bool:
    name = action.partition(":")[2].lower()
    if name.startswith(("list", "describe")):
        return True
    return any(documents.matches(allowed, action) for allowed in settings.read_only_actions)


def _no_wildcards(resource: Resource, settings: Settings) -> Findings:
    for document, problems in _documents(resource):
        yield from problems
        for statement in document.allows:
            everywhere, broad = tuple(singles(resources_of(statement))), _broad_resources(statement)
            if statement.not_actions and _is_left(document, statement, "*", everywhere):
                yield Violation(statement.path, "NotAction allows whole services", "Action with the actions in use")
            for action in statement.actions:
                yield from _action_is_narrow(document, statement, action, everywhere, broad, settings)


def _action_is_narrow(
    document: Document,
    statement: Statement,
    action: Node,
    everywhere: tuple[Texts, ...],
    broad: tuple[Texts, ...],
    settings: Settings,
) -> Findings:
    if is_service_wildcard(action.value):
        if _is_left(document, statement, action.value, everywhere):
            yield Violation(action.path, "a whole service is allowed", "the actions in use, or a waiver")
    elif not _is_read_only(action.value, settings) and _is_left(document, statement, action.value, broad):
        what = "a write or data action is allowed on every resource"
        yield Violation(action.path, what, "the resources in use, by ARN")


def _is_all_keys(pattern: str) -> bool:
    """Whether a resource pattern covers all keys of some region and account."""
    parts = pattern.split(":", 5)
    region, account = (part or "*" for part in (parts + [""] * 6)[3:5])
    return any(documents.covers(pattern, f"arn:{p}:kms:{region}:{account}:key/*") for p in documents.PARTITIONS)


def _all_keys(statement: Statement) -> Iterator[tuple[Texts, ...]]:
    """Yield what makes a statement one about all keys, each in as many spellings as partitions."""
    for part in singles(resources_of(statement)):
        if part.complement:
            yield (part,)
        elif documents.is_everything(part.patterns[0]):
            # Of every resource only keys can be decrypted with: a Deny of those, in the partition at hand, is enough.
            yield tuple(Texts((f"arn:{partition}:kms:*:*:key/*",)) for partition in documents.PARTITIONS)
        elif _is_all_keys(part.patterns[0]):
            yield (part,)


def _no_decryption_of_everything(resource: Resource, settings: Settings) -> Findings:
    del settings
    for document, problems in _documents(resource):
        yield from problems
        for statement in document.allows:
            decrypts = any(
                statement.grants(action) and all(document.leaves(Texts((action,)), keys) for keys in spellings)
                for spellings in _all_keys(statement)
                for action in ("kms:Decrypt", "kms:ReEncryptFrom")
            )
            if decrypts:
                yield Violation(statement.path, "decryption is allowed with every key", "the keys in use, by ARN")


_IDENTITY_FIX = "iam.RolePolicy(policy=...) with Action and Resource spelt out"
RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="ACC-01",
        requirement="No policy allows every action on every resource.",
        why="One leaked credential with such a policy is the account.",
        fix=_IDENTITY_FIX,
        types=POLICIES,
        severity=Severity.CRITICAL,
        controls=("F:IAM.1", "C7:2.14", "800-53 AC-3/AC-6", "AISF-IAM-02"),
        check=_no_administrator,
    ),
    ResourceRule(
        id="ACC-02",
        requirement="No policy lets its holder take other rights.",
        why="Whoever may change rights has them all, whatever else the policy says.",
        fix="iam:PassRole and the like with Resource set to the ARNs of the roles in use",
        types=POLICIES,
        severity=Severity.CRITICAL,
        controls=("AISF-IAM-02",),
        check=_no_escalation,
    ),
    ResourceRule(
        id="ACC-03",
        requirement="No policy allows whole services, or changes and data on every resource.",
        why="A service's whole API holds deletion, policies and other tenants' data, where work needs a few calls.",
        fix=_IDENTITY_FIX,
        types=POLICIES,
        severity=Severity.HIGH,
        controls=(),
        check=_no_wildcards,
    ),
    ResourceRule(
        id="ACC-04",
        requirement="No policy allows decryption with every key.",
        why="Every key at once makes all encryption of the account depend on this one role.",
        fix='Resource: [key.arn] for kms:Decrypt, instead of "*" or key/*',
        types=POLICIES,
        severity=Severity.HIGH,
        controls=("F:KMS.1", "F:KMS.2"),
        check=_no_decryption_of_everything,
    ),
)
