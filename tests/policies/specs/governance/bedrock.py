"""MLG-11."""

from typing import Any

from tests.policies.harness import UNKNOWN, R
from tests.policies.mutate import changed
from tests.policies.spec import Case, Spec, depending

LOGGING = R(
    "aws:bedrockmodel/invocationLoggingConfiguration:InvocationLoggingConfiguration",
    {"loggingConfig": {"cloudwatchConfig": {"logGroupName": "calls"}, "textDataDeliveryEnabled": True}},
    "logging",
)
LOGS = R("aws:cloudwatch/logGroup:LogGroup", {"name": "calls", "retentionInDays": 365}, "calls")
GUARDRAIL = R("aws:bedrock/guardrail:Guardrail", {}, "guardrail")
AGENT = R("aws:bedrock/agentAgent:AgentAgent", {"guardrailConfigurations": [{"guardrailIdentifier": "g-1"}]}, "agent")
NAME = "loggingConfig.cloudwatchConfig.logGroupName"


def edited(item: R, path: str, value: Any) -> R:
    return item.with_props(changed(item.props, path, value))


SPECS: dict[str, Spec] = {
    "MLG-11": Spec(
        good=(LOGGING, LOGS, AGENT),
        leaf=NAME,
        bad="",
        flips={"retentionInDays": 30, "guardrailConfigurations[0].guardrailIdentifier": ""},
        equivalent={
            "delete loggingConfig.textDataDeliveryEnabled": "it is on by default",
            "delete retentionInDays": "a log group without retention keeps what it has",
        },
        extra=(
            Case(
                "to a bucket", (edited(LOGGING, "loggingConfig", {"s3Config": {"bucketName": "calls"}}), AGENT), "pass"
            ),
            Case("to nowhere", (edited(LOGGING, "loggingConfig", {}), AGENT), "deny"),
            Case("no text", (edited(LOGGING, "loggingConfig.textDataDeliveryEnabled", False), LOGS), "deny"),
            Case("not logged", (AGENT,), "deny"),
            Case("a guardrail, not logged", (GUARDRAIL,), "deny"),
            Case("an agent without a guardrail", (LOGGING, LOGS, AGENT.with_props({})), "deny"),
            Case("guardrail unknown", (LOGGING, LOGS, edited(AGENT, "guardrailConfigurations", UNKNOWN)), "unknown"),
            Case(
                "guardrail of this stack",
                (
                    LOGGING,
                    LOGS,
                    GUARDRAIL,
                    depending(guardrailConfigurations=GUARDRAIL)(
                        edited(AGENT, "guardrailConfigurations[0].guardrailIdentifier", UNKNOWN)
                    ),
                ),
                "pass",
            ),
            Case("183 days", (LOGGING, edited(LOGS, "retentionInDays", 183)), "pass"),
            Case("182 days", (LOGGING, edited(LOGS, "retentionInDays", 182)), "deny"),
            Case("for ever", (LOGGING, edited(LOGS, "retentionInDays", 0)), "pass"),
            Case("retention as a text", (LOGGING, edited(LOGS, "retentionInDays", "365")), "deny"),
            Case("log group of another stack", (LOGGING,), "deny"),
            Case(
                "log group by dependency", (depending(loggingConfig=LOGS)(edited(LOGGING, NAME, UNKNOWN)), LOGS), "pass"
            ),
            Case(
                "log group by dependency, short",
                (depending(loggingConfig=LOGS)(edited(LOGGING, NAME, UNKNOWN)), edited(LOGS, "retentionInDays", 7)),
                "deny",
            ),
            Case("models are not used", (LOGS,), "pass"),
        ),
    ),
}
