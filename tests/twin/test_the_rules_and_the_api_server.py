"""The cases of the rules about pods, put to a real API server: it admits and refuses what the pack does.

Every rule has a policy of its own here, made of the same data as those that the program installs, in a namespace of its
own: an answer is that of one rule. Where the two differ, the difference is listed with its reason.
"""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from policies.admission.manifests import data
from policies.config import SCHEMA, read
from policies.pod_security import NAMESPACE_LABEL
from tests.policies.harness import UNKNOWN
from tests.policies.spec import Case
from tests.policies.specs import SPECS
from tests.policies.test_rules import standard
from tests.support import control_plane
from tests.support.whole_manifests import manifest
from twin.kubernetes.client import ApiError, Client

GROUP = "admissionregistration.k8s.io/v1"
RULES = tuple(rule["rule"] for rule in data()["validations"])
GPU_NAMESPACE = "gpu"
ASKED_SECONDS = 60
_NOT_ON_WINDOWS = "the API takes no field on a Windows pod that only Linux has, whatever it says"
_NO_AGENTS = "what serves a node is not in a guarded namespace; there nobody is excused"
BY_DESIGN: Mapping[tuple[str, str], str] = {
    ("POD-03", "a node agent"): _NO_AGENTS,
    ("POD-06", "Windows"): _NOT_ON_WINDOWS,
    ("POD-07", "a node agent"): _NO_AGENTS,
    ("POD-10", "Windows, which has no such thing"): _NOT_ON_WINDOWS,
    ("POD-11", "a limit of GPUs alone"): "a null request, which the API reads as none at all and then as 0",
    ("POD-11", "an ephemeral container, which takes none"): "the API takes ephemeral containers of a running pod alone",
}
"""Cases on which the two differ, and why."""


@dataclass(frozen=True)
class Question:
    """A case as the API server is asked it."""

    rule: str
    case: Case
    group: int
    """Which settings of the pack it is judged under, as a number among those of the rule."""


def settings_of(rule: str, case: Case) -> str:
    return json.dumps(SPECS[rule].settings_of(case), sort_keys=True)


def questions() -> Iterator[Question]:
    """Yield every case about objects that the API server takes, with everything known."""
    for rule in RULES:
        groups: list[str] = []
        for case in (*standard(SPECS[rule]), *SPECS[rule].extra):
            if (said := settings_of(rule, case)) not in groups:
                groups.append(said)
            (item,) = case.resources
            answerable = case.verdict != "unknown" and UNKNOWN not in json.dumps(item.props)
            if answerable and "secret" not in case.id and manifest(item.type, item.props, "x") is not None:
                yield Question(rule, case, groups.index(said))


def place(question: Question, *, gpu: bool) -> str:
    return f"{question.rule.lower()}-{question.group}{'-gpu' if gpu else ''}"


def policies_of(question: Question) -> Iterator[dict[str, Any]]:
    """Yield the objects by which one rule, under some settings, is in force in namespaces of its own."""
    settings, wrong = read(json.loads(settings_of(question.rule, question.case)), frozenset())
    assert not wrong, sorted(SCHEMA)
    made = data(settings)
    (validation,) = [entry for entry in made["validations"] if entry["rule"] == question.rule]
    key = place(question, gpu=False)
    for gpu in (False, True):
        level = {NAMESPACE_LABEL: "baseline"} if gpu else {}
        metadata = {"name": place(question, gpu=gpu), "labels": {"key": key, **level}}
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
        account = {"name": "default", "namespace": metadata["name"]}
        yield {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account}
    for shape in made["shapes"]:
        name = f"{key}-{shape['name']}"
        own = {"template": shape["template"], "registries": json.dumps(list(settings.registries)), **made["variables"]}
        spec = {
            "failurePolicy": "Fail",
            "matchConstraints": {
                "resourceRules": [
                    {
                        "apiGroups": shape["groups"],
                        "apiVersions": shape["versions"],
                        "resources": shape["resources"],
                        "operations": ["CREATE", "UPDATE"],
                    }
                ]
            },
            "variables": [{"name": variable, "expression": expression} for variable, expression in own.items()],
            "validations": [
                {
                    "expression": f"variables.{validation['variable']}.size() == 0",
                    "messageExpression": validation["message"],
                    "reason": "Forbidden",
                }
            ],
        }
        yield from _policy(name, key, spec)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder: Path = tmp_path_factory.mktemp("rules")
    with control_plane.running(folder, controllers=False) as plane:
        client = plane.client()
        asked = {place(question, gpu=False): question for question in questions()}
        for question in asked.values():
            for item in policies_of(question):
                client.apply(item, manager="test")
        _until_in_force(client)
        yield client


def _until_in_force(client: Client) -> None:
    """An API server learns of policies by watching, in their order: ask until the last one refuses."""
    name = "last"
    client.apply(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {"key": name}}}, manager="test"
    )
    rules = [{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"], "operations": ["CREATE"]}]
    spec = {"matchConstraints": {"resourceRules": rules}, "validations": [{"expression": "false"}]}
    for item in _policy(name, name, spec):
        client.apply(item, manager="test")
    asked = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one", "namespace": name}}
    for _ in range(ASKED_SECONDS * 5):
        try:
            client.create(asked, dry_run=True)
        except ApiError as error:
            if "ValidatingAdmissionPolicy" in str(error):
                return
        time.sleep(0.2)
    raise AssertionError("the policies are not in force")


def _policy(name: str, key: str, spec: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a policy and its binding to the namespaces with a label."""
    selector = {"namespaceSelector": {"matchLabels": {"key": key}}}
    binding = {"policyName": name, "validationActions": ["Deny"], "matchResources": selector}
    for kind, of in (("ValidatingAdmissionPolicy", spec), ("ValidatingAdmissionPolicyBinding", binding)):
        yield {"apiVersion": GROUP, "kind": kind, "metadata": {"name": name}, "spec": of}


def answer(api: Client, question: Question) -> tuple[str, str]:
    """Return pass, deny (by the policy) or invalid (by the API itself), and what was said."""
    (item,) = question.case.resources
    metadata = item.props.get("metadata")
    namespace = metadata.get("namespace") if isinstance(metadata, dict) else None
    there = place(question, gpu=namespace == GPU_NAMESPACE)
    asked = manifest(item.type, item.props, there, *([None] if question.rule.startswith("SUP") else []))
    assert asked is not None
    try:
        api.create(asked, dry_run=True)
    except ApiError as error:
        own = "ValidatingAdmissionPolicy" in str(error)
        return ("deny" if own else "invalid"), str(error)
    return "pass", ""


ALL = tuple(questions())


@pytest.mark.parametrize("question", ALL, ids=lambda question: f"{question.rule}: {question.case.id}")
def test_the_api_server_gives_the_verdict_of_the_pack(api: Client, question: Question) -> None:
    verdict, said = answer(api, question)
    if (question.rule, question.case.id) in BY_DESIGN:
        assert verdict != question.case.verdict
    elif question.case.verdict == "pass":
        assert verdict == "pass", said
    else:
        assert verdict in ("deny", "invalid"), "the pack refuses it"
        assert verdict == "invalid" or f"{question.rule}: " in said


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_is_put_to_the_api_server_in_every_kind_and_refuses_by_itself(api: Client, rule: str) -> None:
    asked = [question for question in ALL if question.rule == rule]
    refused = {question.case.resources[0].type for question in asked if answer(api, question)[0] == "deny"}
    assert refused >= {f"kubernetes:{kind}" for kind in ("core/v1:Pod", "core/v1:PodTemplate", "batch/v1:CronJob")}
    assert "kubernetes:apps/v1:Deployment" in refused
