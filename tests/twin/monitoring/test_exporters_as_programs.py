"""Exporters that can run here, by their own programs: what they are told and what they tell.

The CloudWatch exporter asks the twin's CloudWatch with the rights of its role; the node exporter reads this machine.
"""

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from components.monitoring import cloudwatch_exporter, node_exporter
from components.monitoring.cloudwatch_metrics import WatchedResources, configuration
from tests.support.waiting import eventually
from tests.twin.corrections.conftest import kubernetes_bin, postgres_bin, twin  # noqa: F401
from tests.twin.corrections.server import ACCOUNT, REGION, Twin
from tests.unit.monitoring.queries import metrics_of, panel_queries, rule_queries
from tools.monitoring.programs import CLOUDWATCH_EXPORTER, NODE_EXPORTER, Piece, ensure
from tools.progress import Progress
from twin import loopback_ports

SECONDS = 120.0
ALL = WatchedResources(
    databases=("groundwork-dev-registry",),
    queues=("groundwork-dev-registry-events",),
    buckets=("artifacts",),
    build_projects=("groundwork-dev-build",),
    certificates=(f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/a",),
)
SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)


@contextmanager
def running(piece: Piece, flags: Sequence[str], log: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """Run an exporter until the block ends."""
    program = ensure(piece, Progress()) / "bin" / piece.entry_point[0]
    with log.open("wb") as said:
        process = subprocess.Popen([program, *flags], stdout=said, stderr=said, env=dict(environment))
    try:
        yield
        assert process.poll() is None, log.read_text()
    finally:
        process.terminate()
        process.wait(30)


def told(port: int) -> list[tuple[str, dict[str, str], float]]:
    """The samples that an exporter tells: a metric, its labels, its value; none while it does not answer."""
    try:
        text = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text
    except (requests.ConnectionError, requests.Timeout):
        return []
    return [
        (name, dict(re.findall(r'(\w+)="([^"]*)"', labels)), float(value))
        for name, labels, value in SAMPLE.findall(text)
    ]


def here(flags: Sequence[str], port: int) -> list[str]:
    """The flags of the pod, with an address of this machine's loopback: in the pod it is every address."""
    return [re.sub(r"(listen-address=):\d+$", rf"\g<1>127.0.0.1:{port}", flag) for flag in flags]


def asked_for(prefix: str) -> set[str]:
    """The metrics that rules and panels ask for."""
    queries = [*rule_queries(), *panel_queries()]
    asked = {metric for _, query in queries for metric in metrics_of(query)}
    return {metric for metric in asked if metric.startswith(prefix) and ":" not in metric}


def measure(cloudwatch: Any) -> dict[tuple[str, str], float]:
    """Give CloudWatch a value of each metric that is watched; by resource and metric, what was given."""
    when = datetime.now(UTC) - timedelta(seconds=30)
    given: dict[tuple[str, str], float] = {}
    for job in configuration(REGION, ALL)["static"]:
        dimensions = [{"Name": one["name"], "Value": one["value"]} for one in job["dimensions"]]
        for metric in job["metrics"]:
            value = float(len(given) + 1)
            given[job["name"], metric["name"]] = value
            cloudwatch.put_metric_data(
                Namespace=job["namespace"],
                MetricData=[
                    {"MetricName": metric["name"], "Value": value, "Timestamp": when, "Dimensions": dimensions}
                ],
            )
    return given


@pytest.fixture(scope="module")
def read(twin: Twin, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[Any, float], list[Any]]:  # noqa: F811
    """What CloudWatch was given, and what the exporter says that it has read of it."""
    folder = tmp_path_factory.mktemp("exporter")
    given = measure(twin.client("cloudwatch"))
    credentials = twin.role("cloudwatch-exporter", *map(dict, cloudwatch_exporter.rights()))
    (folder / "config.yml").write_text(yaml.safe_dump(configuration(REGION, ALL)))
    (port,) = loopback_ports.free(1)
    flags = [
        re.sub(r"(config.file=).*", rf"\g<1>{folder / 'config.yml'}", flag)
        for flag in here(cloudwatch_exporter.flags(300), port)
    ]
    environment = {
        **cloudwatch_exporter.environment(REGION),
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{twin.known.http_port}",
        "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
        "AWS_SESSION_TOKEN": credentials["SessionToken"],
    }
    with running(CLOUDWATCH_EXPORTER, flags, folder / "log", environment):
        assert eventually(lambda: _answers(port, "/healthz"), "it lives", SECONDS)

        def all_of_them() -> list[Any]:
            """It tells of each resource as soon as it has read that."""
            samples = told(port)
            return samples if sum(name.startswith("aws_") for name, _, _ in samples) == len(given) else []

        samples = eventually(all_of_them, "it has read everything that it was told to", SECONDS)
    return given, samples


def _answers(port: int, path: str) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}{path}", timeout=10).ok
    except (requests.ConnectionError, requests.Timeout):
        return False


def test_the_cloudwatch_exporter_reads_every_metric_by_its_roles_rights(read: tuple[Any, Any]) -> None:
    given, samples = read
    values = {(labels["name"], name): value for name, labels, value in samples if name.startswith("aws_")}
    assert sorted(values.values()) == sorted(given.values())
    assert (
        values["groundwork-dev-registry", "aws_rds_database_connections_maximum"]
        == (given["groundwork-dev-registry", "DatabaseConnections"])
    )


def test_it_calls_them_as_rules_and_panels_do(read: tuple[Any, Any]) -> None:
    _, samples = read
    assert {name for name, _, _ in samples if name.startswith("aws_")} == asked_for("aws_")
    assert asked_for("yace_") - {"yace_cloudwatch_request_errors"} <= {name for name, _, _ in samples}
    labels = {label for name, found, _ in samples if name.startswith("aws_") for label in found}
    queries = " ".join(query for _, query in [*rule_queries(), *panel_queries()])
    assert {f"dimension_{one}" for one in re.findall(r"dimension_(\w+)", queries)} <= labels


def test_the_node_exporter_tells_what_rules_and_panels_ask_for(tmp_path: Path) -> None:
    """The one thing that is another here: this machine has no file system at the pod's path."""
    (port,) = loopback_ports.free(1)
    flags = [one.replace(f"^{node_exporter.DISK}$", "^/$") for one in here(node_exporter.flags(), port)]
    with running(NODE_EXPORTER, flags, tmp_path / "log", {}):
        samples = eventually(lambda: told(port), "it answers", SECONDS)
    names = {name for name, _, _ in samples}
    assert asked_for("node_") <= names
    assert {labels["mountpoint"] for name, labels, _ in samples if name.startswith("node_filesystem")} == {"/"}
    collectors = {labels["collector"] for name, labels, _ in samples if name == "node_scrape_collector_success"}
    assert collectors == set(node_exporter.COLLECTORS)
