"""The objects in an account's clusters that the program made, found by their field managers, whoever knows of them."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from tests.support.project import Project
from twin.kubernetes.client import Client
from twin.providers.kubernetes import objects

OURS = "pulumi-kubernetes-"
"""How the provider's field managers begin, unless a resource names its own."""


def folders(project: Project, environment: str = "dev") -> list[Path]:
    """What the twin keeps of each cluster of the environment's account."""
    account = project.account(environment)
    return sorted((project.root / ".twin/kubernetes").glob(f"{account.access_key_id}-*"))


def administrator(project: Project, environment: str = "dev") -> Client:
    """The environment's cluster, as the twin's own administrator: no right of a person is needed."""
    (folder,) = folders(project, environment)
    return Client.of(folder / "admin.kubeconfig")


def made_by_the_program(project: Project, environment: str = "dev") -> list[tuple[str, str]]:
    """(field manager, `Kind namespace/name`) of every object with a field manager of ours, from the API servers."""
    return [
        (entry, f"{item['kind']} {item['metadata'].get('namespace', '')}/{item['metadata']['name']}")
        for folder in folders(project, environment)
        for item in everything(Client.of(folder / "admin.kubeconfig"))
        for entry in {field["manager"] for field in item["metadata"].get("managedFields", ())}
        if entry.startswith(OURS)
    ]


def everything(api: Client) -> Iterator[dict[str, Any]]:
    """All objects of all kinds that can be listed, custom ones too."""
    groups = api.raw("GET", "/apis")["groups"]
    for version in ["v1", *(group["preferredVersion"]["groupVersion"] for group in groups)]:
        place = "/api/v1" if version == "v1" else f"/apis/{version}"
        for resource in api.raw("GET", place)["resources"]:
            if "list" in resource["verbs"] and "/" not in resource["name"]:
                for item in api.list(version, resource["kind"]):
                    yield {**item, "kind": resource["kind"]}


def orphans(project: Project, state: str, environment: str = "dev") -> list[str]:
    """Objects whose field manager is of no resource in the state, and resources that have two objects."""
    known = {
        objects.manager(resource["urn"], resource.get("inputs", {}))
        for resource in json.loads(state)["deployment"].get("resources", ())
        if resource["type"].startswith("kubernetes:")
    }
    found = made_by_the_program(project, environment)
    count = Counter(manager for manager, _ in found)
    return [what for manager, what in found if manager not in known or count[manager] > 1]


def processes(project: Project) -> list[str]:
    """The programs of clusters of this project's twin that run."""
    place, found = str(project.root / ".twin" / "kubernetes") + "/", []
    for process in psutil.process_iter():
        try:
            line = " ".join(process.cmdline())
        except psutil.Error:
            continue
        if place in line:
            found.append(line)
    return found
