"""What the cluster's admission policies are made of follows from the rules of the pack, for every environment."""

from pathlib import Path

import pytest

from components.cluster import admission_rules
from components.cluster.admission import validations
from groundwork.policy import config as policy_config
from policies.admission.__main__ import rendered
from policies.admission.manifests import SHAPES, data
from policies.config import DEFAULTS
from policies.rules import RULES
from policies.workloads import WORKLOADS
from tests.support.project import CLONE
from tests.support.stack_files import ENVIRONMENTS

NOT_FOR_THE_API_SERVER = {
    "POD-14": "the API server has no removed versions, and the default namespace is not guarded",
    "SUP-03": "repositories are in the cloud",
    "SUP-04": "repositories are in the cloud",
    "SUP-05": "a chart is rendered before the API server sees it; its objects are judged one by one",
}
"""Rules about pods and the supply chain that no admission policy can check, and why."""


def test_the_data_is_what_the_rules_make() -> None:
    path = Path(admission_rules.__file__)
    assert path.read_text(encoding="utf-8") == rendered(), f"run: python -m policies.admission > {path}"


def test_every_rule_about_pods_and_images_is_among_them_or_cannot_be() -> None:
    made = {entry["rule"] for entry in data()["validations"]} | {data()["namespaces"]["rule"]}
    families = {rule.id for rule in RULES if rule.id.startswith(("POD", "SUP"))}
    assert made | set(NOT_FOR_THE_API_SERVER) == families
    assert not made & set(NOT_FOR_THE_API_SERVER)
    assert len(validations()) == len(data()["validations"]) + 3, "and what follows from the platform's own nodes"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_environments_run_the_pack_with_the_standard_that_the_cluster_has(environment: str) -> None:
    settings = policy_config.of(policy_config.path_of(environment, CLONE)).settings
    assert settings.pod_security_version == DEFAULTS.pod_security_version
    assert settings.gpu_namespaces == DEFAULTS.gpu_namespaces
    assert settings.custom_workloads == DEFAULTS.custom_workloads


def test_every_kind_of_a_current_version_that_the_rules_read_is_asked_about() -> None:
    plural = {f"{resource.removesuffix('s')}" for shape in SHAPES for resource in shape.resources}
    current = {token.partition(":")[2] for token in WORKLOADS if not token.endswith(("List", "Patch"))}
    kinds = {
        name.partition(":")[2].lower() for name in current if name.startswith(("core/v1:", "apps/v1:", "batch/v1:"))
    }
    assert kinds == plural - {"pods/ephemeralcontainer"}
