"""What programs in the cluster ask AWS for by the clock: the CloudWatch exporter, whether or not anybody looks.

It asks for each metric by itself each time, as its configuration says, which is beside its Deployment.

Source: yet-another-cloudwatch-exporter, "static" jobs (GetMetricStatistics, one call a metric); CloudWatch pricing: API
        requests, without the million a month that every account has free.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

import yaml

from groundwork.cost.charges import HOURS, Charge, Resource
from groundwork.policy.sources import Saved
from policies.values import plain

INTERVAL_FLAG: Final = "scraping-interval"
CONFIGURATION: Final = "config.yml"
"""Of yet-another-cloudwatch-exporter; a test compares both with the component."""
_FLAG: Final = re.compile(rf"--?{INTERVAL_FLAG}=(\d+)")
_CONFIG_MAP: Final = "kubernetes:core/v1:ConfigMap"
_PRICE: Final = "cloudwatch.request"
_HOUR: Final = 3600


def asked_by(deployment: Resource) -> Iterator[Charge]:
    """Yield what a Deployment asks CloudWatch for; nothing where it is no exporter of its metrics."""
    seconds = _interval(deployment)
    if seconds is None:
        return
    metrics = _metrics(deployment.siblings)
    if metrics is None:
        yield Charge(_PRICE, None, "which metrics it asks for is not known")
    else:
        yield Charge(_PRICE, HOURS * _HOUR / seconds * metrics)


def _interval(deployment: Resource) -> Decimal | None:
    for container in deployment["spec"]["template"]["spec"]["containers"].each():
        for argument in container["args"].each():
            found = _FLAG.fullmatch(str(argument.value))
            if found:
                return Decimal(found[1])
    return None


def _metrics(beside: Any) -> int | None:
    """Return how many metrics the configuration names, in all regions and of all resources."""
    texts = [_text(one) for one in beside if one.type == _CONFIG_MAP]
    found = [text for text in texts if text is not None]
    if len(found) != 1:
        return None
    try:
        jobs = yaml.safe_load(found[0])["static"]
        return sum(len(job["regions"]) * len(job["metrics"]) for job in jobs)
    except (yaml.YAMLError, KeyError, TypeError):
        return None


def _text(config_map: Saved) -> str | None:
    data = plain(dict(config_map.inputs)).get("data")
    text = data.get(CONFIGURATION) if isinstance(data, dict) else None
    return text if isinstance(text, str) else None
