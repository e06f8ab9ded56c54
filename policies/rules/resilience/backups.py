"""RES-11: every store is in a backup plan."""

from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase

from pulumi_policy import Severity

from policies.answers import Answer, every, holds, opposite, some
from policies.config import Settings
from policies.config.resilience import BACKED_UP
from policies.documents import PARTITIONS, covers
from policies.index import Resource, Stack
from policies.labels import holds_data, tag
from policies.rule import LocatedFindings, Rule, StackRule, Undecided, Violation
from policies.tokens import aws
from policies.values import UNKNOWN, Node

BUCKET, INSTANCE = aws("s3/bucket:Bucket"), aws("rds/instance:Instance")
SELECTION = aws("backup/selection:Selection")
REPLICATION = aws("s3/bucketReplicationConfig:BucketReplicationConfig")
_TAG_PREFIX = "aws:ResourceTag/"

_NAMED = {
    "aws:s3/bucket:Bucket": ("bucket", "s3:::{}"),
    "aws:rds/instance:Instance": ("identifier", "rds:*:*:db:{}"),
    "aws:rds/cluster:Cluster": ("clusterIdentifier", "rds:*:*:cluster:{}"),
    "aws:dynamodb/table:Table": ("name", "dynamodb:*:*:table/{}"),
}
"""Types whose ARN holds a name that the program gives, and how; any region, any account."""


def _arns(store: Resource) -> tuple[str, ...]:
    """Return the ARN of a store, or what it will be in each partition; none where it holds an id of AWS."""
    if arn := store.known("arn"):
        return (arn,)
    key, form = _NAMED.get(store.type, ("", ""))
    name = store.known(key) if key else None
    return tuple(f"arn:{partition}:{form.format(name)}" for partition in PARTITIONS) if name else ()


def _matches(stack: Stack, selection: Resource, pattern: Node, store: Resource) -> Answer:
    """Return whether a pattern of ARNs matches a store."""
    if pattern.unknown:
        reference = stack.reference(selection, pattern, frozenset({store.type}), ("arn",))
        return True if reference.certain and store in reference.targets else pattern
    if not isinstance(pattern.value, str):
        return False
    if pattern.value == "*":
        return True
    arns = _arns(store)
    if any(covers(pattern.value, arn) for arn in arns):
        return True
    if store.known("arn") or (arns and not any(_same_name(pattern.value, arn) for arn in arns)):
        return False
    return Node(UNKNOWN, pattern.path)


def _same_name(pattern: str, arn: str) -> bool:
    """Whether a pattern differs from an ARN in region and account only, which show when the store exists."""
    parts, wanted = pattern.split(":", 5), arn.split(":", 5)
    return len(parts) == len(wanted) and all(covers(parts[n], wanted[n]) for n in (0, 1, 2, 5))


def _tagged(store: Resource, key: Node, good: Callable[[str], bool]) -> Answer:
    if key.unknown:
        return key
    name = key.value.removeprefix(_TAG_PREFIX) if isinstance(key.value, str) else ""
    return holds(tag(store, name), lambda value: isinstance(value, str) and good(value)) if name else False


def _conditions(selection: Resource, store: Resource) -> Iterator[Answer]:
    """Yield what each condition says of a store's tags: all of them must hold."""

    def equal(wanted: str, value: str) -> bool:
        return wanted == value

    def like(wanted: str, value: str) -> bool:
        return fnmatchcase(value, wanted.replace("[", "[[]").replace("?", "[?]"))

    for condition in selection["conditions"].each():
        if condition.unknown:
            yield condition
        for key, compare, wanted in (
            ("stringEquals", equal, True),
            ("stringLikes", like, True),
            ("stringNotEquals", equal, False),
            ("stringNotLikes", like, False),
        ):
            for entry in condition[key].each():
                value = entry["value"]
                if value.unknown or not isinstance(value.value, str):
                    yield value if value.unknown else False
                    continue
                answer = _tagged(store, entry["key"], lambda text, c=compare, v=value.value: c(v, text))  # type: ignore[misc]
                yield answer if wanted else opposite(answer)


def _list_of_tags(selection: Resource, store: Resource) -> Iterator[Answer]:
    """Yield what each entry of the list of tags says of a store: one is enough."""
    for entry in selection["selectionTags"].each():
        kind, value = entry["type"], entry["value"]
        answer = _tagged(store, entry["key"], lambda text, v=value: v.value == text)  # type: ignore[misc]
        yield every((holds(kind, "STRINGEQUALS".__eq__), value if value.unknown else answer))


def _selects(stack: Stack, selection: Resource, store: Resource) -> Answer:
    """Return whether a selection matches a store.

    Of ARNs, tags and conditions all that are given must match: AWS does not say of all of them how they are joined.
    """
    patterns, excluded = selection["resources"].each(), selection["notResources"].each()
    tags, conditions = list(_list_of_tags(selection, store)), list(_conditions(selection, store))
    if not (patterns or tags or conditions):
        return False
    return every(
        (
            some(_matches(stack, selection, pattern, store) for pattern in patterns) if patterns else True,
            some(tags) if tags else True,
            *conditions,
            *(opposite(_matches(stack, selection, pattern, store)) for pattern in excluded),
        )
    )


def _copies(stack: Stack) -> set[str]:
    """Return the URNs of buckets that are the replica of another one."""
    found = set()
    for replication in stack.of(REPLICATION):
        found |= {bucket.urn for bucket in stack.depended_on(replication, "rules", BUCKET)}
        for rule in replication["rules"].each():
            node = rule["destination"]["bucket"]
            if isinstance(node.value, str):
                found |= {b.urn for b in stack.reference(replication, node, BUCKET, ("bucket", "arn")).targets}
    return found


def _stores_are_backed_up(stack: Stack, settings: Settings) -> LocatedFindings:
    selections, copies = stack.of(SELECTION), _copies(stack)
    for store in stack.of(settings.backup_types):
        is_data = holds_data(store, settings) if store.type in BUCKET else True
        source = store["replicateSourceDb"] if store.type in INSTANCE else Node(None, "")
        if is_data is False or store.urn in copies or source.is_set:
            continue
        answers = [(selection, _selects(stack, selection, store)) for selection in selections]
        if any(answer is True for _, answer in answers):
            continue
        unknown = [(selection, answer) for selection, answer in answers if isinstance(answer, Node)]
        if is_data is None or source.unknown:
            yield (
                store,
                Undecided(source.path if source.unknown else "bucket", INSTANCE if source.unknown else frozenset()),
            )
        elif unknown:
            selection, node = unknown[0]
            yield selection, Undecided(node.path)
        else:
            missing = "a backup.Selection that matches it by ARN or by tag"
            yield store, Violation("", "no backup plan takes the store", missing, companion=True)


RULES: tuple[Rule, ...] = (
    StackRule(
        id="RES-11",
        requirement="Every store is matched by a backup selection, by ARN or by tag.",
        why="A store that nobody remembered is the one that is missing at the restore.",
        fix="backup.Selection(plan_id=plan.id, iam_role_arn=role.arn, resources=[store.arn])",
        types=frozenset(BACKED_UP),
        joins=SELECTION | REPLICATION,
        severity=Severity.MEDIUM,
        controls=("F:DynamoDB.4",),
        check=_stores_are_backed_up,
        also=lambda token, settings: token in settings.backup_types,
    ),
)
