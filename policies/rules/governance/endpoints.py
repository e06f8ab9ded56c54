"""MLG-08: what a served model is asked is kept and watched, and no single machine serves it."""

from collections.abc import Iterator

from pulumi_policy import Severity

from policies.config import Settings
from policies.index import Resource, Stack
from policies.rule import (
    Findings,
    LocatedFindings,
    Rule,
    StackRule,
    Undecided,
    Violation,
    is_cmk,
    is_true,
    require,
)
from policies.tokens import aws
from policies.values import Node

CONFIGURATION = aws("sagemaker/endpointConfiguration:EndpointConfiguration")
ENDPOINT = aws("sagemaker/endpoint:Endpoint")
SCHEDULE = aws("sagemaker/monitoringSchedule:MonitoringSchedule")
JOB = aws("sagemaker/dataQualityJobDefinition:DataQualityJobDefinition")
NAMES = ("name", "id", "arn")


def _several(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 1


def _configuration(resource: Resource, settings: Settings) -> Findings:
    yield from is_cmk(resource["kmsKeyArn"], "volumes of the endpoint have no customer managed key")
    captured = resource["dataCaptureConfig"]["enableCapture"]
    yield from is_true(captured, "what the model is asked and answers is not kept")
    if settings.production:
        for variant in resource["productionVariants"].each():
            if not variant["serverlessConfig"].is_set:
                count = variant["initialInstanceCount"]
                yield from require(count, _several, "a single machine serves the model", "2 machines or more")


def _watched(stack: Stack) -> Iterator[tuple[Resource, Node]]:
    """Yield what names the endpoint of each monitoring schedule: the schedule itself, or its job definition."""
    for schedule in stack.of(SCHEDULE):
        config = schedule["monitoringScheduleConfig"]
        inline = config["monitoringJobDefinition"]
        if inline.value is not None:
            yield schedule, inline["monitoringInputs"]["endpointInput"]["endpointName"]
            continue
        reference = stack.reference(schedule, config["monitoringJobDefinitionName"], JOB, NAMES)
        for job in reference.targets:
            yield job, job["dataQualityJobInput"]["endpointInput"]["endpointName"]
        if not reference.targets and not reference.certain:
            yield schedule, config["monitoringJobDefinitionName"]


def _endpoints_are_watched(stack: Stack, settings: Settings) -> LocatedFindings:
    for resource in stack.of(CONFIGURATION):
        yield from ((resource, finding) for finding in _configuration(resource, settings))
    if not settings.production or not stack.of(ENDPOINT):
        return
    certain: set[str] = set()
    possible: list[tuple[Resource, Node]] = []
    for source, node in _watched(stack):
        reference = stack.reference(source, node, ENDPOINT, NAMES)
        if reference.certain:
            certain |= {target.urn for target in reference.targets}
        else:
            possible.append((source, node))
    for endpoint in stack.of(ENDPOINT):
        if endpoint.urn in certain:
            continue
        if possible:
            source, node = possible[0]
            yield source, Undecided(node.path)
        else:
            missing = "a sagemaker.MonitoringSchedule whose endpoint_input names it"
            yield endpoint, Violation("", "nobody notices when the model drifts", missing, companion=True)


RULES: tuple[Rule, ...] = (
    StackRule(
        id="MLG-08",
        requirement="An endpoint encrypts and captures what it is asked; in production it is watched and redundant.",
        why="What a model was asked and answered is needed to notice drift, and is personal data at the same time.",
        fix='sagemaker.EndpointConfiguration(kms_key_arn=key.arn, data_capture_config={"enable_capture": True, ...}); '
        "in production initial_instance_count=2 and a sagemaker.MonitoringSchedule",
        types=CONFIGURATION | ENDPOINT,
        joins=SCHEDULE | JOB,
        severity=Severity.HIGH,
        controls=("F:SageMaker.4", "AIA-12", "AIA-72", "ISO42-A.6.2.6"),
        check=_endpoints_are_watched,
    ),
)
