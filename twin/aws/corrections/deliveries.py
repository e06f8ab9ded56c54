"""What CloudWatch and EventBridge deliver: to a topic that lets them, and to the bus of another region.

ministack 1.5.33 publishes for both without asking the topic's policy or the policy of its key, on which AWS drops the
message without a word; and it knows no bus of another region, to which AWS sends with the target's role. Both can only
be given inside the emulator, as what makes an alarm of CloudWatch one (alarm_states.py), and how its message spells the
dimensions.

Source: Amazon SNS developer guide, "Example cases for Amazon SNS access control", "Key management" (which key policy a
service needs, and that EventBridge sends no aws:SourceArn to KMS); Amazon EventBridge user guide, "Using resource-based
policies", "Sending and receiving events between AWS Regions".
"""

import json
import logging
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.arn import parse_arn
from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import cloudwatch, eventbridge, iam, kms, sns, sqs

from twin.aws.corrections import alarm_states
from twin.aws.service_sessions import trusts

EVENTS, ALARMS = "events.amazonaws.com", "cloudwatch.amazonaws.com"
_log = logging.getLogger("twin.aws.deliveries")
_at_work: ContextVar[tuple[dict[str, Any], dict[str, Any], Any]] = ContextVar("target_rule_and_event")
"""The target that is being served, its rule, and the whole event."""


def install() -> None:
    """Correct the emulator. Installed once, it stays as it is."""
    if getattr(eventbridge._invoke_target, "asks_policies", False):
        return
    invoke, to_sns, to_bus = (
        eventbridge._invoke_target,
        eventbridge._dispatch_to_sns,
        eventbridge._dispatch_to_event_bus,
    )
    act = cloudwatch._dispatch_alarm_actions

    def invoked(target: Any, event: Any, rule: Any, view: Any = None) -> None:
        view = view or eventbridge._pattern_event_view(event)
        token = _at_work.set((target, rule, view))
        try:
            invoke(target, event, rule, view)
        finally:
            _at_work.reset(token)

    def published(arn: str, payload: Any) -> None:
        _, rule, _ = _at_work.get()
        if may_publish(arn, EVENTS, rule["Arn"], key_knows_source=False):
            to_sns(arn, payload)
        else:
            _keep_undelivered()

    def forwarded(spec: Any, event: Any, rule: Any, path: Any, payload: Any = None) -> None:
        if spec.account_id != get_account_id() or spec.region == get_region():
            to_bus(spec, event, rule, path, payload)
            return
        target, _, _ = _at_work.get()
        if not role_may(str(target.get("RoleArn", "")), "events:PutEvents", str(spec)):
            _log.warning("EventBridge may not put events on %s with the role %s", spec, target.get("RoleArn"))
            _keep_undelivered()
            return
        # An event keeps the region that it is of.
        sent = dict(event) | {"EventBusName": spec.resource.partition("/")[2]}
        sent |= {} if payload is None else {"Detail": payload}
        with request_scope(spec.account_id, spec.region):
            eventbridge._dispatch_event(sent)

    def acted(alarm: dict[str, Any], *states: Any) -> None:
        names = ("AlarmActions", "OKActions", "InsufficientDataActions")
        allowed = {name: [arn for arn in alarm.get(name) or () if _alarm_may(arn, alarm["AlarmArn"])] for name in names}
        act(alarm | allowed | {"Dimensions": _in_messages(alarm.get("Dimensions") or ())}, *states)

    invoked.asks_policies = True  # type: ignore[attr-defined]
    eventbridge._invoke_target = invoked
    eventbridge._dispatch_to_sns = published
    eventbridge._dispatch_to_event_bus = forwarded
    cloudwatch._dispatch_alarm_actions = acted
    cloudwatch._evaluate_alarm = alarm_states.evaluate


def _keep_undelivered() -> None:
    """Put the event as it came into the target's queue for what cannot be delivered, where it has one."""
    target, rule, view = _at_work.get()
    arn = (target.get("DeadLetterConfig") or {}).get("Arn", "")
    if not arn:
        return
    if sqs.queue_policy_allows(arn, EVENTS, rule["Arn"], get_account_id()):
        eventbridge._dispatch_to_sqs(parse_arn(arn), json.dumps(view.event_with_detail()))
    else:
        _log.warning("the policy of %s does not let %s send for %s", arn, EVENTS, rule["Arn"])


def may_publish(topic_arn: str, service: str, source_arn: str, *, key_knows_source: bool = True) -> bool:
    """Whether the topic's policy, and that of its key, let an AWS service publish for one resource of this account."""
    source = {"aws:sourcearn": source_arn, "aws:sourceaccount": get_account_id()}
    policy = sns.topic_policy_for_arn(topic_arn)
    if policy is None or not lets_in(policy[0], service, "sns:Publish", topic_arn, source):
        _log.warning("the policy of %s does not let %s publish for %s", topic_arn, service, source_arn)
        return False
    topic = sns._topic_by_arn_any_scope(topic_arn)
    key = (topic or {}).get("attributes", {}).get("KmsMasterKeyId")
    if not key:
        return True
    record = kms._resolve_key(key)
    if record is None or record["KeyState"] != "Enabled":
        _log.warning("the key of %s cannot be used", topic_arn)
        return False
    context = {"kms:encryptioncontext:aws:sns:topicarn": topic_arn, **(source if key_knows_source else {})}
    needed = ("kms:GenerateDataKey", "kms:Decrypt")
    if all(lets_in(record["Policy"], service, action, record["Arn"], context) for action in needed):
        return True
    _log.warning("the key of %s does not let %s in", topic_arn, service)
    return False


def role_may(role_arn: str, action: str, resource: str) -> bool:
    """Whether EventBridge may take a role, and the role do this, within its boundary."""
    account, name = role_arn.split(":")[4:6] if role_arn.count(":") >= 5 else ("", "")
    name = name.rpartition("/")[2]
    if not name:
        return False
    asked = iam_evaluator.EvalContext(
        principal_arn=f"arn:aws:sts::{account}:assumed-role/{name}/events",
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=get_region(),
    )
    role = iam._roles.get_scoped(account, None, name)
    if role is None or not _trusts_events(role["AssumeRolePolicyDocument"], role_arn, account):
        return False
    layers = [
        iam_evaluator._gather_role_policies(name, account),
        *iam_evaluator._permissions_boundary(iam._roles, name, account),
    ]
    return all(iam_evaluator.evaluate(asked, layer).decision == "Allow" for layer in layers)


def _trusts_events(document: Any, role_arn: str, account: str) -> bool:
    _, rule, _ = _at_work.get()
    asked = iam_evaluator.EvalContext(
        principal_arn=EVENTS,
        principal_type="Service",
        principal_account="",
        action="sts:AssumeRole",
        resource_arn=role_arn,
        region=get_region(),
        service_context={"aws:sourceaccount": account, "aws:sourcearn": rule["Arn"]},
    )
    return trusts(document if isinstance(document, str) else json.dumps(document), asked)


def _in_messages(dimensions: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    """The dimensions of an alarm as its messages have them."""
    return [{"value": one["Value"], "name": one["Name"]} for one in dimensions]


def _alarm_may(arn: str, alarm_arn: str) -> bool:
    return not arn.startswith("arn:aws:sns:") or may_publish(arn, ALARMS, alarm_arn)


def lets_in(policy: Any, service: str, action: str, resource: str, context: dict[str, str]) -> bool:
    """Whether a policy on a resource lets an AWS service do this; `context` holds condition keys in lower case."""
    asked = iam_evaluator.EvalContext(
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action=action,
        resource_arn=resource,
        region=get_region(),
        secure_transport=True,
        service_context=context,
    )
    found: str = iam_evaluator.evaluate_resource_policy(policy, asked, service=service).decision
    return found == "Allow"
