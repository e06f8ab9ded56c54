"""The tables against the SDK's classes and botocore's shapes: complete, and nothing made up."""

from __future__ import annotations

import functools
import importlib
import inspect
import typing
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pulumi
import pytest
from pulumi._types import (  # the SDK's own reading of its annotations
    input_type_py_to_pulumi_names,
    input_type_types,
    is_input_type,
    resource_types,
)

from twin.providers.aws.kinds import JSON, Block, Kind, ListOf, MapOf, member_of
from twin.providers.aws.schema import Call, Property, ResourceType, references
from twin.providers.aws.types import all_types, modules

TYPES = pytest.mark.parametrize("resource", all_types(), ids=lambda resource: resource.token.split(":")[-1])
KNOWN_EVERYWHERE = {"id", "region", "account", "partition"}


@functools.cache
def _sdk(resource: ResourceType) -> tuple[type, type]:
    """The SDK's resource class, and the class of its arguments."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = importlib.import_module(f"pulumi_aws.{resource.module}")
    name = resource.token.split(":")[-1]
    arguments = getattr(module, f"{name}InitArgs", None) or getattr(module, f"{name}Args")
    return getattr(module, name), arguments


def _nested(annotation: Any) -> type | None:
    """The input class somewhere in an annotation such as `Sequence[Input[RuleArgs]]`."""
    if isinstance(annotation, type) and is_input_type(annotation):
        return annotation
    return next((found for part in typing.get_args(annotation) if (found := _nested(part))), None)


def _block(kind: Kind) -> Block | None:
    while isinstance(kind, ListOf | MapOf):
        kind = kind.item
    return kind if isinstance(kind, Block) else None


def _gaps(properties: Mapping[str, Property], arguments: type, refused: Mapping[str, str], path: str) -> Iterator[str]:
    """Where a table and a class of the SDK do not list the same inputs."""
    expected = input_type_types(arguments)
    for name, annotation in expected.items():
        where = f"{path}{name}"
        if where in refused:
            if name in properties:
                yield f"{where} is both modelled and refused"
            continue
        if name not in properties:
            yield f"{where} is neither modelled nor refused"
            continue
        nested, block = _nested(annotation), _block(properties[name].kind)
        if properties[name].kind is JSON:  # given as an object too, which becomes its text
            continue
        if nested is not None and block is None:
            yield f"{where} has properties of its own ({nested.__name__}), but the table has no block"
        elif nested is not None and block is not None:
            yield from _gaps(block.properties, nested, refused, f"{where}.")
        elif block is not None:
            yield f"{where} is a block in the table but {annotation} in the SDK"
    for name in properties.keys() - expected.keys():
        yield f"{path}{name} is no input of the SDK"


@TYPES
def test_every_input_of_the_sdk_is_modelled_or_refused(resource: ResourceType) -> None:
    inputs = {name: prop for name, prop in resource.input_properties().items() if name != "tagsAll"}
    assert list(_gaps(inputs, _sdk(resource)[1], resource.refused, "")) == []


@TYPES
def test_the_sdk_and_the_table_require_the_same(resource: ResourceType) -> None:
    arguments = _sdk(resource)[1]
    parameters = inspect.signature(arguments).parameters
    names = input_type_py_to_pulumi_names(arguments)
    required = {
        name for python_name, name in names.items() if parameters[python_name].default is inspect.Parameter.empty
    }
    assert {name for name, prop in resource.input_properties().items() if prop.required} == required


@TYPES
def test_every_output_of_the_sdk_is_produced_or_declared_absent(resource: ResourceType) -> None:
    expected = set(resource_types(_sdk(resource)[0])) - {"id"}
    assert expected - resource.properties.keys() - resource.absent.keys() == set(), "neither produced nor absent"
    assert resource.properties.keys() - expected == set(), "the SDK has no such property"
    assert resource.properties.keys() & resource.absent.keys() == set(), "both produced and absent"
    assert resource.absent.keys() - expected == set(), "the SDK has no such output to be absent"


@TYPES
def test_refusals_name_inputs_of_the_sdk(resource: ResourceType) -> None:
    inputs = set(input_type_types(_sdk(resource)[1]))
    assert {name for name in resource.refused if name.split(".")[0] not in inputs} == set()


@TYPES
def test_every_input_reaches_aws(resource: ResourceType) -> None:
    """Each is carried by the create call or by a facet, under a name that botocore knows."""
    in_facets = {name for facet in resource.facets for name in facet.properties}
    separate = {name for facet in resource.facets if not facet.created for name in facet.properties}
    assert in_facets <= resource.properties.keys()
    carried = [name for name, prop in resource.input_properties().items() if prop.sent and name not in separate]
    lost = _lost(resource, resource.create, carried)
    for facet in resource.facets:
        lost += _lost(resource, facet.put, [name for name in facet.properties if resource.properties[name].sent])
    assert lost == []


@TYPES
def test_what_can_change_has_a_facet_that_writes_it(resource: ResourceType) -> None:
    """An input that neither replaces nor is in a facet with `put` could not be updated."""
    writable = {name for facet in resource.facets if facet.put is not None for name in facet.properties}
    stuck = {
        name
        for name, prop in resource.input_properties().items()
        if prop.sent and not prop.replaces and name not in writable and name not in _replaced_within(resource)
    }
    assert stuck == set()


def _replaced_within(resource: ResourceType) -> set[str]:
    """Properties all of whose nested ones force a new resource."""
    return {
        name
        for name, prop in resource.properties.items()
        if (block := _block(prop.kind)) and all(nested.replaces for nested in block.properties.values())
    }


@TYPES
def test_calls_and_their_templates_exist(resource: ResourceType) -> None:
    for call in _calls(resource):
        client = _client(call.service or resource.service)
        assert hasattr(client, call.operation), f"boto3 has no {call.operation}"
        assert references(call.params) <= resource.properties.keys() | KNOWN_EVERYWHERE
        shape = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[call.operation]).input_shape
        for name in call.params:
            assert name in shape.members, f"{call.operation} has no parameter {name}"


@TYPES
def test_an_id_made_by_aws_comes_with_a_way_to_find_it(resource: ResourceType) -> None:
    assert not resource.id.startswith("=") or resource.find is not None


def test_no_type_is_there_twice() -> None:
    tokens = [resource.token for resource in all_types()]
    assert len(tokens) == len(set(tokens))


@pytest.mark.parametrize("module", modules())
def test_a_module_holds_the_types_that_its_name_says(module: str) -> None:
    loaded = importlib.import_module(f"twin.providers.aws.types.{module}")
    assert {resource.module for resource in loaded.TYPES} == {module}
    assert len(loaded.TYPES) == len({resource.token for resource in loaded.TYPES})


def _calls(resource: ResourceType) -> list[Call]:
    actions = [resource.create, resource.read, resource.delete]
    actions += [action for facet in resource.facets for action in (facet.get, facet.put, facet.delete)]
    return [action for action in actions if isinstance(action, Call)]


@functools.cache
def _client(service: str) -> Any:
    return boto3.client(service, region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")


def _lost(resource: ResourceType, action: Any, names: list[str]) -> list[str]:
    """Those of the properties that a call has no parameter for (a function is trusted to send what it is for)."""
    if not isinstance(action, Call):
        return []
    client = _client(action.service or resource.service)
    shape = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[action.operation]).input_shape
    for part in action.into.split(".") if action.into else ():
        _, shape = member_of(shape, part) or (part, None)
    used = references(action.params)
    return [
        f"{action.operation} has no parameter for {name}"
        for name in names
        if name not in used and member_of(shape, resource.properties[name].api or name) is None
    ]


def test_the_pinned_sdk_is_the_one_that_is_served() -> None:
    from importlib.metadata import version

    from twin.providers.aws.servicer import VERSION

    assert version("pulumi-aws") == VERSION
    assert issubclass(_sdk(all_types()[0])[0], pulumi.CustomResource)
