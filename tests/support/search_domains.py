"""The settings of an environment with a search domain for logs, which no stack file has: it costs too much to idle."""

import copy
from typing import Any

from tests.support.stack_files import written

DAYS = 14


def with_search_domain(environment: str) -> dict[str, Any]:
    """Return the settings of the stack file, with such a domain and the repository of its image."""
    settings = copy.deepcopy(written(environment))
    ecr = f"{settings['account_id']}.dkr.ecr.eu-west-1.amazonaws.com/groundwork-{environment}"
    logs = settings["monitoring"]["logs"]
    classes = logs.get("retention_in_days", {"internal": 0, "confidential": 0})
    logs["opensearch"] = {
        "setup_image": f"{ecr}-opensearch-setup@sha256:{'d4' * 32}",
        "instance_count": 2 * len(settings["zones"]),
        "source_ranges": ["10.0.0.0/8"],
        "days": dict.fromkeys(classes, DAYS),
    }
    settings["container_registry"]["repositories"].append("opensearch-setup")
    return settings
