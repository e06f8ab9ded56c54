"""A pool of runners on the cluster of dev: what is there, what a job makes of it, how the App's key gets there.

Nothing of GitHub or of the controller runs; what the controller would make of the scale set is made of it with the
controller's own rights. The tests share one environment, and run in any order.
"""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.teams.personas import PLATFORM_PERSONAS, PlatformPersona
from stacks.identities import identities
from stacks.settings import parse_settings
from tests.support.project import Project
from tests.support.runner_pools import SCALE_SET, with_scale_set
from tests.support.waiting import eventually
from tests.twin.actors import person
from tests.twin.scale_sets import API_VERSION, Controller
from tests.unit.tools.support import Said
from twin.account import Account
from twin.kubernetes import service_accounts
from twin.kubernetes.client import ApiError
from twin.kubernetes.controllers.loop import World, world_of
from twin.places import Places
from twin.pods.errors import PodError
from twin.pods.runner import PodRunner

NAMESPACE, NAME = f"runners-{SCALE_SET}", f"groundwork-dev-runners-{SCALE_SET}"
SECRET = f"groundwork-dev/{NAMESPACE}"
GPU_NODES = "groundwork.io/node-pool=training"
PRIVATE = "-----BEGIN RSA PRIVATE KEY-----\nb2YgdGhlIHR3aW4=\n-----END RSA PRIVATE KEY-----"
APP = {"github_app_id": "12345", "github_app_installation_id": "67890", "github_app_private_key": PRIVATE}


def soon_empty(settings: dict[str, Any]) -> None:
    """The pool, and an autoscaler that takes an idle node away after a minute."""
    wanted = with_scale_set("dev")
    settings["runners"], settings["container_registry"] = wanted["runners"], wanted["container_registry"]
    settings["autoscaler"] |= {"scale_down_unneeded_minutes": 1, "scale_down_delay_after_add_minutes": 0}


@pytest.fixture(scope="module")
def runners(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    made = Project.make(tmp_path_factory.mktemp("runners") / "project", checkpoints=False)
    made.change(soon_empty)
    try:
        made.groundwork("up", "dev")
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def folder(runners: Project) -> Path:
    (found,) = (runners.root / ".twin" / "kubernetes").glob("*-groundwork-dev")
    return found


@pytest.fixture(scope="module")
def world(runners: Project, folder: Path) -> World:
    return world_of(folder, runners.twin_variables())


@pytest.fixture(scope="module")
def account(runners: Project) -> Account:
    return runners.account()


@pytest.fixture(scope="module")
def controller(world: World, folder: Path) -> Controller:
    return Controller.of(folder, world.api, NAMESPACE, NAME)


@pytest.fixture(scope="module")
def registered(controller: Controller) -> dict[str, Any]:
    """The scale set as after the controller's first look at it."""
    return controller.register()


def nodes(world: World) -> list[dict[str, Any]]:
    return world.api.list("v1", "Node", None, GPU_NODES)


def ready_replicas(world: World, deployment: str) -> int:
    held = world.api.get("apps/v1", "Deployment", deployment, NAMESPACE)
    assert held is not None
    return int(held["status"].get("readyReplicas", 0))


def pod(world: World, name: str) -> dict[str, Any]:
    return world.api.get("v1", "Pod", name, NAMESPACE) or {}


def test_the_kinds_the_controller_and_the_scale_set_are_there(world: World, runners: Project) -> None:
    for kind in ("AutoscalingRunnerSet", "AutoscalingListener", "EphemeralRunnerSet", "EphemeralRunner"):
        world.api.resource(API_VERSION, kind)
    # Waited for: the autoscaler that takes idle nodes away soon moves pods of the platform's own nodes too.
    eventually(lambda: ready_replicas(world, "controller") == 1, "the controller runs")
    scale_set = world.api.get(API_VERSION, "AutoscalingRunnerSet", NAME, NAMESPACE)
    assert scale_set is not None
    assert scale_set["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert runners.outputs()[f"runners_{SCALE_SET}"] == NAME
    assert not nodes(world), "an idle pool has no node"


def test_the_controller_makes_its_listener_and_the_listener_asks_for_runners(
    world: World, folder: Path, controller: Controller, registered: dict[str, Any]
) -> None:
    eventually(lambda: pod(world, f"{NAME}-listener")["status"]["phase"] == "Running", "the listener runs")
    listener = service_accounts.client(folder, world.api, NAMESPACE, f"{NAME}-listener")
    name = registered["metadata"]["name"]
    wanted = {"spec": {"replicas": 1, "patchID": 1}}
    listener.patch(API_VERSION, "EphemeralRunnerSet", name, NAMESPACE, wanted)
    assert world.api.get(API_VERSION, "EphemeralRunnerSet", name, NAMESPACE)["spec"]["replicas"] == 1  # type: ignore[index]
    with pytest.raises(ApiError, match="cannot get resource"):
        listener.get("v1", "Secret", f"{NAME}-listener", NAMESPACE)


def test_a_job_makes_a_gpu_node_come_from_nothing_and_go_again(
    world: World, controller: Controller, registered: dict[str, Any]
) -> None:
    assert not nodes(world)
    controller.make_runner("job-1")
    waiting = eventually(
        lambda: [one for one in pod(world, "job-1")["status"].get("conditions", ()) if one["type"] == "PodScheduled"],
        "the pod waits for a node",
    )
    assert (waiting[0]["status"], waiting[0]["reason"]) == ("False", "Unschedulable")
    eventually(lambda: pod(world, "job-1")["status"]["phase"] == "Running", "the job's pod runs", 180)
    (node,) = nodes(world)
    placed = pod(world, "job-1")
    assert placed["spec"]["nodeName"] == node["metadata"]["name"]
    assert node["status"]["allocatable"]["nvidia.com/gpu"] == "1"
    assert "startTime" in placed["status"], "from here its deadline counts"
    controller.end_runner("job-1")
    eventually(lambda: not nodes(world), "the node goes", 300)


def test_a_runner_that_waits_is_not_given_up(world: World, controller: Controller, registered: dict[str, Any]) -> None:
    """The template's own deadline: the API server's clock of a pod starts when a node has taken it, not before."""
    template = controller.read()["spec"]["template"]["spec"]
    made = controller.runner_pod(controller.read(), "job-2")
    made["spec"] |= {"nodeSelector": {"groundwork.io/node-pool": "no-such-pool"}, "activeDeadlineSeconds": 1}
    assert template["activeDeadlineSeconds"] > 60
    controller.api.create(
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "job-2", "namespace": NAMESPACE}, "data": {}}
    )
    controller.api.create(made)
    looked: list[dict[str, Any]] = []
    eventually(lambda: looked.append(pod(world, "job-2")) or len(looked) > 25, "five seconds and more")  # type: ignore[func-returns-value]
    assert {one["status"]["phase"] for one in looked} == {"Pending"}
    controller.api.delete("v1", "Pod", "job-2", NAMESPACE)
    controller.api.delete("v1", "Secret", "job-2", NAMESPACE)


def test_the_registration_comes_as_a_variable_here_and_nowhere_else(world: World, controller: Controller) -> None:
    made = controller.runner_pod(controller.read(), "probe")
    world.api.create(made, dry_run=True)
    elsewhere = made | {"metadata": made["metadata"] | {"namespace": "team-vision"}}
    elsewhere["spec"] = made["spec"] | {"serviceAccountName": "default"}
    with pytest.raises(ApiError, match="POD-12: secrets in the environment of container runner"):
        world.api.create(elsewhere, dry_run=True)
    container = made["spec"]["containers"][0]
    reference = {"secretKeyRef": {"name": "github", "key": "github_app_private_key"}}
    stolen = container | {"env": [*container["env"], {"name": "KEY", "valueFrom": reference}]}
    with pytest.raises(ApiError, match="POD-12"):
        world.api.create(made | {"spec": made["spec"] | {"containers": [stolen]}}, dry_run=True)


def test_what_the_controller_writes_is_no_change_to_the_program(runners: Project, registered: dict[str, Any]) -> None:
    """Its annotations and its finalizer on the scale set are its own."""
    runners.pulumi("preview", "--refresh", "--expect-no-changes", "--non-interactive", "-s", "dev")


@pytest.mark.parametrize(
    ("kind", "name", "namespace"),
    [("Secret", "anything", "mlflow"), ("Pod", "anything", "team-vision"), ("ServiceAccount", "default", "mlflow")],
)
def test_the_controller_has_no_right_elsewhere(controller: Controller, kind: str, name: str, namespace: str) -> None:
    with pytest.raises(ApiError, match="is forbidden"):
        controller.api.get("v1", kind, name, namespace)


@pytest.mark.parametrize("persona", PLATFORM_PERSONAS)
def test_people_of_the_platform_see_the_runners_and_not_the_key(
    account: Account, runners: Project, registered: dict[str, Any], persona: PlatformPersona
) -> None:
    settings = parse_settings(json.dumps(runners.settings()), stack="dev", allow_placeholders=True)
    (identity,) = [one for one in identities(settings) if one.name == persona]
    api = person(runners, account, runners.outputs()["kubeconfig"], identity).api
    for kind in ("AutoscalingListener", "AutoscalingRunnerSet", "EphemeralRunner"):
        api.list(API_VERSION, kind, NAMESPACE)
    (seen,) = api.list(API_VERSION, "EphemeralRunnerSet", NAMESPACE)
    assert seen["metadata"]["uid"] == registered["metadata"]["uid"]
    with pytest.raises(ApiError, match="is forbidden"):
        api.list("v1", "Secret", NAMESPACE)
    with pytest.raises(ApiError, match="is forbidden"):
        api.delete(API_VERSION, "AutoscalingRunnerSet", NAME, NAMESPACE)


def test_nobody_of_the_pool_reads_the_key_but_its_job(account: Account, world: World, runners: Project) -> None:
    """With an identity of its own alone: the runner has none, and the secret's policy shuts out every other."""
    held = account.client("secretsmanager").get_resource_policy(SecretId=SECRET)["ResourcePolicy"]
    assert f"role/groundwork-dev-{NAMESPACE}-credentials" in held
    associations = account.client("eks").list_pod_identity_associations(
        clusterName="groundwork-dev", namespace=NAMESPACE
    )["associations"]
    assert [one["serviceAccount"] for one in associations] == ["credentials"]


@pytest.fixture
def sync(runners: Project, world: World) -> Iterator[Any]:
    """Run the CronJob's own template as a Job, as processes of this machine, in the image's environment."""
    places = Places(clone=runners.root, root=runners.root / ".twin")
    made: list[str] = []

    def run() -> Any:
        cron = world.api.get("batch/v1", "CronJob", "credentials", NAMESPACE)
        assert cron is not None
        name = f"sync-{len(made)}"
        spec = cron["spec"]["jobTemplate"]["spec"]
        metadata = {"name": name, "namespace": NAMESPACE}
        world.api.create({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec})
        made.append(name)
        return PodRunner(places.pods, world, Said()).run_job(NAMESPACE, name)

    yield run
    for name in made:
        world.api.delete("batch/v1", "Job", name, NAMESPACE, propagationPolicy="Background")


def test_the_key_comes_from_secrets_manager_to_the_controllers_secret_and_to_no_state(
    account: Account, runners: Project, controller: Controller, sync: Any
) -> None:
    with pytest.raises(PodError, match="ResourceNotFoundException"):
        sync()
    account.client("secretsmanager").put_secret_value(SecretId=SECRET, SecretString=json.dumps(APP))
    done = sync()
    assert done.exit_code == 0, done.message
    assert done.logs["credentials"].read_text() == f"Secret {NAMESPACE}/github: made\n"
    held = controller.api.get("v1", "Secret", "github", NAMESPACE)
    assert held is not None
    assert {key: base64.b64decode(value).decode() for key, value in held["data"].items()} == APP
    state = runners.pulumi("stack", "export", "-s", "dev").stdout
    assert NAME in state
    assert PRIVATE.splitlines()[0] not in state
    assert "b2YgdGhlIHR3aW4" not in state
