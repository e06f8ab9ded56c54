"""Settings of pools of runners that no stack file has by itself, since each costs something or needs an account."""

import copy
from typing import Any

from tests.support.stack_files import written

SCALE_SET = "gpu"
"""The name of the pool."""


def scale_set(environment: str) -> dict[str, Any]:
    """Return what a stack file says about a scale set on the environment's GPU nodes, as docs/runners.md shows it."""
    ecr = f"{written(environment)['account_id']}.dkr.ecr.eu-west-1.amazonaws.com/groundwork-{environment}"
    return {
        "kind": "actions-runner-controller",
        "repository": "octo-org/groundwork",
        "node_pool": "training",
        "image": f"{ecr}-actions-runner@sha256:{'a1' * 32}",
        "controller_image": f"{ecr}-runner-controller@sha256:{'b2' * 32}",
        "credentials_image": f"{ecr}-runner-credentials@sha256:{'c3' * 32}",
        "max_runners": 2,
        "egress_ranges": ["140.82.112.0/20", "192.30.252.0/22"],
    }


def with_scale_set(environment: str) -> dict[str, Any]:
    """Return the settings of the stack file, with such a pool and the repositories of its images."""
    settings = copy.deepcopy(written(environment))
    settings["runners"][SCALE_SET] = scale_set(environment)
    settings["container_registry"]["repositories"] += ["actions-runner", "runner-controller", "runner-credentials"]
    return settings
