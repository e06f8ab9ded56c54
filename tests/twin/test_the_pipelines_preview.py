"""A pull request's preview: it reads everything that the program made, changes nothing, and sees no secret.

The engine runs as the pipeline's preview role, against the account and the cluster of dev.
"""

import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from components.teams.matrix import KubernetesAction, allows_in_cluster
from stacks.identities import PREVIEWS, identities
from stacks.settings import parse_settings
from tests.support.cluster_objects import administrator
from tests.support.project import Project
from tests.twin.actors import Actor, may, pipeline, variables_of
from twin.account import Account
from twin.kubernetes.client import ApiError, Client

ABOUT_ONESELF = ("selfsubjectaccessreviews", "selfsubjectreviews", "selfsubjectrulesreviews")
"""What everybody may ask: who am I, and what may I do."""
PLACE = "team-vision"


@pytest.fixture(scope="module")
def admin(dev: Project) -> Client:
    return administrator(dev)


@pytest.fixture(scope="module")
def reviewer(dev: Project, account: Account, outputs: dict[str, Any]) -> Actor:
    settings = parse_settings(json.dumps(dev.settings()), stack="dev", allow_placeholders=True)
    (identity,) = [each for each in identities(settings) if each.name == PREVIEWS]
    return pipeline(dev, account, outputs["kubeconfig"], identity)


def asked(dev: Project, reviewer: Actor, *command: str) -> subprocess.CompletedProcess[str]:
    return dev.run(
        "pulumi", *command, "--non-interactive", "-s", "dev", variables=variables_of(dev, reviewer.aws), check=False
    )


def served(api: Client) -> Iterator[KubernetesAction]:
    """Every verb on every resource that the API server serves, subresources and custom resources too."""
    groups = api.raw("GET", "/apis")["groups"]
    for version in ["v1", *(group["preferredVersion"]["groupVersion"] for group in groups)]:
        place = "/api/v1" if version == "v1" else f"/apis/{version}"
        for resource in api.raw("GET", place)["resources"]:
            for verb in resource["verbs"]:
                yield KubernetesAction(
                    verb=verb,
                    resource=resource["name"],
                    group=version.partition("/")[0] if "/" in version else "",
                    namespaced=resource["namespaced"],
                )


def test_a_preview_and_a_refresh_see_everything_and_find_it_unchanged(dev: Project, reviewer: Actor) -> None:
    for command in (("preview", "--expect-no-changes"), ("refresh", "--preview-only", "--expect-no-changes")):
        done = asked(dev, reviewer, *command)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "error" not in done.stdout


def test_what_was_changed_by_hand_in_the_cluster_is_seen(dev: Project, reviewer: Actor, admin: Client) -> None:
    batch = ("scheduling.k8s.io/v1", "PriorityClass", "groundwork-batch", None)
    before = admin.get(*batch)
    assert before is not None
    admin.patch(*batch, {"description": "whatever"}, manager="kubectl-edit")
    try:
        said = asked(dev, reviewer, "refresh", "--preview-only", "--diff").stdout
        assert "priorities-batch" in said
        assert "whatever" in said
    finally:
        admin.patch(*batch, {"description": before["description"]}, manager="kubectl-edit")


def test_of_all_that_the_api_server_serves_it_may_read_what_the_program_makes_and_change_nothing(
    reviewer: Actor, admin: Client
) -> None:
    actions = [action for action in served(admin) if action.resource not in ABOUT_ONESELF]
    assert len({action.resource for action in actions}) > 60

    def allowed(action: KubernetesAction) -> bool:
        return may(reviewer.api, action, PLACE if action.namespaced else None)

    with ThreadPoolExecutor(4) as pool:
        found = {action for action, yes in zip(actions, pool.map(allowed, actions), strict=True) if yes}
    assert found == {action for action in actions if allows_in_cluster(reviewer.identity, action, PLACE)}
    assert {action.verb for action in found} == {"get", "list", "watch"}
    assert "secrets" not in {action.resource for action in found}


def test_it_reads_no_secret_and_its_changes_are_refused(reviewer: Actor) -> None:
    for namespace in (PLACE, "kube-system", None):
        with pytest.raises(ApiError, match='cannot list resource "secrets"'):
            reviewer.api.list("v1", "Secret", namespace)
    with pytest.raises(ApiError, match='cannot patch resource "namespaces"'):
        reviewer.api.apply(
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": PLACE, "labels": {"mine": "true"}}},
            manager="pull-request",
        )
    with pytest.raises(ApiError, match='cannot delete resource "clusterroles"'):
        reviewer.api.delete("rbac.authorization.k8s.io/v1", "ClusterRole", "groundwork-preview")
