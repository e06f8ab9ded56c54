"""One claim, all components: found by walking the package, so that a new one is held to it without being listed."""

import ast
import importlib
import inspect
import json
import os
import pkgutil
import re
import subprocess
import sys
import tokenize
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import pulumi
import pytest
from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto.resource_pb2 import RegisterResourceRequest

import components
from components.model import Model
from components.tags import CLASSIFICATION_KEY, default_tags
from tests.contracts.golden import FOLDER, logical_names
from tests.support.program import record, recorded
from tests.support.recorder import Recorder
from tests.support.search_domains import with_search_domain
from tests.support.stack_files import CLONE, ENVIRONMENTS

PROVIDER = "pulumi:providers:aws"
INSIDE = "pulumi:providers:kubernetes"
"""The provider of what is inside the cluster."""
STACK = "pulumi:pulumi:Stack"
ARCHITECTURE = (CLONE / "docs" / "architecture.md").read_text(encoding="utf-8")


def modules() -> list[ModuleType]:
    return [importlib.import_module(found.name) for found in pkgutil.walk_packages(components.__path__, "components.")]


def classes(base: type) -> list[type]:
    """Return the classes of `base` that the package itself defines."""
    found = {
        value
        for module in modules()
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, base) and value.__module__ == module.__name__
    }
    return sorted(found, key=lambda value: (value.__module__, value.__name__))


COMPONENTS = classes(pulumi.ComponentResource)
MODELS = classes(Model)
each_component = pytest.mark.parametrize("component", COMPONENTS, ids=lambda component: component.__name__)
each_environment = pytest.mark.parametrize("environment", ENVIRONMENTS)


def source(component: type) -> ast.Module:
    return ast.parse(Path(inspect.getfile(component)).read_text(encoding="utf-8"))


@cache
def token(component: type) -> str:
    """Return the literal that a component hands to `super().__init__`: not what it has become at run time."""
    (declared,) = [
        node for node in source(component).body if isinstance(node, ast.ClassDef) and node.name == component.__name__
    ]
    (call,) = [
        node
        for node in ast.walk(declared)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "super().__init__"
    ]
    assert isinstance(call.args[0], ast.Constant), f"{component.__name__}: its token is not a literal"
    return str(call.args[0].value)


@cache
def searched(environment: str) -> Recorder:
    """Return what the program registers with a search domain, which no stack file has."""
    return record(environment, with_search_domain(environment))


@each_component
def test_the_page_of_the_architecture_names_every_component(component: type) -> None:
    assert f"`{component.__name__}`" in ARCHITECTURE


@pytest.mark.parametrize(
    "layer", [file.name for file in sorted((CLONE / "stacks").glob("*.py")) if "\ndef build" in file.read_text("utf-8")]
)
def test_the_page_of_the_architecture_names_every_layer(layer: str) -> None:
    assert f"`{layer}`" in ARCHITECTURE


def test_there_are_components_in_every_room() -> None:
    assert {component.__module__.split(".")[1] for component in COMPONENTS} >= {
        "cluster",
        "compute",
        "network",
        "registry",
        "security",
        "storage",
    }


@each_component
def test_a_token_is_a_literal_of_room_and_class(component: type) -> None:
    assert token(component) == f"groundwork:{component.__module__.split('.')[1]}:{component.__name__}"


def test_no_two_components_share_a_token() -> None:
    tokens = [token(component) for component in COMPONENTS]
    assert len(tokens) == len(set(tokens))


@each_component
def test_a_component_takes_a_name_its_args_and_options(component: type) -> None:
    parameters = inspect.signature(component).parameters
    assert list(parameters) == ["name", "args", "opts"]
    args = parameters["args"].annotation
    assert args.__name__ == f"{component.__name__}Args"
    assert issubclass(args, Model)
    assert parameters["opts"].default is None


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_model_is_frozen_refuses_unknown_names_and_describes_every_field(model: type[Model]) -> None:
    assert model.model_config.get("frozen") is True
    assert model.model_config.get("extra") == "forbid"
    undescribed = [name for name, field in model.model_fields.items() if not field.description and name != "kind"]
    assert not undescribed, f"{model.__name__}: no docstring under {undescribed}"


@each_component
def test_a_component_is_part_of_the_platform_and_registers_its_outputs(component: type) -> None:
    makes = (made for made in (recorded, searched) if any(one.typ == token(component) for one in made("prod").made))
    recorder = next(makes, recorded)("prod")
    instances = [made.name for made in recorder.made if made.typ == token(component)]
    assert instances, "the platform makes none, so the contracts below would not hold it to anything"
    declared = {name for name in component.__annotations__ if not name.startswith("_")}
    for name in instances:
        assert name in recorder.outputs, "register_outputs was not called"
        if declared:
            assert recorder.outputs[name], "it declares results and registers none"


@each_environment
def test_children_are_named_after_their_component_and_nothing_stands_alone(environment: str) -> None:
    recorder = recorded(environment)
    for request in recorder.requests.values():
        if request.type in (STACK, PROVIDER, INSIDE):
            continue
        parent_type, parent_name = request.parent.split("::")[2].split("$")[-1], request.parent.rsplit("::", 1)[-1]
        if parent_type == STACK:
            assert not request.custom, f"{request.name} is not part of a component"
        else:
            assert request.name.startswith(f"{parent_name}-"), f"{request.name} is a child of {parent_name}"


@each_environment
def test_logical_names_are_unique(environment: str) -> None:
    # The mocks accept a second registration in silence, and shorten URNs; the engine does neither.
    names = [(made.typ, made.name) for made in recorded(environment).made]
    assert len(names) == len(set(names))


def is_inside(token: str) -> bool:
    return token.startswith("kubernetes:")


@each_environment
def test_everything_is_made_by_the_explicit_provider(environment: str) -> None:
    recorder = recorded(environment)
    (provider,) = recorder.of_type(PROVIDER)
    assert provider.inputs["region"] == "eu-west-1"
    (inside,) = recorder.of_type(INSIDE)
    for made in recorder.children():
        if made not in (provider, inside):
            of = f"{INSIDE}::kubernetes::kubernetes-id" if is_inside(made.typ) else f"{PROVIDER}::aws::aws-id"
            assert (made.provider or "").endswith(of), f"{made.name} takes another provider"


@each_environment
def test_the_default_tags_are_put_on_once_by_the_provider(environment: str) -> None:
    recorder = recorded(environment)
    wanted = default_tags(
        environment=environment, owner="ml-platform@example.com", cost_centre="ml-platform", system_id="groundwork"
    )
    (provider,) = recorder.of_type(PROVIDER)
    assert json.loads(provider.inputs["defaultTags"]) == {"tags": wanted}
    for made in recorder.children():
        repeated = set(made.inputs.get("tags") or {}) & set(wanted) - {CLASSIFICATION_KEY}
        assert not repeated, f"{made.name} repeats {repeated}"


@each_environment
def test_logical_names_are_those_that_were_reviewed(environment: str) -> None:
    reviewed = (FOLDER / f"{environment}.txt").read_text(encoding="utf-8")
    assert logical_names(recorded(environment)) == reviewed, (
        "a renamed resource is deleted and made anew: add an alias, then run python -m tests.contracts.golden"
    )


def asked(request: RegisterResourceRequest) -> dict[str, Any]:
    """Return what a registration asks for, but for the lines of code it came from and the order of what is a set."""
    said = MessageToDict(request)
    for source_of_it in ("stackTrace", "sourcePosition"):
        said.pop(source_of_it, None)
    said["dependencies"] = sorted(said.get("dependencies", ()))
    for dependencies in said.get("propertyDependencies", {}).values():
        dependencies["urns"] = sorted(dependencies.get("urns", ()))
    return said


@each_environment
def test_the_program_registers_the_same_on_every_target(environment: str) -> None:
    twin = {
        "AWS_ENDPOINT_URL": "https://127.0.0.1:4577",
        "AWS_CA_BUNDLE": "/nowhere/ca.pem",
        "AWS_ACCESS_KEY_ID": "000000000000",
        "AWS_SECRET_ACCESS_KEY": "twin",
        "AWS_EC2_METADATA_DISABLED": "true",
        "PULUMI_BACKEND_URL": "file:///nowhere",
    }
    aws = {
        "AWS_PROFILE": "platform",
        "AWS_REGION": "us-east-1",
        "AWS_ROLE_ARN": "arn:aws:iam::111122223333:role/deploy",
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "PULUMI_BACKEND_URL": "s3://state",
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PULUMI_"))}
    seen = []
    for target in (twin, aws):
        with patch.dict(os.environ, kept | target, clear=True):
            seen.append({name: asked(request) for name, request in record(environment).requests.items()})
    assert seen[0] == seen[1]


@each_environment
def test_a_first_preview_shows_every_resource_and_every_policy_document(environment: str) -> None:
    preview = record(environment, preview=True)
    assert logical_names(preview) == logical_names(recorded(environment)), "a resource is made inside apply"
    documents = {
        f"{request.name}.{key}": value
        for request in preview.requests.values()
        for key, value in MessageToDict(request.object).items()
        if key in ("policy", "assumeRolePolicy")
    }
    assert len(documents) > 30
    unknown = sorted(name for name, value in documents.items() if not str(value).startswith("{"))
    assert not unknown, "a rule cannot judge what is not known: build it of names that are"


FORBIDDEN = re.compile(r"\b(twin|ministack|emulat\w+|localhost|127\.0\.0\.1|localstack)\b", re.IGNORECASE)

PROFILES = re.compile(r"\bLocalhost\b|\blocalhost/(?=\\?\")")
"""How Pod Security names a profile that a node has of its own."""


def test_nothing_in_the_program_knows_the_target() -> None:
    found = []
    for path in (path for room in ("components", "stacks", "policies") for path in (CLONE / room).rglob("*.py")):
        with path.open("rb") as file:
            found += [
                f"{path.relative_to(CLONE)}:{part.start[0]}: {part.line.strip()}"
                for part in tokenize.tokenize(file.readline)
                if part.type != tokenize.COMMENT and FORBIDDEN.search(PROFILES.sub("", part.string))
            ]
    assert not found, "\n".join(found)


READS_THE_WORLD = re.compile(
    r"^(os|socket|subprocess|time|datetime|random|secrets|uuid|requests|urllib|boto3|pathlib)(\.|$)"
    r"|^pulumi\.(Config|get_stack|get_project|get_organization|StackReference)$"
    r"|^\w+\.get_\w+(\.|$)|^open$|^input$"
)


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.__name__)
def test_no_component_reads_config_clock_network_environment_or_files(module: ModuleType) -> None:
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    named = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            named.add(str(node.module))
    assert not sorted(name for name in named if READS_THE_WORLD.search(name))


def test_the_program_is_imported_without_network_and_without_aws() -> None:
    script = """
import pkgutil, importlib, socket
def refuse(*_, **__):
    raise AssertionError("an import opened a connection")
socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = socket.create_connection = refuse
for root in ("components", "stacks"):
    package = importlib.import_module(root)
    for found in pkgutil.walk_packages(package.__path__, root + "."):
        if found.name != "stacks.__main__":
            importlib.import_module(found.name)
"""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PULUMI_"))}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=CLONE, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@each_component
def test_a_component_has_a_test_file_of_its_own(component: type) -> None:
    _, room, module = component.__module__.split(".")
    test_file = CLONE / "tests" / "unit" / room / f"test_{module}.py"
    assert test_file.is_file(), f"{test_file.relative_to(CLONE)} is missing"
    assert "def test_" in test_file.read_text(encoding="utf-8")


HELD_BY_ANY_PROGRAM = (
    test_children_are_named_after_their_component_and_nothing_stands_alone,
    test_logical_names_are_unique,
    test_everything_is_made_by_the_explicit_provider,
    test_the_default_tags_are_put_on_once_by_the_provider,
    test_a_first_preview_shows_every_resource_and_every_policy_document,
)
"""Those that are held against programs that no stack file has, too."""
