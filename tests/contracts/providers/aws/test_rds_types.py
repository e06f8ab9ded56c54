"""RDS types: versions, passwords, final snapshots, and what forces a new instance."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from tests.contracts.providers.aws.driver import Driver, Resource
from tests.contracts.providers.aws.examples import World, all_examples
from twin.providers.aws.types._rds_instance import EngineVersion

INSTANCE = "aws:rds/instance:Instance"
_EXAMPLE = next(example for example in all_examples() if example.token == INSTANCE)


@pytest.fixture(scope="module")
def made(driver: Driver, world: World) -> tuple[Resource, dict[str, Any]]:
    """An instance for all tests of this file: what one changes, it changes back."""
    inputs = {**_EXAMPLE.inputs(world), "deletionProtection": False}
    return driver.create(INSTANCE, world.name("it"), inputs), inputs


@pytest.mark.parametrize(
    ("there", "wanted", "content"),
    [
        ("17.4", "17", True),
        ("17.4", "17.4", True),
        ("17.4", "17.5", False),
        ("17.4", "1", False),
        ("17", "17.4", False),
    ],
)
def test_a_version_is_content_with_what_it_begins(there: str, wanted: str, content: bool) -> None:
    assert EngineVersion("version", (str,)).same(there, wanted) is content


def test_an_instance_is_imported_by_its_identifier(made: tuple[Resource, dict[str, Any]], driver: Driver) -> None:
    resource, inputs = made
    imported = driver.read(Resource(INSTANCE, resource.name, inputs["identifier"]))
    assert imported is not None
    assert imported.id == resource.id == imported.outputs["resourceId"]
    assert driver.diff(imported, inputs).paths.keys() <= _EXAMPLE.not_imported


def test_the_endpoint_is_where_postgresql_listens(made: tuple[Resource, dict[str, Any]]) -> None:
    outputs = made[0].outputs
    assert outputs["endpoint"] == f"{outputs['address']}:{outputs['port']}"
    assert [secret["secretStatus"] for secret in outputs["masterUserSecrets"]] == ["active"]


@pytest.mark.parametrize(
    "change",
    [
        {"availabilityZone": "eu-west-1c"},
        {"dbName": "another"},
        {"engine": "mysql"},
        {"identifier": "another"},
        {"kmsKeyId": "arn:aws:kms:eu-west-1:000000000000:key/another"},
        {"storageEncrypted": False},
        {"username": "another"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_forces_a_new_instance(
    change: dict[str, Any], made: tuple[Resource, dict[str, Any]], driver: Driver
) -> None:
    resource, inputs = made
    assert driver.diff(resource, {**inputs, **change}).replaces == list(change)


def test_an_instance_goes_only_with_its_final_snapshot(driver: Driver, world: World) -> None:
    inputs = {**_EXAMPLE.inputs(world), "deletionProtection": False, "finalSnapshotIdentifier": None}
    inputs = {name: value for name, value in inputs.items() if value is not None}
    resource = driver.create(INSTANCE, world.name("it"), inputs)
    with pytest.raises(grpc.RpcError, match="finalSnapshotIdentifier is needed to delete it"):
        driver.delete(resource)
    assert driver.read(resource) is not None

    driver.update(resource, {**inputs, "finalSnapshotIdentifier": f"{inputs['identifier']}-last"})
    driver.delete(resource)
    snapshots = world.client("rds").describe_db_snapshots(DBSnapshotIdentifier=f"{inputs['identifier']}-last")
    assert len(snapshots["DBSnapshots"]) == 1


def test_a_change_is_sent_alone_and_with_what_belongs_to_it(
    made: tuple[Resource, dict[str, Any]], driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    resource, inputs = made
    sent: list[dict[str, Any]] = []
    call = driver.provider.clients.call

    def watch(service: str, operation: str, params: dict[str, Any], region: str = "") -> Any:
        if operation == "modify_db_instance":
            sent.append(params)
        return call(service, operation, params, region)

    monkeypatch.setattr(driver.provider.clients, "call", watch)
    driver.update(resource, {**inputs, "monitoringInterval": 15})
    always = {"DBInstanceIdentifier": inputs["identifier"], "ApplyImmediately": True}
    assert sent == [{**always, "MonitoringInterval": 15, "MonitoringRoleArn": inputs["monitoringRoleArn"]}]
    driver.update(resource, inputs)


def test_a_password_is_kept_secret_and_can_change(driver: Driver, world: World) -> None:
    managed = ("manageMasterUserPassword", "masterUserSecretKmsKeyId")
    inputs = {name: value for name, value in _EXAMPLE.inputs(world).items() if name not in managed}
    inputs |= {"password": "correct horse 1", "skipFinalSnapshot": True, "deletionProtection": False}
    resource = driver.create(INSTANCE, world.name("it"), inputs)
    assert not driver.diff(resource, inputs).paths
    assert list(driver.diff(resource, {**inputs, "password": "battery staple 2"}).paths) == ["password"]
    driver.update(resource, {**inputs, "password": "battery staple 2"})
    assert resource.outputs["password"] == "battery staple 2"
    driver.delete(resource)
    assert driver.read(resource) is None
