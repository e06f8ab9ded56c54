"""RES-07: what becomes of messages and events that nobody could take."""

import json
from collections.abc import Iterator
from typing import Any

from pulumi_policy import Severity

from policies.config import Settings
from policies.index import Resource, Stack
from policies.rule import Finding, LocatedFindings, Rule, StackRule, Undecided, Violation, lacking, require, weigh
from policies.tokens import aws
from policies.values import UNKNOWN, Node

QUEUE, REDRIVE = aws("sqs/queue:Queue"), aws("sqs/redrivePolicy:RedrivePolicy")
EVENT_TARGET = aws("cloudwatch/eventTarget:EventTarget")
AN_ARN = "the ARN of a queue"


def _target(node: Node) -> Node:
    """Return the ARN of the dead-letter queue that a redrive policy names; the policy is a JSON text or a map."""
    value = node.value
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return Node(None, node.path)
        return Node(value.get("deadLetterTargetArn") if isinstance(value, dict) else None, node.path)
    return node["deadLetterTargetArn"]


def _is_arn(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("arn:")


def _dead_letter_queues(stack: Stack) -> tuple[set[str], list[tuple[Resource, Node]]]:
    """Return the URNs of queues that get what others could not deliver, and what may name more of them."""
    arns: set[str] = set()
    urns: set[str] = set()
    unknown: list[tuple[Resource, Node]] = []
    sources = [(resource, resource["redrivePolicy"]) for resource in stack.of(QUEUE | REDRIVE)]
    sources += [(target, target["deadLetterConfig"]["arn"]) for target in stack.of(EVENT_TARGET)]
    for resource, node in sources:
        arn = node if resource.type in EVENT_TARGET else _target(node)
        found = {queue.urn for queue in stack.depended_on(resource, node.root, QUEUE)}
        urns |= found
        if isinstance(arn.value, str):
            arns.add(arn.value)
        elif arn.value is UNKNOWN and not found:
            unknown.append((resource, arn))
    named = {queue.urn for queue in stack.of(QUEUE) if queue.known("arn") in arns}
    return urns | named, unknown


def _redrives(node: Node) -> Iterator[Finding]:
    """Yield what is wrong with a redrive policy. One that is not known yet is settled by a queue that it depends on."""
    target = _target(node)
    accepts = QUEUE if node.unknown or not target.inherited else frozenset()
    if target.unknown:
        yield Undecided(node.path, accepts)
    else:
        what = "a message that cannot be handled comes back for ever, or is lost"
        yield from require(target, _is_arn, what, f"deadLetterTargetArn: {AN_ARN}")


def _nothing_is_lost(stack: Stack, settings: Settings) -> LocatedFindings:
    del settings
    for target in stack.of(EVENT_TARGET):
        dead = require(target["deadLetterConfig"]["arn"], _is_arn, "an event that cannot be delivered is lost", AN_ARN,
                       QUEUE)  # fmt: skip
        yield from ((target, finding) for finding in dead)
    dead_letter_queues, perhaps = _dead_letter_queues(stack)
    for queue in stack.of(QUEUE):
        if queue.urn in dead_letter_queues:
            continue
        companions = stack.companions(queue, REDRIVE, "queueUrl", ("id", "url"))
        inline = (queue,) if queue["redrivePolicy"].value is not None else ()
        answers = [(source, weigh(_redrives(source["redrivePolicy"]))) for source in (*inline, *companions.certain)]
        for source, findings in answers:
            yield from ((source, finding) for finding in findings)
        if answers:
            continue
        expected = f"a redrive policy with {AN_ARN}"
        missing = Violation("redrivePolicy", "the queue has no dead-letter queue", expected, companion=True)
        yield from lacking(queue, [*companions.possible, *perhaps], missing)


RULES: tuple[Rule, ...] = (
    StackRule(
        id="RES-07",
        requirement="Queues and event targets have a queue for what cannot be handled.",
        why="A message that cannot be handled is otherwise tried for ever, or lost in silence.",
        fix='sqs.Queue(..., redrive_policy=pulumi.Output.json_dumps({"deadLetterTargetArn": dead.arn, '
        '"maxReceiveCount": 5})); cloudwatch.EventTarget(..., dead_letter_config={"arn": dead.arn})',
        types=QUEUE | EVENT_TARGET,
        joins=REDRIVE,
        severity=Severity.MEDIUM,
        controls=(),
        check=_nothing_is_lost,
    ),
)
