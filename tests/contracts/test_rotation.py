"""What the tag of a secret says rotates it is there, and runs in every month."""

import pytest

from components.security.secret import ROTATION_KEY
from tests.support.program import recorded
from tests.support.stack_files import ENVIRONMENTS

SECRET, CRON_JOB = "aws:secretsmanager/secret:Secret", "kubernetes:batch/v1:CronJob"


def rotators(environment: str) -> set[str]:
    """Return the CronJobs that run in every month, by namespace and name."""
    found = set()
    for made in recorded(environment).of_type(CRON_JOB):
        metadata, spec = made.inputs["metadata"], made.inputs["spec"]
        if spec["schedule"].split()[3] == "*" and not spec.get("suspend"):
            found.add(f"{metadata['namespace']}/{metadata['name']}")
    return found


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_whatever_is_said_to_rotate_a_secret_does_so(environment: str) -> None:
    named = {made.inputs["tags"][ROTATION_KEY] for made in recorded(environment).of_type(SECRET)}
    assert named
    assert named <= rotators(environment)
