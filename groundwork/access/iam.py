"""What IAM gives by identities' policies, by who may assume a role, and by the policies of resources."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from groundwork.access.rights import Rights, Unread
from groundwork.access.statements import BOUNDARY, Allowed, allowed
from groundwork.events import name_of
from groundwork.policy.sources import Saved
from policies.documents import Statement, parse
from policies.iam.texts import EVERYTHING, Texts
from policies.values import Node, plain

IDENTITIES: Final = ("role", "user", "group")
RESOURCE_POLICIES: Final[Mapping[str, tuple[str, str]]] = {
    "aws:backup/vaultPolicy:VaultPolicy": ("policy", "backupVaultName"),
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": ("policyDocument", "policyName"),
    "aws:ec2/vpcEndpoint:VpcEndpoint": ("policy", ""),
    "aws:ecr/registryPolicy:RegistryPolicy": ("policy", ""),
    "aws:ecr/repositoryPolicy:RepositoryPolicy": ("policy", "repository"),
    "aws:efs/fileSystemPolicy:FileSystemPolicy": ("policy", "fileSystemId"),
    "aws:kms/key:Key": ("policy", ""),
    "aws:kms/keyPolicy:KeyPolicy": ("policy", "keyId"),
    "aws:s3/bucketPolicy:BucketPolicy": ("policy", "bucket"),
    "aws:secretsmanager/secret:Secret": ("policy", ""),
    "aws:secretsmanager/secretPolicy:SecretPolicy": ("policy", "secretArn"),
    "aws:sns/topic:Topic": ("policy", ""),
    "aws:sns/topicPolicy:TopicPolicy": ("policy", "arn"),
    "aws:sqs/queue:Queue": ("policy", ""),
    "aws:sqs/queuePolicy:QueuePolicy": ("policy", "queueUrl"),
}
"""By type: the property that holds the document, and the one that names what it is of; empty: the resource itself."""
_ATTACHMENTS: Final = {
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": "role",
    "aws:iam/userPolicyAttachment:UserPolicyAttachment": "user",
    "aws:iam/groupPolicyAttachment:GroupPolicyAttachment": "group",
}
_INLINE: Final = {
    "aws:iam/rolePolicy:RolePolicy": "role",
    "aws:iam/userPolicy:UserPolicy": "user",
    "aws:iam/groupPolicy:GroupPolicy": "group",
}
_ROLE: Final = "aws:iam/role:Role"
_POLICY: Final = "aws:iam/policy:Policy"
_KIND, _TRUST, _RESOURCE = "IAM", "trust", "resource policy"


def collect(resources: Iterable[Saved], rights: Rights) -> None:
    """Add what IAM documents among resources give."""
    resources = tuple(resources)
    policies = {arn: one for one in resources if one.type == _POLICY for arn in _arns(one)}
    for one in resources:
        inputs = Node(plain(dict(one.inputs)), "")
        rights.subjects |= {f"policy of {place}" for place in _own_places(one)}
        if one.type == _ROLE:
            _role(one, inputs, policies, rights)
        elif kind := _INLINE.get(one.type):
            _identity(one, inputs["policy"], _who(kind, inputs[kind], one), rights)
        elif kind := _ATTACHMENTS.get(one.type):
            _attached(one, inputs["policyArn"], _who(kind, inputs[kind], one), policies, rights)
        elif one.type == "aws:iam/policyAttachment:PolicyAttachment":
            for kind in IDENTITIES:
                for each in inputs[f"{kind}s"].each():
                    _attached(one, inputs["policyArn"], _who(kind, each, one), policies, rights)
        elif one.type in RESOURCE_POLICIES:
            _of_resource(one, inputs, rights)
    bounds = {one.inputs.get("permissionsBoundary") for one in resources if one.type == _ROLE}
    _boundaries({arn for arn in bounds if isinstance(arn, str)}, policies, rights)


def _role(one: Saved, inputs: Node, policies: Mapping[str, Saved], rights: Rights) -> None:
    who = _who("role", inputs["name"], one)
    rights.subjects |= {who, f"trust {who}"}
    for statement in _statements(one, inputs["assumeRolePolicy"], rights):
        for right in allowed([statement], f"trust {who}", _TRUST, place=who):
            rights.add(right, one.urn)
    for inline in inputs["inlinePolicies"].each():
        _identity(one, inline["policy"], who, rights)
    for arn in inputs["managedPolicyArns"].each():
        _attached(one, arn, who, policies, rights)
    _bounded(one, inputs["permissionsBoundary"], who, rights)


def _bounded(one: Saved, arn: Node, who: str, rights: Rights) -> None:
    """Whoever is bounded is denied what the boundary does not let through, whatever its own policies say."""
    subject = f"bound {who}"
    rights.subjects.add(subject)
    if arn.unknown:
        rights.unread.append(Unread(one.urn, "its permissions boundary is not known before the update"))
    elif arn.is_set:
        said = f"what the permissions boundary {str(arn.value).rpartition('policy/')[2]} does not let through"
        rights.add(Allowed(subject, BOUNDARY, who, Texts((said,)), EVERYTHING, None, frozenset(), True, said), one.urn)


def _boundaries(arns: Iterable[str], policies: Mapping[str, Saved], rights: Rights) -> None:
    """Add what the boundaries let through, each once, however many it bounds."""
    for arn in sorted(arns):
        if (policy := policies.get(arn)) is not None:
            name = arn.rpartition("policy/")[2]
            rights.subjects.add(subject := f"boundary {name}")
            document = Node(plain(dict(policy.inputs)), "")["policy"]
            for right in allowed(_statements(policy, document, rights), subject, BOUNDARY, f"whoever {name} bounds"):
                rights.add(right, policy.urn)


def _attached(one: Saved, arn: Node, who: str, policies: Mapping[str, Saved], rights: Rights) -> None:
    rights.subjects.add(who)
    if arn.unknown:
        rights.unread.append(Unread(one.urn, f"which policy {who} gets is not known before the update"))
    elif (policy := policies.get(str(arn.value))) is not None:
        _identity(policy, Node(plain(dict(policy.inputs)), "")["policy"], who, rights)
    else:
        # A policy that is not the program's, such as one of AWS: what it says is not at hand.
        name = str(arn.value).rpartition("policy/")[2]
        said = f"do what the policy {name} says"
        rights.add(Allowed(who, _KIND, who, Texts((said,)), EVERYTHING, None, frozenset(), False, said), one.urn)


def _identity(one: Saved, document: Node, who: str, rights: Rights) -> None:
    rights.subjects.add(who)
    for right in allowed(_statements(one, document, rights), who, _KIND, who):
        rights.add(right, one.urn)


def _of_resource(one: Saved, inputs: Node, rights: Rights) -> None:
    property_, target = RESOURCE_POLICIES[one.type]
    place = _place(one, inputs, target)
    document = inputs[property_]
    rights.subjects.add(f"policy of {place}")
    if document.value is None:
        return
    for right in allowed(_statements(one, document, rights), f"policy of {place}", _RESOURCE, place=place):
        rights.add(right, one.urn)


def _place(one: Saved, inputs: Node, target: str) -> str:
    kind = one.type.rpartition(":")[2].removesuffix("Policy") or "Policy"
    value = inputs[target].value if target else None
    if not isinstance(value, str):
        return f"{kind} {name_of(one.urn)}"
    return f"{kind} {_tail(value)}"


def _own_places(one: Saved) -> Iterator[str]:
    """Yield what a policy that is a resource of its own may call this resource."""
    kind = one.type.rpartition(":")[2]
    if one.type.startswith("aws:") and not kind.endswith("Policy"):
        names = (one.id, one.outputs.get("arn"), one.inputs.get("bucket"), one.inputs.get("name"))
        yield from (f"{kind} {_tail(name)}" for name in names if isinstance(name, str) and name)


def _tail(name: str) -> str:
    return name.rpartition(":")[2] if name.startswith("arn:") else name


def _statements(one: Saved, document: Node, rights: Rights) -> tuple[Statement, ...]:
    if document.unknown:
        rights.unread.append(Unread(one.urn, f"its {document.path} is not known before the update"))
        return ()
    statements, problems = parse(document)
    for problem in problems:
        rights.unread.append(Unread(one.urn, f"its {problem.path or document.path} cannot be read as a policy"))
    return statements


def _who(kind: str, name: Node, one: Saved) -> str:
    if isinstance(name.value, str):
        return f"{kind} {name.value}"
    return f"the {kind} of {name_of(one.urn)}"


def _arns(policy: Saved) -> Iterator[str]:
    outputs: Mapping[str, Any] = policy.outputs
    for text in (outputs.get("arn"), policy.id):
        if isinstance(text, str) and text.startswith("arn:"):
            yield text
