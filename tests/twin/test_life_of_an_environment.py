"""Each environment from nothing to nothing: built, unchanged, refreshed, changed in every way, imported, destroyed."""

from typing import Any

from tests.support.project import Project
from tests.support.world import (
    assert_held_as_before,
    assert_nothing_is_left,
    assert_state_and_world_agree,
    held,
    volumes_of_claims,
)
from tests.twin import peoples_work
from twin import inventory


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


def test_dev_lives_and_leaves_nothing_not_even_peoples_work(project: Project) -> None:
    up_and_unchanged(project, "dev")
    own = len(volumes_of_claims(project, "dev"))
    assert own, "Prometheus has one"
    peoples_work.begin(project)
    done = project.groundwork("destroy", "dev", "--yes", "--unprotect")
    said = done.stdout + done.stderr
    assert f"{peoples_work.LOAD_BALANCERS} load balancers" in said, said
    assert f"{own + peoples_work.VOLUMES} volume claims" in said, said
    assert_nothing_is_left(project, "dev")


def test_prod_lives_keeps_its_data_and_can_be_retired_by_hand(project: Project) -> None:
    """By hand, step by step, what docs/architecture.md says about retiring an environment whose data may go."""
    built = up_and_unchanged(project, "prod")
    aws, own = project.account("prod"), volumes_of_claims(project, "prod")
    assert own, "what Prometheus and Alertmanager keep"

    refused = project.groundwork("destroy", "prod", "--yes", check=False)
    assert refused.returncode == 1
    assert "artifacts-bucket" in refused.stderr
    assert "--unprotect" in refused.stderr
    assert_held_as_before(project, built, "prod")  # a refused destroy deletes nothing

    held_back = {
        "DeletionProtection is enabled": lambda: aws.client("rds").modify_db_instance(
            DBInstanceIdentifier="groundwork-prod-registry", DeletionProtection=False, ApplyImmediately=True
        ),
        "cannot be deleted because deletion protection is enabled": lambda: aws.client("eks").update_cluster_config(
            name="groundwork-prod", deletionProtection=False
        ),
    }
    while held_back:  # the engine deletes both at the same time, and stops at the first that is refused
        stopped = project.groundwork("destroy", "prod", "--yes", "--unprotect", check=False)
        assert stopped.returncode == 1
        told = [words for words in held_back if words in stopped.stdout]
        assert told, stopped.stdout
        for words in told:
            held_back.pop(words)()

    project.groundwork("destroy", "prod", "--yes", "--unprotect")
    assert held(project, "prod") == {"volume": tuple(sorted(own))}, "volumes of a class that says Retain stay"
    for volume in own:
        aws.client("ec2").delete_volume(VolumeId=volume)
    assert_nothing_is_left(project, "prod")
    snapshots = aws.client("rds").describe_db_snapshots()["DBSnapshots"]
    assert [snapshot["Status"] for snapshot in snapshots] == ["available"]


def up_and_unchanged(project: Project, environment: str) -> inventory.Inventory:
    """Build it; run everything again that must find nothing to do; what the account holds."""
    project.groundwork("up", environment)
    built = held(project, environment)
    assert len(built["bucket"]) >= 5
    assert_state_and_world_agree(project, environment)

    unchanged(project, "up", environment)
    unchanged(project, "refresh", environment)
    assert_held_as_before(project, built, environment)
    return held(project, environment)


def test_the_settings_of_prod_cannot_let_go_of_its_data(project: Project) -> None:
    project.change(let_go_of_data, "prod")
    refused = project.groundwork("up", "prod", check=False)
    assert refused.returncode == 1
    for path in ("stores.artifacts.protect", "stores.artifacts.force_destroy", "database.final_snapshot"):
        assert path in refused.stdout, refused.stdout
