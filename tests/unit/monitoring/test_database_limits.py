"""Decides what the limit of a class is taken for; that RDS does so cannot be tried here."""

import pytest

from components.monitoring.database_limits import connections_of


@pytest.mark.parametrize(
    ("instance_class", "connections"),
    [
        ("db.t4g.micro", 90),
        ("db.t4g.medium", 360),
        ("db.t4g.large", 720),
        ("db.m7g.large", 720),
        ("db.m7g.xlarge", 1441),
        ("db.r6g.2xlarge", 5000),
        ("db.m7g.16xlarge", 5000),
    ],
)
def test_a_class_can_have_so_many(instance_class: str, connections: int) -> None:
    assert connections_of(instance_class) == connections


@pytest.mark.parametrize("instance_class", ["db.z1d.large", "db.m7g.metal", "m7g.large", "db.serverless"])
def test_of_a_class_that_nobody_knows_nothing_is_claimed(instance_class: str) -> None:
    assert connections_of(instance_class) is None
