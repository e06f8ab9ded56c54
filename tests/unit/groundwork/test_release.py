"""Whose deletion protection is lifted before a destroy, and what of one that is gone already."""

from typing import Any

from groundwork.release import disposable, release


class GoneError(Exception):
    """What RDS says of a database that is not there."""


class FakeRds:
    """Records who was asked to let go."""

    class exceptions:  # noqa: N801 - as boto3 calls it
        DBInstanceNotFoundFault = GoneError

    def __init__(self) -> None:
        self.released: list[str] = []

    def modify_db_instance(self, **asked: Any) -> None:
        if asked["DBInstanceIdentifier"] == "gone":
            raise GoneError
        assert (asked["DeletionProtection"], asked["ApplyImmediately"]) == (False, True)
        self.released.append(asked["DBInstanceIdentifier"])


def database(name: str, *, skips: bool | None, **more: Any) -> dict[str, Any]:
    inputs = {} if skips is None else {"skipFinalSnapshot": skips}
    return {"type": "aws:rds/instance:Instance", "inputs": inputs, "outputs": {"identifier": name}, **more}


def test_only_a_database_that_leaves_no_snapshot_may_go() -> None:
    state = {
        "resources": [
            {"type": "pulumi:pulumi:Stack"},
            database("dev", skips=True),
            database("prod", skips=False),
            database("by-default", skips=None),
            database("never-made", skips=True, outputs={}),
        ]
    }
    assert disposable(state) == ["dev"]
    assert disposable({}) == []


def test_protection_is_lifted_and_one_that_is_gone_is_left_out() -> None:
    rds = FakeRds()
    release(["gone", "dev"], rds)
    assert rds.released == ["dev"]
