"""ACC-13 to ACC-16 and ACC-19: who reaches a key, queue, topic, secret, repository, event bus or search domain."""

from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_policy import Severity

from policies import documents
from policies.config import Settings
from policies.iam.exposure import KMS_NARROWING, NARROWING, Document, public_grants
from policies.iam.texts import Texts
from policies.index import Resource, Stack
from policies.repair import switch_on
from policies.rule import (
    Findings,
    LocatedFindings,
    ResourceRule,
    Rule,
    StackRule,
    Undecided,
    Violation,
    is_true,
    not_true,
    require,
    weigh,
)
from policies.rules.access.grants import is_service_wildcard
from policies.tokens import aws
from policies.values import Node

KEY, KEY_POLICY = aws("kms/key:Key"), aws("kms/keyPolicy:KeyPolicy")
QUEUE, TOPIC = aws("sqs/queue:Queue"), aws("sns/topic:Topic")
QUEUE_POLICY, TOPIC_POLICY = aws("sqs/queuePolicy:QueuePolicy"), aws("sns/topicPolicy:TopicPolicy")
SECRET_POLICY = aws("secretsmanager/secretPolicy:SecretPolicy")
REPOSITORY_POLICY = aws("ecr/repositoryPolicy:RepositoryPolicy")
BUS = aws("cloudwatch/eventBus:EventBus")
BUS_POLICY = aws("cloudwatch/eventBusPolicy:EventBusPolicy")
BUS_PERMISSION = aws("cloudwatch/eventPermission:EventPermission")
DOMAIN, DOMAIN_POLICY = aws("opensearch/domain:Domain"), aws("opensearch/domainPolicy:DomainPolicy")
_NAMED = "named principals, or a condition on the organisation, account or VPC endpoint"


def _no_strangers(node: Node, narrowing: Mapping[str, tuple[str, ...]], what: str, expected: str = _NAMED) -> Findings:
    """Yield a finding for what lets a stranger in, and for what cannot be read."""
    statements, problems = documents.parse(node)
    yield from problems
    yield from (Violation(path, what, expected) for _, path in public_grants(statements, narrowing))


# ACC-13: keys


def _key_is_closed(resource: Resource, settings: Settings) -> Findings:
    del settings
    bypass = "whoever writes the policy may lock everyone out of the key"
    yield from not_true(resource["bypassPolicyLockoutSafetyCheck"], bypass)
    policy = resource["policy"]
    if resource.type in KEY and policy.value in (None, ""):
        return  # the default policy is about the account only
    expected = "named principals, or a condition on kms:CallerAccount or kms:ViaService"
    yield from _no_strangers(policy, KMS_NARROWING, "anyone may do this with the key", expected)


# ACC-14: queues and topics


def _messages_are_closed(resource: Resource, settings: Settings) -> Findings:
    del settings
    policy = resource["policy"]
    if resource.type in QUEUE | TOPIC and policy.value in (None, ""):
        return  # without a policy the owner alone
    yield from _no_strangers(policy, NARROWING, "anyone may send, receive or subscribe")
    document = Document(documents.parse(policy)[0])
    for statement in document.allows:
        for path, actions in _wildcards(statement):
            if document.reaches(statement, None, NARROWING, actions):
                what = "every action is allowed, without a condition on where the request comes from"
                yield Violation(path, what, "the actions in use")


def _wildcards(statement: documents.Statement) -> Iterator[tuple[str, Texts]]:
    """Yield what stands for every action."""
    if statement.not_actions:
        yield statement.path, Texts(tuple(node.value.lower() for node in statement.not_actions), complement=True)
    for node in statement.actions:
        if is_service_wildcard(node.value):
            yield node.path, Texts((node.value,))


# ACC-15: secrets and repositories


def _store_is_closed(resource: Resource, settings: Settings) -> Findings:
    del settings
    if resource.type in SECRET_POLICY:
        yield from is_true(
            resource["blockPublicPolicy"], "Secrets Manager does not check that the policy is not public"
        )
    yield from _no_strangers(resource["policy"], NARROWING, "anyone may read or write this")


def _block_public_policy(props: Any) -> bool:
    return switch_on(props, "blockPublicPolicy")


# ACC-16: event buses

_ORGANISATION = {key: NARROWING[key] for key in ("aws:principalorgid",)}
_OF_THE_ORGANISATION = "a condition StringEquals aws:PrincipalOrgID"


def _bus_is_closed(stack: Stack, settings: Settings) -> LocatedFindings:
    del settings
    what = "anyone may put events on the bus, or change its rules"
    for policy in stack.of(BUS_POLICY):
        found = weigh(_no_strangers(policy["policy"], _ORGANISATION, what, _OF_THE_ORGANISATION))
        yield from ((policy, finding) for finding in found)
    for permission in stack.of(BUS_PERMISSION):
        yield from ((permission, finding) for finding in weigh(_permission(permission, what)))
    for bus in stack.of(BUS):
        yield from _has_a_policy(stack, bus)


def _permission(permission: Resource, what: str) -> Findings:
    principal, condition = permission["principal"], permission["condition"]
    if principal.value != "*" and not principal.unknown:
        yield from require(principal, lambda value: isinstance(value, str) and bool(value), what, "an account id")
        return
    wanted = {
        "key": lambda value: isinstance(value, str) and value.lower() == "aws:principalorgid",
        "type": lambda value: isinstance(value, str) and value.lower() == "stringequals",
        "value": lambda value: isinstance(value, str) and bool(value.strip("*?")),
    }
    missing = weigh(
        finding for key, good in wanted.items() for finding in require(condition[key], good, what, _OF_THE_ORGANISATION)
    )
    if principal.unknown and missing:
        yield Undecided(principal.path)
    else:
        yield from missing


def _has_a_policy(stack: Stack, bus: Resource) -> LocatedFindings:
    name = bus["name"].value
    if name == "default" or (isinstance(name, str) and name.startswith("aws.partner/")):
        return  # not of the program's making: the account alone, and a partner's events
    found = [
        stack.companions(bus, types, "eventBusName", ("name", "id", "arn")) for types in (BUS_POLICY, BUS_PERMISSION)
    ]
    possible = [entry for companions in found for entry in companions.possible]
    if any(companions.certain for companions in found):
        return
    if possible:
        child, node = possible[0]
        yield child, Undecided(node.path)
    else:
        missing = "an EventBusPolicy that says who may use it"
        yield bus, Violation("name", "the bus has no policy of its own", missing, companion=True)


# ACC-19: search domains


def _domain_is_closed(resource: Resource, settings: Settings) -> Findings:
    del settings
    policies = resource["accessPolicies"]
    if resource.type in DOMAIN:
        for options in resource["advancedSecurityOptions"].each() or (resource["advancedSecurityOptions"],):
            yield from is_true(options["enabled"], "who is in may read and write every index")
        if policies.value in (None, ""):
            return  # a policy of its own, or none, which lets nobody in
    yield from _no_strangers(policies, NARROWING, "anyone may reach the domain")


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="ACC-13",
        requirement="A key policy lets in nobody but named principals, and cannot lock everyone out.",
        why="Who may use the key may read everything under it; and a key that locks everyone out takes the data along.",
        fix='"Condition": {"StringEquals": {"kms:CallerAccount": account_id}} beside a principal *',
        types=KEY | KEY_POLICY,
        severity=Severity.CRITICAL,
        controls=("F:KMS.5", "C7:2.21", "AISF-INFRA-07"),
        check=_key_is_closed,
    ),
    ResourceRule(
        id="ACC-14",
        requirement="Policies of queues and topics let in nobody but named principals, for named actions.",
        why="Whoever may write to a queue or topic can start what listens to it, with its rights.",
        fix='"Principal": {"Service": ...}, "Action": "sqs:SendMessage" with StringEquals aws:SourceAccount',
        types=QUEUE_POLICY | QUEUE | TOPIC_POLICY | TOPIC,
        severity=Severity.HIGH,
        controls=("C7:2.21", "F:SNS.4"),
        check=_messages_are_closed,
    ),
    ResourceRule(
        id="ACC-15",
        requirement="Policies of secrets and repositories let in nobody but named principals.",
        why="A secret that strangers can read is none, and an image that they can write runs with our rights.",
        fix='"Principal": {"AWS": role.arn}; secretsmanager.SecretPolicy(block_public_policy=True)',
        types=SECRET_POLICY | REPOSITORY_POLICY,
        severity=Severity.CRITICAL,
        controls=("C7:2.21", "AISF-DATA-03"),
        check=_store_is_closed,
        remediate=_block_public_policy,
        repairs=SECRET_POLICY,
    ),
    StackRule(
        id="ACC-16",
        requirement="A custom event bus has a policy that lets in nobody but accounts of the organisation.",
        why="Events from strangers start our rules and functions.",
        fix='cloudwatch.EventBusPolicy(...) with "Condition": {"StringEquals": {"aws:PrincipalOrgID": ...}}',
        types=BUS_POLICY | BUS_PERMISSION | BUS,
        joins=frozenset(),
        severity=Severity.HIGH,
        controls=("C7:2.21",),
        check=_bus_is_closed,
    ),
    ResourceRule(
        id="ACC-19",
        requirement="A search domain asks who is there, and lets in nobody but named principals.",
        why="An index without access control gives its content to whoever finds the address.",
        fix='opensearch.Domain(advanced_security_options={"enabled": True}, access_policies=...) with named principals',
        types=DOMAIN | DOMAIN_POLICY,
        severity=Severity.HIGH,
        controls=("F:OpenSearch.7", "F:ES.2", "F:OpenSearch.2"),
        check=_domain_is_closed,
    ),
)
