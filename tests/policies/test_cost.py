"""What CST-03 repairs of a volume alone."""

from typing import Any

import pytest

from policies.config import DEFAULTS
from tests.policies.harness import BY_ID, UNKNOWN

ZONE = {"availabilityZone": "eu-west-1a"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({**ZONE, "type": "gp2"}, {**ZONE, "type": "gp3"}),
        ({**ZONE}, {**ZONE, "type": "gp3"}),
        ({**ZONE, "type": "io1"}, {**ZONE, "type": "io2"}),
        ({**ZONE, "type": "st1"}, {**ZONE, "type": "st1"}),
        ({**ZONE, "type": UNKNOWN}, {**ZONE, "type": UNKNOWN}),
        ({"provisioner": "ebs.csi.aws.com", "parameters": {}}, {"provisioner": "ebs.csi.aws.com", "parameters": {}}),
    ],
)
def test_a_volume_gets_its_newer_type_and_a_class_stays(before: dict[str, Any], after: dict[str, Any]) -> None:
    changed = before != after
    assert BY_ID["CST-03"].repair(before, DEFAULTS) is changed
    assert before == after
