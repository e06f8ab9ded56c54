"""Each environment from nothing to nothing: built, unchanged, refreshed, changed in every way, imported, destroyed."""

from typing import Any

import pytest

from tests.support.project import Project
from tests.support.world import assert_state_and_world_agree, held


def unchanged(project: Project, operation: str, environment: str) -> None:
    project.pulumi(
        operation, "--yes", "--non-interactive", "--expect-no-changes", "-s", environment, environment=environment
    )


def let_go_of_data(settings: dict[str, Any]) -> None:
    """What a person has to write into the settings before data may be deleted."""
    for store in settings["stores"].values():
        store["protect"], store["force_destroy"] = False, True
    settings["container_registry"].update(protect=False, force_delete=True)
    settings["database"].update(protect=False, final_snapshot=False, apply_immediately=True)
    settings["audit_trail"]["protect"] = False


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_an_environment_lives_and_leaves_nothing(project: Project, environment: str) -> None:
    project.groundwork("up", environment)
    built = held(project, environment)
    assert len(built["bucket"]) >= 5
    assert_state_and_world_agree(project, environment)

    unchanged(project, "up", environment)
    unchanged(project, "refresh", environment)
    assert held(project, environment) == built, "a second up and a refresh make nothing"

    if environment == "prod":
        refused = project.groundwork("destroy", "prod", "--yes", check=False)
        assert refused.returncode == 1
        assert "artifacts-bucket" in refused.stderr
        assert "--unprotect" in refused.stderr
        assert held(project, environment)["bucket"] == built["bucket"], "a refused destroy deletes no data"


def retire(project: Project, environment: str) -> None:
    """By hand, what docs/architecture.md says about retiring an environment whose data may go."""
    rds = project.account(environment).client("rds")
    for instance in rds.describe_db_instances()["DBInstances"]:
        rds.modify_db_instance(
            DBInstanceIdentifier=instance["DBInstanceIdentifier"], DeletionProtection=False, ApplyImmediately=True
        )
    project.groundwork("destroy", environment, "--yes", "--unprotect")


def test_prod_can_be_retired_by_hand_and_then_leaves_nothing_but_its_last_snapshot(project: Project) -> None:
    project.groundwork("up", "prod")
    stopped = project.groundwork("destroy", "prod", "--yes", "--unprotect", check=False)
    assert stopped.returncode == 1
    assert "DeletionProtection is enabled" in stopped.stdout, stopped.stdout
    retire(project, "prod")
    assert held(project, "prod") == {}
    snapshots = project.account("prod").client("rds").describe_db_snapshots()["DBSnapshots"]
    assert [snapshot["Status"] for snapshot in snapshots] == ["available"]


def test_the_settings_of_prod_cannot_let_go_of_its_data(project: Project) -> None:
    project.change(let_go_of_data, "prod")
    refused = project.groundwork("up", "prod", check=False)
    assert refused.returncode == 1
    for path in ("stores.artifacts.protect", "stores.artifacts.force_destroy", "database.final_snapshot"):
        assert path in refused.stdout, refused.stdout
