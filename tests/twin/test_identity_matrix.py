"""Who may do what, asked of the world cell by cell; and what a team's namespace refuses whoever works in it.

The expected answers are those of docs/identities.md, from the same function. That a persona which is taken out of the
settings loses its access is in test_changes_to_an_environment.py.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import pytest
import yaml

from components.naming import bucket_name
from components.security.secret import secret_name
from components.teams.matrix import AwsExpectation, KubernetesExpectation, aws_expectations, kubernetes_expectations
from stacks.identities import PREVIEWS, identities, namespaces, scope
from stacks.settings import StackSettings, parse_settings
from tests.support.project import CLONE, Project
from tests.support.tracking_secrets import held_or_made
from tests.support.waiting import eventually
from tests.twin import team_work
from tests.twin.actors import (
    METHODS,
    SERVICE_ACCOUNT,
    Actor,
    Places,
    called,
    comes_in,
    may,
    person,
    pipeline,
    tried,
    workload,
)
from tests.twin.gpu_nodes import end_gpu_nodes, gpu_nodes
from twin.account import Account
from twin.kubernetes.client import ApiError, Client

Expectation = TypeVar("Expectation", KubernetesExpectation, AwsExpectation)
FOREIGN = "not-of-the-cluster"
POD = "identity-matrix-{}"
"""A pod of each service account: a namespace may have several."""


@pytest.fixture(scope="module")
def settings(dev: Project) -> StackSettings:
    return parse_settings(json.dumps(dev.settings()), stack="dev", allow_placeholders=True)


@pytest.fixture(scope="module")
def admin(dev: Project, outputs: dict[str, Any]) -> Client:
    """The cluster as its administrator."""
    return Client.of(outputs["kubeconfig"], environment=dev.twin_variables())


@pytest.fixture(scope="module")
def actors(
    dev: Project, account: Account, outputs: dict[str, Any], admin: Client, settings: StackSettings
) -> Iterator[dict[str, Actor]]:
    """Everybody by name."""
    found, pods = {}, []
    for identity in identities(settings):
        subject = identity.subject or ""
        if not subject.startswith(SERVICE_ACCOUNT):
            become = pipeline if identity.name == PREVIEWS else person
            found[identity.name] = become(dev, account, outputs["kubeconfig"], identity)
            continue
        namespace, name = subject.removeprefix(SERVICE_ACCOUNT).split(":")
        pods.append(team_work.pod(namespace, POD.format(name), name))
        found[identity.name] = workload(account, admin, outputs["cluster_name"], identity, pods[-1])
    yield found
    for pod in pods:
        admin.delete("v1", "Pod", pod["metadata"]["name"], pod["metadata"]["namespace"])


@pytest.fixture(scope="module")
def places(account: Account, outputs: dict[str, Any], settings: StackSettings) -> Iterator[Places]:
    """What is asked about: objects in every store, the system's node group, a group that is not the cluster's."""
    eks, scaling, s3 = (account.client(service) for service in ("eks", "autoscaling", "s3"))
    cluster = outputs["cluster_name"]
    groups = [eks.describe_nodegroup(clusterName=cluster, nodegroupName=name)["nodegroup"]
              for name in eks.list_nodegroups(clusterName=cluster)["nodegroups"]]  # fmt: skip
    [system] = [group for group in groups if group["scalingConfig"]["minSize"] > 0]
    own = system["resources"]["autoScalingGroups"][0]["name"]

    def described() -> dict[str, Any]:
        return dict(scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[own])["AutoScalingGroups"][0])

    scaling.create_auto_scaling_group(
        AutoScalingGroupName=FOREIGN, MinSize=0, MaxSize=1, DesiredCapacity=0,
        VPCZoneIdentifier=described()["VPCZoneIdentifier"],
        LaunchTemplate={key: system["launchTemplate"][old] for key, old in
                        (("LaunchTemplateId", "id"), ("Version", "version"))},
    )  # fmt: skip
    place = scope(settings)
    buckets = {
        store: bucket_name(place.environment, store, place.account, place.region)
        for store in ("datasets", "artifacts", "dvc", "audit")
    }
    values: dict[str, str] = {}
    for expected in aws_expectations(identities(settings)[:1], settings.teams, place):
        if expected.action.store is not None:
            key = expected.action.key.format(team=expected.team)
            s3.put_object(Bucket=buckets[expected.action.store], Key=key, Body=b"there")
        if expected.action.secret is not None:
            named = secret_name(place.environment, expected.action.secret.format(team=expected.team))
            values[named] = held_or_made(
                account.client("secretsmanager"), named, expected.action.secret.format(team=expected.team)
            )
    yield Places(
        buckets=buckets,
        cluster=cluster,
        node_group=system["nodegroupName"],
        auto_scaling_group=own,
        desired_size=lambda: int(described()["DesiredCapacity"]),
        foreign_group=FOREIGN,
        trail=outputs["trail_arn"],
        secret=outputs["database_master_secret_arn"],
        secret_values=values,
        environment=place.environment,
        account=place.account,
    )
    scaling.delete_auto_scaling_group(AutoScalingGroupName=FOREIGN, ForceDelete=True)


@pytest.fixture(scope="module")
def gpus(settings: StackSettings, account: Account, outputs: dict[str, Any], admin: Client) -> Iterator[None]:
    """GPU nodes may come; afterwards there are none, as there were before: the autoscaler would take ten minutes."""
    yield
    for team in settings.teams:
        remove(
            admin, f"team-{team}", *(job["metadata"]["name"] for job in admin.list("batch/v1", "Job", f"team-{team}"))
        )
    end_gpu_nodes(account, outputs["cluster_name"], admin)


def mismatches(expectations: list[Expectation], ask: Callable[[Expectation], str]) -> list[str]:
    """A line for each cell of the table in which the world answers something else; identities are asked at once."""

    def of(name: str) -> list[str]:
        lines = []
        for expected in expectations:
            if expected.identity.name != name:
                continue
            wanted, got = "yes" if expected.allowed else "no", ask(expected)
            where = expected.namespace if isinstance(expected, KubernetesExpectation) else expected.team
            if got != wanted:
                lines.append(f"{name}: {expected.action} in {where}: expected {wanted}, got {got}")
        return lines

    assert {expected.allowed for expected in expectations} == {True, False}
    names = list(dict.fromkeys(expected.identity.name for expected in expectations))
    with ThreadPoolExecutor(4) as pool:
        return [line for lines in pool.map(of, names) for line in lines]


def in_cluster(settings: StackSettings) -> list[KubernetesExpectation]:
    return list(kubernetes_expectations(identities(settings), namespaces(settings)))


def test_the_api_server_says_of_everybody_what_the_table_says(
    actors: dict[str, Actor], settings: StackSettings
) -> None:
    def ask(expected: KubernetesExpectation) -> str:
        return "yes" if may(actors[expected.identity.name].api, expected.action, expected.namespace) else "no"

    assert mismatches(in_cluster(settings), ask) == []


def test_requests_are_let_through_and_refused_as_the_table_says(
    actors: dict[str, Actor], settings: StackSettings
) -> None:
    def ask(expected: KubernetesExpectation) -> str:
        return "yes" if tried(actors[expected.identity.name].api, expected.action, expected.namespace) else "no"

    requests = [expected for expected in in_cluster(settings) if expected.action.verb in METHODS]
    assert mismatches(requests, ask) == []


def test_aws_does_for_everybody_what_the_table_says(
    actors: dict[str, Actor], settings: StackSettings, places: Places
) -> None:
    def ask(expected: AwsExpectation) -> str:
        return called(actors[expected.identity.name].aws, expected.action, expected.team, places)

    calls = list(aws_expectations(identities(settings), settings.teams, scope(settings)))
    assert mismatches(calls, ask) == []


def test_a_cell_in_which_the_world_differs_is_named(settings: StackSettings) -> None:
    cells = list(kubernetes_expectations(identities(settings)[:2], ["team-vision"]))

    def ask(expected: KubernetesExpectation) -> str:
        return "yes" if expected.allowed and expected.action.resource != "cronjobs" else "no"

    [found] = mismatches(cells, ask)
    assert found.startswith("vision ml-engineer: KubernetesAction(verb='create', resource='cronjobs'")
    assert found.endswith("in team-vision: expected yes, got no")


def test_what_people_make_is_theirs_and_nobody_elses(actors: dict[str, Actor]) -> None:
    mine, other = actors["vision data-scientist"].api, actors["language ml-engineer"].api
    notes = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "notes", "namespace": "team-vision"}}
    mine.create(notes | {"data": {"learning-rate": "0.1"}})
    with pytest.raises(ApiError, match="cannot delete resource"):
        other.delete("v1", "ConfigMap", "notes", "team-vision")
    held = actors["auditor"].api.get("v1", "ConfigMap", "notes", "team-vision")
    assert held is not None
    assert held["data"] == {"learning-rate": "0.1"}
    assert mine.delete("v1", "ConfigMap", "notes", "team-vision")


@pytest.mark.parametrize("case", team_work.REFUSED_AT_ONCE)
def test_a_job_is_refused_with_the_reason(actors: dict[str, Actor], case: str) -> None:
    spec, reason = team_work.REFUSED_AT_ONCE[case]
    with pytest.raises(ApiError) as refusal:
        actors["vision data-scientist"].api.create(team_work.job("team-vision", "refused", spec))
    assert refusal.value.status == 403
    assert f"ValidatingAdmissionPolicy '{team_work.POLICY}'" in refusal.value.message
    assert reason in refusal.value.message


@pytest.mark.parametrize("make", [team_work.deployment, team_work.cron_job])
def test_whatever_makes_pods_is_refused_as_a_job_is(
    actors: dict[str, Actor], make: Callable[[str, str, Mapping[str, Any]], dict[str, Any]]
) -> None:
    spec = team_work.pod_spec(team_work.container(image=team_work.WITH_TAG))
    with pytest.raises(ApiError, match="image of container main") as refusal:
        actors["vision ml-engineer"].api.create(make("team-vision", "refused", spec))
    assert refusal.value.status == 403
    assert actors["vision ml-engineer"].api.create(make("team-vision", "good", team_work.pod_spec()), dry_run=True)


def told(api: Client, namespace: str, name: str, reason: str, *words: str) -> list[str]:
    """What the events of an object or of its pods say, as far as these words are in it.

    An attempt may fail for another reason first, as when two pods of a Job meet in the status of a quota.
    """
    return [
        event["message"]
        for event in api.list("v1", "Event", namespace)
        if event["involvedObject"]["name"].startswith(name) and event["reason"] == reason
        if all(word in event["message"] for word in words)
    ]


def remove(api: Client, namespace: str, *names: str) -> None:
    for name in names:
        api.delete("batch/v1", "Job", name, namespace, propagationPolicy="Background")


def test_pods_that_are_too_large_never_come_to_be_and_their_job_says_why(actors: dict[str, Actor]) -> None:
    api = actors["vision data-scientist"].api
    for name, (spec, _) in team_work.REFUSED_AS_PODS.items():
        api.create(team_work.job("team-vision", name, spec))
    for name, (_, reason) in team_work.REFUSED_AS_PODS.items():
        refused = partial(told, api, "team-vision", name, "FailedCreate", reason)
        eventually(refused, f"an event about {name} says {reason!r}")
        assert api.list("v1", "Pod", "team-vision", f"job-name={name}") == []
    remove(api, "team-vision", *team_work.REFUSED_AS_PODS)


@pytest.mark.usefixtures("gpus")
def test_the_job_of_the_examples_is_admitted_and_has_its_gpu(actors: dict[str, Actor]) -> None:
    api = actors["vision data-scientist"].api
    example = yaml.safe_load((CLONE / "examples" / "gpu-job.yaml").read_text())
    name = example["metadata"]["name"]
    api.create(example | {"metadata": {"name": name, "namespace": "team-vision"}})
    try:
        eventually(lambda: nodes_of(api, "team-vision", name), "its pod has a node", 180)
    finally:
        remove(api, "team-vision", name)


def nodes_of(api: Client, namespace: str, name: str) -> set[str]:
    pods = api.list("v1", "Pod", namespace, f"job-name={name}")
    return {pod["spec"]["nodeName"] for pod in pods if "nodeName" in pod["spec"]}


@pytest.mark.usefixtures("gpus")
def test_each_team_gets_its_gpus_and_no_more_and_others_stay_off_their_nodes(
    actors: dict[str, Actor], settings: StackSettings, admin: Client
) -> None:
    scientists = {team: actors[f"{team} data-scientist"].api for team in settings.teams}
    for team, api in scientists.items():
        gpus = settings.teams[team].quota.gpus
        # Of pods that complete within a second, the last one may find the quota free again.
        many = team_work.job(f"team-{team}", "many", team_work.gpu_pod_spec(), pods=gpus + 1, runs_for="1h")
        api.create(many)
    for team, api in scientists.items():
        gpus = settings.teams[team].quota.gpus
        words = (
            "exceeded quota: quota, requested: requests.nvidia.com/gpu=1",
            f"limited: requests.nvidia.com/gpu={gpus}",
        )
        eventually(partial(told, api, f"team-{team}", "many", "FailedCreate", *words), f"{team} is told of its quota")
    for team, api in scientists.items():
        eventually(lambda: nodes_of(api, f"team-{team}", "many"), f"pods of {team} have nodes", 180)  # noqa: B023
    with_gpu = gpu_nodes(admin)
    for team, api in scientists.items():
        assert nodes_of(api, f"team-{team}", "many") <= with_gpu

    api = scientists["vision"]
    api.create(team_work.job("team-vision", "plain", team_work.pod_spec(), pods=6))
    wanting = team_work.pod_spec(nodeSelector={"nvidia.com/gpu.present": "true"})
    api.create(team_work.job("team-vision", "wanting", wanting))

    def placed() -> bool:
        pods = api.list("v1", "Pod", "team-vision", "job-name=plain")
        return len(pods) == 6 and all("nodeName" in pod["spec"] for pod in pods)

    eventually(placed, "six pods without a GPU have nodes", 120)
    assert not nodes_of(api, "team-vision", "plain") & with_gpu
    # Nothing on the way gave a pod a GPU that did not ask for one.
    for pod in api.list("v1", "Pod", "team-vision", "job-name=plain"):
        assert pod["spec"]["containers"][0]["resources"] == team_work.container()["resources"]
    eventually(lambda: told(api, "team-vision", "wanting", "FailedScheduling"), "the scheduler says why")
    assert nodes_of(api, "team-vision", "wanting") == set()
    remove(api, "team-vision", "many", "plain", "wanting")
    remove(scientists["language"], "team-language", "many")


def test_without_its_access_entry_a_persona_is_nobody_in_the_cluster(
    actors: dict[str, Actor], account: Account, outputs: dict[str, Any]
) -> None:
    eks, actor = account.client("eks"), actors["vision data-scientist"]
    where = {"clusterName": outputs["cluster_name"], "principalArn": outputs["team_vision_role_data-scientist"]}
    held = eks.describe_access_entry(**where)["accessEntry"]
    assert comes_in(actor.api, "team-vision")
    eks.delete_access_entry(**where)
    try:
        eventually(lambda: not comes_in(actor.api, "team-vision"), "it is refused")
        assert comes_in(actors["vision ml-engineer"].api, "team-vision"), "nobody else is"
    finally:
        kept = {key: held[key] for key in ("kubernetesGroups", "tags", "type")}
        eks.create_access_entry(**where, **kept)
    eventually(lambda: comes_in(actor.api, "team-vision"), "it is let in again")
