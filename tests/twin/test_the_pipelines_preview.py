"""A pull request's preview: it reads everything that the program made, changes nothing, and sees no secret.

The engine runs as the pipeline's preview role, against the account and the cluster of dev; and so do the commands of
the workflows, to which the twin is AWS: they have this role's credentials and no other.
"""

import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from components.teams.matrix import KubernetesAction, allows_in_cluster
from stacks.identities import PREVIEWS, identities
from stacks.settings import parse_settings
from tests.support.cluster_objects import administrator
from tests.support.project import Project
from tests.support.world import assert_held_as_before, held, state_text
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


def commanded(dev: Project, reviewer: Actor, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a shell that has the role's credentials alone."""
    return dev.run("groundwork", *arguments, variables=variables_of(dev, reviewer.aws), check=False)


def report_of(folder: Path) -> dict[str, Any]:
    """The only environment of a report."""
    (found,) = json.loads((folder / "report.json").read_text(encoding="utf-8"))["environments"]
    return dict(found)


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
        assert "error:" not in done.stdout


def test_the_commands_of_the_workflows_work_with_its_rights_and_change_nothing(
    dev: Project, reviewer: Actor, tmp_path: Path
) -> None:
    before, state = held(dev), json.loads(state_text(dev))
    done = commanded(dev, reviewer, "preview", "dev", "--against", "aws", "--output", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    told = report_of(tmp_path)
    assert (told["changes"], told["failed"]) == ([], [])
    assert told["counts"]["same"] > 300
    assert not told["access"]["gains"] + told["access"]["losses"]
    done = commanded(dev, reviewer, "drift", "dev", "--target", "aws")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "dev: no drift."), done.stdout + done.stderr
    assert_held_as_before(dev, before)
    assert json.loads(state_text(dev))["deployment"] == state["deployment"]


def test_a_change_is_reported_against_what_is_there_and_not_made(
    dev: Project, reviewer: Actor, account: Account, tmp_path: Path
) -> None:
    (project,) = account.client("codebuild").list_projects()["projects"]

    def limit() -> int:
        (found,) = account.client("codebuild").batch_get_projects(names=[project])["projects"]
        return int(found["concurrentBuildLimit"])

    before = limit()
    dev.change(lambda settings: settings["runners"]["build"].update(concurrent_jobs=before + 1))
    try:
        done = commanded(dev, reviewer, "preview", "dev", "--against", "aws", "--output", str(tmp_path))
    finally:
        dev.change(lambda settings: settings["runners"]["build"].update(concurrent_jobs=before))
    assert done.returncode == 0, done.stdout + done.stderr
    (change,) = report_of(tmp_path)["changes"]
    assert change["differences"] == [{"path": "concurrentBuildLimit", "before": str(before), "after": str(before + 1)}]
    assert limit() == before
    for file in tmp_path.iterdir():
        text = file.read_text(encoding="utf-8")
        assert reviewer.aws.secret_access_key not in text
        assert str(reviewer.aws.session_token) not in text


def test_the_daily_job_sees_drift_with_its_rights(dev: Project, reviewer: Actor, account: Account) -> None:
    logs, name = account.client("logs"), "/aws/eks/groundwork-dev/cluster"
    before = next(one for one in logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"])["retentionInDays"]
    logs.put_retention_policy(logGroupName=name, retentionInDays=1)
    try:
        done = commanded(dev, reviewer, "drift", "dev", "--target", "aws")
    finally:
        logs.put_retention_policy(logGroupName=name, retentionInDays=before)
    assert done.returncode == 2, done.stdout + done.stderr
    assert f"retentionInDays: {before} in the state, 1 in the world" in done.stdout


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
