"""The policies stop a real `preview` and a real `up`: the net fires in the engine, not only in its own tests."""

import re

import pytest

from tests.support.project import Project
from twin import inventory

PROGRAM = """\
import pulumi
from pulumi_aws import iam, s3
from pulumi_aws.provider import Provider

opts = pulumi.ResourceOptions(provider=Provider("aws", region="eu-west-1"))
s3.Bucket("naked", opts=opts)
iam.Role("open", opts=opts, assume_role_policy='''{
  "Version": "2012-10-17",
  "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]
}''')
"""


@pytest.fixture
def careless(project: Project) -> Project:
    """A program that nobody should deploy."""
    (project.root / "stacks").unlink()
    (project.root / "stacks").mkdir()
    (project.root / "stacks/__main__.py").write_text(PROGRAM)
    return project


def test_a_careless_program_is_stopped_at_preview_and_at_up_and_makes_nothing(careless: Project) -> None:
    for command in ("preview", "up"):
        stopped = careless.groundwork(command, "dev", check=False)
        assert stopped.returncode == 2, stopped.stdout + stopped.stderr
        assert re.search(r"ENC-01 mandatory\n  naked: ", stopped.stdout), stopped.stdout
        assert re.search(r"ACC-05 mandatory\n  open: ", stopped.stdout), stopped.stdout
        assert "Traceback" not in stopped.stdout + stopped.stderr
    assert inventory.take(careless.account()) == {}


def test_an_up_without_a_preview_is_stopped_before_the_role_is_made(careless: Project) -> None:
    careless.groundwork("twin", "start")
    stopped = careless.pulumi(
        "up", "--yes", "--skip-preview", "--non-interactive", "-s", "dev", "--policy-pack", "policies", check=False
    )
    assert stopped.returncode != 0
    assert "ACC-05" in stopped.stdout + stopped.stderr
    assert "role" not in inventory.take(careless.account())
