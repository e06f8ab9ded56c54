"""Decides that the stack files and their schema belong together."""

from collections.abc import Iterable
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from stacks import reference
from stacks.schema import FILE, rendered, stack_file_schema
from stacks.settings import StackSettings
from tests.support.stack_files import CLONE, ENVIRONMENTS, written


def keys(value: Any, path: str = "") -> Iterable[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield f"{path}.{key}"
            yield from keys(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner, f"{path}[]")


def models(model: type[BaseModel], seen: set[type[BaseModel]]) -> set[type[BaseModel]]:
    seen.add(model)
    for field in model.model_fields.values():
        stack: list[Any] = [field.annotation]
        while stack:
            annotation = stack.pop()
            if isinstance(annotation, type) and issubclass(annotation, BaseModel) and annotation not in seen:
                models(annotation, seen)
            stack += getattr(annotation, "__args__", ())
    return seen


def absent(value: Any, path: str = "") -> Iterable[str]:
    """Give the paths of the parts that a file says it has none of."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from absent(inner, f"{path}.{key}")
    elif value is None:
        yield path


def test_dev_and_prod_have_the_same_keys_but_of_a_part_that_one_of_them_has_none_of() -> None:
    dev, prod = (written(environment) for environment in ENVIRONMENTS)
    left_out = tuple(f"{path}." for path in [*absent(dev), *absent(prod)])
    one, other = (sorted(key for key in keys(file) if not key.startswith(left_out)) for file in (dev, prod))
    assert one == other


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_stack_file_points_editors_to_the_schema_and_holds_no_key_of_a_machine(environment: str) -> None:
    text = (CLONE / f"Pulumi.{environment}.yaml").read_text(encoding="utf-8")
    assert text.startswith(f"# yaml-language-server: $schema={FILE.name}\n")
    assert set(yaml.safe_load(text)) == {"config"}, "an encryption salt belongs to one machine or account"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_resource_can_fall_back_on_the_credentials_of_the_shell(environment: str) -> None:
    text = (CLONE / f"Pulumi.{environment}.yaml").read_text(encoding="utf-8")
    assert yaml.safe_load(text)["config"]["pulumi:disable-default-providers"] == ["*"]


def test_the_schema_is_fresh() -> None:
    assert FILE.read_text(encoding="utf-8") == rendered(), "run: python -m stacks.schema"


def test_the_table_of_settings_is_fresh_and_complete() -> None:
    document = reference.FILE.read_text(encoding="utf-8")
    assert document == reference.rendered(document), "run: python -m stacks.reference"
    for path in ("network.cidr", "stores.datasets.lifecycle.noncurrent_days", "workloads.<name>.grants[].access"):
        assert f"| `{path}` |" in document


def test_the_schema_allows_no_unknown_setting() -> None:
    objects = [d for d in stack_file_schema()["$defs"].values() if d.get("type") == "object"]
    assert len(objects) > 10
    assert all(definition["additionalProperties"] is False for definition in objects)


@pytest.mark.parametrize("model", sorted(models(StackSettings, set()), key=str))
def test_every_setting_is_described_and_has_an_example(model: type[BaseModel]) -> None:
    for name, field in model.model_fields.items():
        if name != "kind":
            assert field.description, f"{model.__name__}.{name} has no docstring"
            assert field.examples, f"{model.__name__}.{name} has no example"
