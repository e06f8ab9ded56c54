"""The settings of an environment whose tracking server has a load balancer: no stack file has one, for want of a
certificate and of the controller that makes it.
"""

import copy
from typing import Any

from tests.support.stack_files import written


def with_load_balancer(environment: str) -> dict[str, Any]:
    """Return the settings of the stack file, with such a load balancer and its certificate."""
    settings = copy.deepcopy(written(environment))
    settings["tracking_server"]["load_balancer"] = {
        "hostname": f"mlflow.{environment}.example.org",
        "certificate_arn": f"arn:aws:acm:{settings['region']}:{settings['account_id']}:certificate/"
        "11111111-2222-3333-4444-555555555555",
        "source_ranges": ["10.0.0.0/8"],
    }
    return settings
