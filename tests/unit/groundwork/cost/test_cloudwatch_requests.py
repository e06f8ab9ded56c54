"""The CloudWatch exporter is charged by its own configuration: how many metrics, how often."""

from decimal import Decimal
from typing import Any

import pytest

from components.monitoring.cloudwatch_exporter import CONFIGURATION
from components.monitoring.cloudwatch_metrics import WatchedResources, configuration
from components.monitoring.data_files import written
from groundwork.cost import prices
from groundwork.cost.estimate import Estimate, estimate
from groundwork.cost.use import IDLE
from groundwork.policy.sources import Saved
from policies.values import SENTINELS
from tests.unit.groundwork.cost.stacks import component, made, stack, urn

EXPORTER = "groundwork:monitoring:CloudWatchExporter"
UNKNOWN = next(iter(SENTINELS))


def priced(text: Any, flag: str = "-scraping-interval=300") -> Estimate:
    def inside(token: str, name: str, inputs: dict[str, Any]) -> Saved:
        return made(token, name, inputs, parent=urn(EXPORTER, "exporter"))

    container = {"name": "exporter", "args": ["-listen-address=:5000", flag]}
    return estimate(
        stack(
            component(EXPORTER, "exporter"),
            made("aws:eks/cluster:Cluster", "eks", {"upgradePolicy": {"supportType": "STANDARD"}}),
            inside("kubernetes:core/v1:ConfigMap", "configuration", {"data": {CONFIGURATION: text}}),
            inside(
                "kubernetes:apps/v1:Deployment",
                "exporter",
                {"spec": {"template": {"spec": {"containers": [container]}}}},
            ),
        ),
        prices.load(),
        IDLE,
    )


def requests(found: Estimate) -> list[Decimal | None]:
    return [line.quantity for line in found.lines if line.price == "cloudwatch.request"]


def test_each_metric_is_asked_for_each_time() -> None:
    """Seven of a database and three of each of two queues: 13, twelve times an hour: 13 x 12 x 730 = 113,880."""
    text = written(configuration("eu-west-1", WatchedResources(databases=("a",), queues=("b", "c"))))
    assert requests(priced(text)) == [Decimal(113_880)]
    assert requests(priced(text, "-scraping-interval=600")) == [Decimal(56_940)]


def test_what_is_no_exporter_of_cloudwatch_asks_for_nothing() -> None:
    assert requests(priced("static: []", "-verbose")) == []


@pytest.mark.parametrize("text", [UNKNOWN, "static", "{", "static: [{}]"], ids=["unknown", "text", "broken", "empty"])
def test_a_configuration_that_is_not_known_is_named(text: str) -> None:
    (line,) = [line for line in priced(text).unknown if line.price == "cloudwatch.request"]
    assert "which metrics it asks for is not known" in line.unknown
