"""Every type is created, read, updated, imported and deleted; plain boto3 reads each step back from the emulator."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.providers.aws.conftest import DEFAULT_TAGS
from tests.contracts.providers.aws.driver import Driver, Resource
from tests.contracts.providers.aws.examples import Example, World, all_examples
from twin.providers.aws.find import find
from twin.providers.aws.types import all_types, resource_type


def test_every_type_has_an_example() -> None:
    assert {resource.token for resource in all_types()} == {example.token for example in all_examples()}


@pytest.mark.parametrize("example", all_examples(), ids=lambda example: example.id)
def test_round_trip(example: Example, driver: Driver, world: World) -> None:
    inputs: dict[str, Any] = dict(example.inputs(world))
    resource = driver.create(example.token, world.name("it"), inputs)
    example.holds(world, resource.id, resource.inputs)
    _all_outputs_are_there(resource)
    _a_refresh_finds_no_difference(driver, resource, inputs)
    assert find(example.token, resource.inputs, world.region) == resource.id

    for change in example.updates:
        change = change(world) if callable(change) else change
        inputs = {name: value for name, value in {**inputs, **change}.items() if value is not None}
        difference = driver.diff(resource, inputs)
        assert difference.paths, f"no difference for {change}"
        assert not difference.replaces, f"{change} is to be an update, not a replacement"
        driver.update(resource, inputs)
        example.holds(world, resource.id, resource.inputs)
        _a_refresh_finds_no_difference(driver, resource, inputs)

    import_id = example.import_id.format(id=resource.id, **inputs)
    imported = driver.read(Resource(example.token, resource.name, import_id))
    assert imported is not None
    assert imported.id == resource.id
    paths = driver.diff(imported, inputs).paths
    assert set(paths) <= example.not_imported, "an import of it would not be clean"

    driver.delete(resource)
    if example.remains is None:
        assert driver.read(resource) is None, "it is still there"
    else:
        example.remains(world, resource.id)
    driver.delete(resource)  # a second time: not found is fine


def _a_refresh_finds_no_difference(driver: Driver, resource: Resource, inputs: dict[str, Any]) -> None:
    assert not driver.diff(resource, inputs).paths, "the same program again is a difference"
    read = driver.read(resource)
    assert read is not None
    assert read.id == resource.id
    assert read.outputs == resource.outputs
    assert read.inputs == resource.inputs
    assert not driver.diff(read, inputs).paths


def _all_outputs_are_there(resource: Resource) -> None:
    table = resource_type(resource.token)
    if table.tagged:
        assert resource.outputs["tagsAll"] == DEFAULT_TAGS | resource.outputs.get("tags", {})
    if "region" in table.properties:
        assert resource.outputs["region"] == "eu-west-1"
    unknown = resource.outputs.keys() - table.properties.keys()
    assert not unknown, "outputs that the table does not list"
