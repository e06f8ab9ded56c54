"""MLG-11: calls to models are logged long enough, and agents are bound to a guardrail."""

from pulumi_policy import Severity

from policies.config import Settings
from policies.index import Resource, Stack
from policies.rule import Findings, LocatedFindings, Rule, StackRule, Undecided, Violation, is_set, require
from policies.tokens import aws

GUARDRAIL = aws("bedrock/guardrail:Guardrail")
AGENT = aws("bedrock/agentAgent:AgentAgent")
LOGGING = aws("bedrockmodel/invocationLoggingConfiguration:InvocationLoggingConfiguration")
LOG_GROUP = aws("cloudwatch/logGroup:LogGroup")
_NEVER = (None, 0)
"""A log group without retention, or with 0 days, keeps what it has."""


def _logged(stack: Stack, resource: Resource, settings: Settings) -> LocatedFindings:
    config = resource["loggingConfig"]
    what = "calls to models are not logged"
    group, bucket = config["cloudwatchConfig"]["logGroupName"], config["s3Config"]["bucketName"]
    if config.unknown:
        yield resource, Undecided(config.path)
        return
    if not any(node.unknown or (isinstance(node.value, str) and node.value) for node in (group, bucket)):
        yield resource, Violation(config.path, what, "cloudwatchConfig with a log group, or s3Config with a bucket")
    text = config["textDataDeliveryEnabled"]
    yield from ((resource, f) for f in require(text, lambda v: v is None or v is True, what, "true, or absent"))
    if group.value is None:
        return
    reference = stack.reference(resource, group, LOG_GROUP, ("name", "id", "arn"))
    for target in reference.targets if reference.certain else ():
        yield from ((target, finding) for finding in _kept(target, settings))
    if not reference.certain:
        yield resource, Undecided(group.path)
    elif not reference.targets:
        missing = "a cloudwatch.LogGroup of that name, with its retention"
        yield resource, Violation(group.path, "how long calls are kept is not stated", missing, companion=True)


def _kept(group: Resource, settings: Settings) -> Findings:
    days = settings.invocation_log_days

    def long_enough(value: object) -> bool:
        return value in _NEVER or (isinstance(value, int) and value >= days)

    retention = group["retentionInDays"]
    yield from require(retention, long_enough, "the log of calls is gone too soon", f"{days} days or more")


def _guarded(agent: Resource) -> Findings:
    guardrails = agent["guardrailConfigurations"]
    what = "the agent is bound to no guardrail"
    if not guardrails.each():
        yield Violation(guardrails.path, what, "one guardrail")
    for entry in guardrails.each():
        yield from is_set(entry["guardrailIdentifier"], what, "the id of a guardrail", GUARDRAIL)


def _models_are_watched(stack: Stack, settings: Settings) -> LocatedFindings:
    users, logs = stack.of(GUARDRAIL | AGENT), stack.of(LOGGING)
    if users and not logs:
        missing = "a bedrockmodel.InvocationLoggingConfiguration"
        yield users[0], Violation("", "calls to models are not logged", missing, companion=True)
    for resource in logs:
        yield from _logged(stack, resource, settings)
    for agent in stack.of(AGENT):
        yield from ((agent, finding) for finding in _guarded(agent))


RULES: tuple[Rule, ...] = (
    StackRule(
        id="MLG-11",
        requirement="Calls to models are logged for six months, and every agent is bound to a guardrail.",
        why="Calls to a model are where data leaves and attacks arrive; the record is the only witness.",
        fix='bedrockmodel.InvocationLoggingConfiguration(logging_config={"cloudwatch_config": {...}}) with a log group '
        "of 183 days or more; bedrock.AgentAgent(guardrail_configurations=[...])",
        types=GUARDRAIL | AGENT | LOGGING,
        joins=LOG_GROUP,
        severity=Severity.MEDIUM,
        controls=("AISF-AI-05", "AIA-12", "AIA-19"),
        check=_models_are_watched,
    ),
)
