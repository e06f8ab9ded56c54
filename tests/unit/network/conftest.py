"""How the tests of this room make a network."""

from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from components.network.network import Network, NetworkArgs, NetworkSettings
from tests.support.recorder import ACCOUNT_ID, REGION, Recorder, run_program

LOGS_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/logs"
BOUNDARY = f"arn:aws:iam::{ACCOUNT_ID}:policy/groundwork-dev-boundary"
ZONES = ("eu-west-1a", "eu-west-1b", "eu-west-1c")

Build = Callable[..., Network]


@pytest.fixture
def build(recorder: Recorder) -> Build:  # the mocks must be in place
    """Return a function that makes a network of `zones` zones and lets every registration land."""

    def build(zones: int = 2, **settings: Any) -> Network:
        args = NetworkArgs(
            settings=NetworkSettings.model_validate({"cidr": "10.20.0.0/16"} | settings),
            account_id=ACCOUNT_ID,
            region=REGION,
            environment="dev",
            zones=ZONES[:zones],
            logs_key_arn=pulumi.Output.from_input(LOGS_KEY),
            boundary_arn=BOUNDARY,
        )
        return run_program(lambda: Network("network", args))

    return build
