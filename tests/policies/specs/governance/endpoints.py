"""MLG-08 and MLG-09."""

from dataclasses import replace
from typing import Any

from tests.policies.harness import UNKNOWN, R
from tests.policies.mutate import changed
from tests.policies.spec import KEY, KEY_ARN, Case, Spec, depending

PRODUCTION = {"production": True}
CONFIGURATION = R(
    "aws:sagemaker/endpointConfiguration:EndpointConfiguration",
    {
        "kmsKeyArn": KEY_ARN,
        "dataCaptureConfig": {"enableCapture": True},
        "productionVariants": [{"initialInstanceCount": 2}],
    },
    "configuration",
)
ENDPOINT = R("aws:sagemaker/endpoint:Endpoint", {"name": "scoring"}, "endpoint")
BY_NAME = {"monitoringJobDefinition": {"monitoringInputs": {"endpointInput": {"endpointName": "scoring"}}}}
SCHEDULE = R("aws:sagemaker/monitoringSchedule:MonitoringSchedule", {"monitoringScheduleConfig": BY_NAME}, "schedule")
JOB = R(
    "aws:sagemaker/dataQualityJobDefinition:DataQualityJobDefinition",
    {"name": "quality", "dataQualityJobInput": {"endpointInput": {"endpointName": "scoring"}}},
    "job",
)
BY_JOB = SCHEDULE.with_props({"monitoringScheduleConfig": {"monitoringJobDefinitionName": "quality"}})
OF = "monitoringScheduleConfig.monitoringJobDefinition.monitoringInputs.endpointInput.endpointName"
GROUP = R("aws:sagemaker/modelPackageGroup:ModelPackageGroup", {"modelPackageGroupName": "churn"}, "group")
CARD = R(
    "aws:sagemaker/modelCard:ModelCard",
    {
        "modelCardName": "churn",
        "content": {
            "intended_uses": {"intended_uses": "keep customers"},
            "model_overview": {"model_owner": "ml@example.com"},
            "evaluation_details": [{"name": "test set"}],
        },
    },
    "card",
)


def edited(item: R, path: str, value: Any) -> R:
    return item.with_props(changed(item.props, path, value))


def tagged(**tags: Any) -> R:
    return edited(GROUP, "tags", {"model-owner": "ml@example.com", "evaluation": "s3", "intended-use": "x", **tags})


SPECS: dict[str, Spec] = {
    "MLG-08": Spec(
        good=(CONFIGURATION, ENDPOINT, SCHEDULE),
        leaf="dataCaptureConfig.enableCapture",
        bad=False,
        settings=PRODUCTION,
        flips={"kmsKeyArn": "alias/aws/sagemaker", "productionVariants[0].initialInstanceCount": 1},
        extra=(
            Case("watched by a job definition", (CONFIGURATION, ENDPOINT, BY_JOB, JOB), "pass"),
            Case(
                "a job definition of another endpoint",
                (CONFIGURATION, ENDPOINT, BY_JOB, edited(JOB, "dataQualityJobInput.endpointInput.endpointName", "x")),
                "deny",
            ),
            Case(
                "a job definition that is not known",
                (
                    CONFIGURATION,
                    ENDPOINT,
                    edited(BY_JOB, "monitoringScheduleConfig.monitoringJobDefinitionName", UNKNOWN),
                    JOB,
                ),
                "unknown",
            ),
            Case("a job definition in another stack", (CONFIGURATION, ENDPOINT, BY_JOB), "deny"),
            Case("nobody watches", (CONFIGURATION, ENDPOINT), "deny"),
            Case("nobody watches, not in production", (CONFIGURATION, ENDPOINT), "pass", {}),
            Case(
                "one machine, not in production",
                (edited(CONFIGURATION, "productionVariants[0].initialInstanceCount", 1),),
                "pass",
                {},
            ),
            Case("no capture, not in production", (edited(CONFIGURATION, "dataCaptureConfig", {}),), "deny", {}),
            Case(
                "watched, by dependency",
                (CONFIGURATION, ENDPOINT, depending(monitoringScheduleConfig=ENDPOINT)(edited(SCHEDULE, OF, UNKNOWN))),
                "pass",
            ),
            Case(
                "two endpoints, one watched",
                (CONFIGURATION, ENDPOINT, SCHEDULE, replace(ENDPOINT, name="second", props={"name": "second"})),
                "deny",
            ),
            Case(
                "serverless",
                (
                    edited(CONFIGURATION, "productionVariants", [{"serverlessConfig": {"maxConcurrency": 5}}]),
                    ENDPOINT,
                    SCHEDULE,
                ),
                "pass",
            ),
            Case(
                "a truth for a count",
                (edited(CONFIGURATION, "productionVariants[0].initialInstanceCount", True), ENDPOINT, SCHEDULE),
                "deny",
            ),
            Case(
                "key unknown, of this stack",
                (depending(kmsKeyArn=KEY)(edited(CONFIGURATION, "kmsKeyArn", UNKNOWN)), ENDPOINT, SCHEDULE),
                "pass",
            ),
        ),
    ),
    "MLG-09": Spec(
        good=(CARD, GROUP),
        leaf="content",
        bad={"intended_uses": {}, "model_overview": {"model_owner": "x"}, "evaluation_details": [{}]},
        settings=PRODUCTION,
        equivalent={
            "delete content.evaluation_details[0].name": "an evaluation without a name is one as well",
            "flip content.evaluation_details[0].name": "what an evaluation is called is no matter",
            "flip content.intended_uses.intended_uses": "what the use is cannot be judged",
            "flip content.model_overview.model_owner": "who the owner is cannot be judged",
        },
        extra=(
            Case("not in production", (GROUP,), "pass", {}),
            Case("no card", (GROUP,), "deny"),
            Case("the card of another group", (edited(CARD, "modelCardName", "fraud"), GROUP), "deny"),
            Case("not JSON", (edited(CARD, "content", "{"), GROUP), "deny"),
            Case("a list", (edited(CARD, "content", "[]"), GROUP), "deny"),
            Case(
                "purpose instead of uses",
                (edited(CARD, "content.intended_uses", {"purpose_of_model": "x"}), GROUP),
                "pass",
            ),
            Case(
                "by dependency", (depending(modelCardName=GROUP)(edited(CARD, "modelCardName", UNKNOWN)), GROUP), "pass"
            ),
            Case("tags instead of a card", (tagged(),), "pass"),
            Case("a tag is missing", (tagged(evaluation=""),), "deny"),
            Case("a tag is not known", (tagged(evaluation=UNKNOWN),), "unknown"),
            Case("tags not known", (edited(GROUP, "tags", UNKNOWN),), "unknown"),
            Case("one tag not known, another missing", (tagged(evaluation=UNKNOWN, **{"model-owner": None}),), "deny"),
            Case("tags and a bad card", (tagged(), edited(CARD, "content", "{}")), "pass"),
            Case("a card of no group", (edited(CARD, "content", "{}"),), "pass"),
        ),
    ),
}
