"""Decides what is read of CloudWatch, by what right, and that it is what rules and dashboards ask for."""

import re
from typing import Any

import pulumi
import pytest
import yaml

from components.monitoring.cloudwatch_exporter import (
    CloudWatchExporter,
    CloudWatchExporterArgs,
    CloudWatchExporterSettings,
)
from components.monitoring.cloudwatch_metrics import WatchedResources, configuration
from tests.support.recorder import ACCOUNT_ID, REGION, Recorder, run_program
from tests.unit.monitoring.queries import metrics_of, panel_queries, rule_queries
from tests.unit.security.evaluator import decision

IMAGE = f"{ACCOUNT_ID}.dkr.ecr.{REGION}.amazonaws.com/groundwork-dev-cloudwatch-exporter@sha256:{'0' * 64}"
ALL = WatchedResources(
    databases=("groundwork-dev-registry",),
    queues=("groundwork-dev-registry-events", "groundwork-dev-registry-events-dead-letter"),
    buckets=("artifacts",),
    build_projects=("groundwork-dev-build",),
    certificates=("arn:aws:acm:eu-west-1:111122223333:certificate/a",),
)


@pytest.fixture
def built(recorder: Recorder) -> Recorder:
    args = CloudWatchExporterArgs(
        settings=CloudWatchExporterSettings(image=IMAGE),
        account_id=ACCOUNT_ID,
        region=REGION,
        environment="dev",
        boundary_arn="boundary",
        cluster_name=pulumi.Output.from_input("groundwork-dev"),
        resources=ALL,
    )
    run_program(lambda: CloudWatchExporter("cloudwatch-exporter", args))
    return recorder


def snake(name: str) -> str:
    """Return what the exporter makes of a word: PromString of its pkg/promutil/prometheus.go."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("/", "_").lower()


def jobs() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = configuration(REGION, ALL)["static"]
    return found


def test_every_metric_that_is_asked_for_is_read_and_none_is_paid_for_in_vain() -> None:
    asked = {
        metric
        for _, query in [*rule_queries(), *panel_queries()]
        for metric in metrics_of(query)
        if metric.startswith("aws_")
    }
    read = {
        f"{job['namespace'].lower().replace('/', '_')}_{snake(metric['name'])}_{statistic.lower()}"
        for job in jobs()
        for metric in job["metrics"]
        for statistic in metric["statistics"]
    }
    assert read == asked


def test_labels_that_queries_group_by_are_the_dimensions() -> None:
    queries = " ".join(query for _, query in [*rule_queries(), *panel_queries()])
    named = set(re.findall(r"dimension_(\w+)", queries))
    assert named <= {dimension["name"] for job in jobs() for dimension in job["dimensions"]}


def test_a_resource_is_looked_at_by_its_name() -> None:
    assert {job["name"] for job in jobs()} == {name for names in ALL.model_dump().values() for name in names}
    (database,) = [job for job in jobs() if job["namespace"] == "AWS/RDS"]
    assert database["dimensions"] == [{"name": "DBInstanceIdentifier", "value": "groundwork-dev-registry"}]


def test_what_cloudwatch_has_once_a_day_is_looked_for_in_two() -> None:
    for job in jobs():
        if job["namespace"] == "AWS/S3":
            assert {metric["length"] for metric in job["metrics"]} == {2 * 86400}


def test_its_role_reads_metrics_and_nothing_else(built: Recorder) -> None:
    rights = built.one("cloudwatch-exporter-identity-rights").inputs["policy"]
    assert decision(rights, "cloudwatch:GetMetricStatistics", "*", {}) == "Allow"
    for action in (
        "cloudwatch:PutMetricData",
        "cloudwatch:DeleteAlarms",
        "logs:GetLogEvents",
        "rds:DescribeDBInstances",
    ):
        assert decision(rights, action, "*", {}) == "none"


def test_it_is_told_what_it_looks_at(built: Recorder) -> None:
    told = built.one("cloudwatch-exporter-configuration").inputs["data"]["config.yml"]
    assert yaml.safe_load(told) == configuration(REGION, ALL)


def test_a_new_configuration_is_a_new_pod(built: Recorder) -> None:
    template = built.one("cloudwatch-exporter-deployment").inputs["spec"]["template"]
    assert template["metadata"]["annotations"]["groundwork.io/configuration"]


def test_it_is_restricted_and_has_no_token(built: Recorder) -> None:
    pod = built.one("cloudwatch-exporter-deployment").inputs["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
