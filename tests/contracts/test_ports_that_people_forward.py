"""Decides that `kubectl port-forward` gets at every port that the documents tell people to forward.

A container runtime dials `localhost` in the pod's network namespace: what listens at the pod's address alone refuses.
"""

import re
from typing import Any

import pytest

from tests.support.program import recorded
from tests.support.stack_files import CLONE, ENVIRONMENTS

COMMAND = re.compile(r"kubectl -n \S+ port-forward (?:service|statefulset|deployment)/([\w-]+) (\d+)")
WORKLOADS = re.compile(r"kubernetes:apps/v1:(Deployment|StatefulSet)")
AMONG_THEMSELVES = "--cluster."
"""Flags of how the pods of one application find each other: nobody forwards that port."""
PEOPLE_FORWARD = {
    (name, int(port)) for page in (CLONE / "docs").glob("*.md") for name, port in COMMAND.findall(page.read_text())
}


def containers(name: str, port: int) -> list[dict[str, Any]]:
    """Return the containers with that port, of the workloads of that name of all environments."""
    return [
        container
        for environment in ENVIRONMENTS
        for made in recorded(environment).children()
        if WORKLOADS.fullmatch(made.typ) and made.inputs["metadata"]["name"] == name
        for container in made.inputs["spec"]["template"]["spec"]["containers"]
        if port in [one["containerPort"] for one in container.get("ports", [])]
    ]


def test_the_documents_name_the_servers_without_a_way_in_of_their_own() -> None:
    assert {("prometheus", 9090), ("alertmanager", 9093), ("grafana", 3000), ("tensorboard", 6006)} == PEOPLE_FORWARD


@pytest.mark.parametrize(("name", "port"), sorted(PEOPLE_FORWARD))
def test_who_listens_there_does_so_at_the_pods_loopback_address_too(name: str, port: int) -> None:
    found = containers(name, port)
    assert found
    for container in found:
        bound = [
            text
            for text in (*container.get("args", []), *(one.get("value", "") for one in container.get("env", [])))
            if "$(POD_IP)" in text and not text.startswith(AMONG_THEMSELVES)
        ]
        assert not bound, f"{name} listens at the pod's address alone: port-forward is refused"
