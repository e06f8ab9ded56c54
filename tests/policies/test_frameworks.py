"""Controls in words, and the examples as Python: what `groundwork policy explain` tells is true."""

import ast
import importlib.util
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from groundwork.policy.coverage import ON_THE_TWIN
from policies.examples import code, examples
from policies.frameworks import FRAMEWORKS, in_words, parts
from policies.rule import Rule
from policies.rules import RULES
from policies.snippets import Written, python
from policies.tokens import TWINS
from tests.policies.generated import read_back
from tests.policies.harness import judge
from tests.support.pack import POLICIES

CLONE = POLICIES.parent


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_control_of_a_rule_is_of_a_framework_and_told_in_words(rule: Rule) -> None:
    for control in rule.controls:
        for line in in_words(control):
            assert re.fullmatch(r".+, .+: .+", line)


def test_a_control_that_nobody_knows_is_no_control() -> None:
    with pytest.raises(ValueError, match="HIPAA-1: of no framework"):
        parts("HIPAA-1")
    with pytest.raises(ValueError, match="Foo"):
        parts("Foo")


def test_what_cannot_be_decided_and_what_is_tested_elsewhere_are_controls() -> None:
    for framework in FRAMEWORKS.values():
        assert set(framework.outside) <= set(framework.controls), framework.key
        supported = {
            control for rule in RULES for id_ in rule.controls for of, control in parts(id_) if of is framework
        }
        assert not supported & set(framework.outside), f"{framework.key}: a rule decides what is said to be outside"
    for (key, control), tests in ON_THE_TWIN.items():
        assert control in FRAMEWORKS[key].controls
        assert all((CLONE / test).is_file() for test in tests), tests


def test_an_unfinished_list_of_controls_holds_those_that_rules_name_or_will() -> None:
    for framework in FRAMEWORKS.values():
        assert framework.complete == bool(framework.outside) or framework.key == "PSS", framework.key


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_the_good_example_passes_and_the_bad_one_is_denied(rule: Rule) -> None:
    example = examples()[rule.id]
    for resources, verdict in ((example.good, "pass"), (example.bad, "deny")):
        judged = judge(rule.id, *read_back(resources), settings=example.settings)
        assert judged.verdict == verdict, judged.text


@cache
def parameters(token: str) -> frozenset[str] | None:
    """Return what the SDK's constructor of an AWS type takes; None where it has no such class."""
    _, module, kind = token.split(":")
    spec = importlib.util.find_spec("pulumi_aws")
    assert spec
    assert spec.origin
    # pulumi_aws takes seconds to import: its source is read instead.
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", kind).lower()
    path = Path(spec.origin).parent / module.partition("/")[0] / f"{name}.py"
    if not path.is_file():
        return None
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ClassDef) and node.name == f"{kind}Args":
            init = next(one for one in node.body if isinstance(one, ast.FunctionDef) and one.name == "__init__")
            return frozenset(argument.arg for argument in init.args.kwonlyargs)
    return None


def calls_of(tree: ast.Module) -> Iterator[ast.Call]:
    """Yield the constructor calls of a program, named or not."""
    for statement in tree.body:
        assert isinstance(statement, ast.Assign | ast.Expr)
        assert isinstance(statement.value, ast.Call)
        yield statement.value


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_examples_are_python_that_the_sdk_takes(rule: Rule) -> None:
    example = examples()[rule.id]
    for resources in (example.good, example.bad):
        tree = ast.parse(code(resources))
        assert len(tree.body) == len(resources)
        calls = {ast.literal_eval(call.args[0]): call for call in calls_of(tree)}
        for one in resources:
            call = calls[one["name"]]
            if one["type"].startswith("aws:") and one["type"] not in TWINS:
                known = parameters(one["type"])
                used = {keyword.arg or "" for keyword in call.keywords} - {"opts"}
                assert known is None or used <= known, (one["type"], used - known)


def test_a_resource_that_another_refers_to_comes_first_and_has_a_name() -> None:
    group = {"type": "aws:ec2/securityGroup:SecurityGroup", "name": "web", "props": {"vpcId": "vpc-1"}}
    vpc = {"type": "aws:ec2/vpc:Vpc", "name": "main-vpc", "props": {}, "outputs": {"id": "vpc-1"}}
    assert code([group, vpc]) == 'main_vpc = ec2.Vpc("main-vpc")\nec2.SecurityGroup("web", vpc_id=main_vpc.id)'
    unknown = {**group, "props": {"vpcId": UNKNOWN_STRING_VALUE}, "depends": {"vpcId": "main-vpc"}}
    assert code([unknown, {**vpc, "outputs": {}}]) == code([group, vpc])


def test_a_snippet_keeps_keys_that_are_not_properties_and_policies_as_text() -> None:
    statement = {"Effect": "Allow", "NotAction": "x"}
    tags = {"Cost-Centre": "x", "data-classification": "y"}
    props = {"policy": {"Statement": [statement]}, "tags": tags}
    text = python(Written("aws:s3/bucketPolicy:BucketPolicy", "p", props))
    assert "policy=json.dumps({" in text
    assert '"NotAction"' in text
    assert '"Cost-Centre"' in text
    pod = python(Written("kubernetes:apps/v1:Deployment", "d", {"spec": {"minReadySeconds": 1}}, protect=True))
    assert pod == ('apps.v1.Deployment("d", spec={"minReadySeconds": 1}, opts=pulumi.ResourceOptions(protect=True))')
