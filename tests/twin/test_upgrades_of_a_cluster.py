"""Upgrades of a cluster under the real engine: the next version is made, a skipped one and a step back are refused."""

from collections.abc import Iterator

import pytest

from tests.support.engine import Engine

PROGRAM = """\
from components.cluster.upgrades import version_check
from pulumi_aws import eks

network = ec2.Vpc("network", cidr_block="10.9.0.0/16", opts=on_aws())
subnets = [
    ec2.Subnet(f"subnet-{{zone}}", vpc_id=network.id, cidr_block=f"10.9.{{number}}.0/24",
               availability_zone=f"eu-west-1{{zone}}", opts=on_aws())
    for number, zone in enumerate("ab")
]
role = iam.Role("role", assume_role_policy=trust.replace("ec2.amazonaws.com", "eks.amazonaws.com"), opts=on_aws())
eks.Cluster(
    "cluster", name="upgraded", version="{version}", role_arn=role.arn,
    vpc_config={{"subnet_ids": [subnet.id for subnet in subnets]}},
    opts=on_aws(hooks=version_check("cluster")),
)
"""


def program(version: str) -> str:
    return PROGRAM.format(version=version)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    made = Engine.make(tmp_path_factory.mktemp("upgrades"))
    yield made
    made.project.stop()


def version(engine: Engine) -> str:
    found: str = engine.aws.client("eks").describe_cluster(name="upgraded")["cluster"]["version"]
    return found


def test_a_cluster_goes_up_version_by_version_and_no_other_way(engine: Engine) -> None:
    engine.up(program("1.34"))

    said = engine.refused(program("1.36"))
    assert "groundwork:settings.cluster.version" in said
    assert "problem: upgraded has 1.34, and a cluster goes up one minor version at a time" in said
    assert "allowed: 1.34 (as it is) or 1.35" in said
    done = engine.pulumi("up", "--yes", "--skip-preview", check=False)
    assert done.returncode != 0, "an update without a preview is checked as well"
    assert version(engine) == "1.34"

    assert ("update", "cluster") in engine.up(program("1.35"))
    assert version(engine) == "1.35"
    assert ("update", "cluster") in engine.up(program("1.36"))
    assert version(engine) == "1.36"
    engine.no_change()

    assert "upgraded has 1.36, and a cluster never goes back" in engine.refused(program("1.35"))
