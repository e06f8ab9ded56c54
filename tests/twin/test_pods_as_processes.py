"""Pods that the API server of a cluster holds, run as processes: what they saw of variables, files and AWS."""

import json
import signal
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.processes import has_ended
from tests.support.waiting import eventually
from tests.twin import pod_manifests as manifests
from tests.twin.clusters import NAME, Cluster, role
from tests.twin.corrections.conftest import kubernetes_bin, postgres_bin, twin  # noqa: F401  # fixtures
from tests.twin.corrections.server import ACCOUNT, REGION, Twin
from tests.twin.pod_manifests import NAMESPACE, PASSWORD, container, deployment, job, pod, server
from tests.unit.tools.support import Said
from tools.toolchain import CLONE
from twin.kubernetes.autoscaling.scale_down import SAFE_TO_EVICT
from twin.kubernetes.controllers.loop import World, world_of
from twin.pods import records
from twin.pods.errors import PodError
from twin.pods.pod import RunningPod
from twin.pods.runner import PodRunner

OF_DATABASE = "pw-of-secrets-manager"
ADDONS = ("eks-pod-identity-agent", "aws-secrets-store-csi-driver-provider")


@pytest.fixture(scope="module")
def cluster(twin: Twin) -> Cluster:  # noqa: F811
    """A cluster with both add-ons, one node, what the pods refer to, a role that may read the secret, one that may not.

    The add-on of secrets is in its own namespace.
    """
    made = Cluster.make(twin)
    eks = twin.client("eks")
    value = json.dumps({"username": "shop", "password": OF_DATABASE})
    secret = twin.client("secretsmanager").create_secret(Name=manifests.SECRET, SecretString=value)["ARN"]
    for name in ADDONS:
        eks.create_addon(clusterName=NAME, addonName=name)
    made.node_group("system", (1, 1, 1), instanceTypes=["m6i.xlarge"])
    for account, allowed in ((manifests.ACCOUNT, {"secretsmanager:GetSecretValue": secret}), (manifests.STRANGER, {})):
        eks.create_pod_identity_association(
            clusterName=NAME, namespace=NAMESPACE, serviceAccount=account, roleArn=role(twin, account, allowed)
        )
    for name in ADDONS:
        eventually(
            lambda n=name: eks.describe_addon(clusterName=NAME, addonName=n)["addon"]["status"] == "ACTIVE",  # type: ignore[misc]
            f"{name} is active",
            90,
        )
    made.make_objects(*manifests.objects(), manifests.secrets())
    return made


@pytest.fixture(scope="module")
def world(cluster: Cluster) -> World:
    return world_of(
        cluster.twin.root / "kubernetes" / f"{ACCOUNT}-{REGION}-{NAME}",
        {
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": cluster.twin.known.root_secret,
            "AWS_ENDPOINT_URL": cluster.twin.known.endpoint,
            "AWS_CA_BUNDLE": str(cluster.twin.root / "certificates" / "ca.pem"),
        },
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "pods"


@pytest.fixture
def said() -> Said:
    return Said()


@pytest.fixture
def runner(root: Path, world: World, said: Said) -> PodRunner:
    """Every image is the environment that the tests run in."""
    return PodRunner(root, world, said, lambda name: CLONE / ".venv")


@pytest.fixture
def running(runner: PodRunner, cluster: Cluster) -> Iterator[RunningPod]:
    """The server, from the Deployment that the API server holds."""
    cluster.make_objects(deployment("counter", pod(server())))
    with runner.start(NAMESPACE, "counter") as started:
        yield started


def seen_by(running: RunningPod) -> dict[str, Any]:
    """What the process of the server says of itself."""
    with urllib.request.urlopen(f"http://{running.address}:8080/", timeout=30) as answer:
        found: dict[str, Any] = json.loads(answer.read())
    return found


def test_a_server_sees_what_its_manifest_says(running: RunningPod, world: World, root: Path) -> None:
    seen = seen_by(running)
    environment, files = seen["environment"], seen["files"]
    assert running.address.startswith("127.")
    assert environment["POD_IP"] == running.address
    assert environment["PASSWORD"] == PASSWORD
    assert (environment["ONE_COLOUR"], environment["SHOP_COLOUR"], environment["SHOP_SIZE"]) == ("green", "green", "9")
    assert environment["PEER"] == f"http://{running.address}:8080/green"
    assert Path(environment["AUTHORITY"]).read_text() == Path(str(world.aws.ca_bundle)).read_text()
    assert environment["COUNTER_SERVICE_PORT"] == "80"
    assert seen["arguments"] == ["serve", running.address, "8080", "--colour=green", "$(POD_IP)", "$(NOBODY)"]
    assert files == {
        "login/password": [PASSWORD, "0o600"],
        "database/whole": [json.dumps({"username": "shop", "password": OF_DATABASE}), "0o600"],
        "database/password": [OF_DATABASE, "0o600"],
        "settings/in/size": ["9", "0o600"],
        "info/labels": ["counter", "0o600"],
    }
    assert seen["who"].startswith(f"arn:aws:sts::{ACCOUNT}:assumed-role/clerk/eks-{NAME}-counter-")
    assert Path(environment["HOME"]).is_relative_to(root)
    assert Path(environment["TMPDIR"]).is_relative_to(root)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        # Of nobody: not os.devnull, for which DVC looks, and finds no file.
        assert Path(environment[name]).is_relative_to(root)
        assert not Path(environment[name]).exists()


def test_the_autoscaler_leaves_the_node_of_a_pod_as_long_as_the_pod_runs_here(
    runner: PodRunner, cluster: Cluster
) -> None:
    cluster.make_objects(deployment("counter", pod(server())))

    def safe() -> str | None:
        held = cluster.api.get("v1", "Pod", running.name, NAMESPACE)
        assert held is not None
        said: str | None = held["metadata"].get("annotations", {}).get(SAFE_TO_EVICT)
        return said

    with runner.start(NAMESPACE, "counter") as running:
        assert safe() == "false"
    assert safe() is None


def test_nothing_of_a_pod_is_open_to_others_and_no_secret_is_in_what_it_says(
    running: RunningPod, root: Path, said: Said
) -> None:
    process = psutil.Process(seen_by(running)["pid"])
    for path in (root, *root.rglob("*")):
        if not path.is_symlink():
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    # Where it listens: it calls AWS whenever its probe asks it, from whichever address that takes.
    open_at = {one.laddr.ip for one in process.net_connections("tcp") if one.status == psutil.CONN_LISTEN}
    assert open_at == {running.address}
    kept = [str(said), *(log.read_text() for log in running.logs.values())]
    kept += [file.read_text() for file in root.rglob("pod.json")]
    assert "listening" in kept[1]
    assert not any(PASSWORD in text or OF_DATABASE in text for text in kept)
    assert not any(PASSWORD in word for word in process.cmdline())
    assert "user ids, read-only root file systems" in str(said)


def test_after_stop_neither_processes_nor_values_are_left(running: RunningPod, root: Path) -> None:
    process = psutil.Process(seen_by(running)["pid"])
    running.stop()
    assert has_ended(process.pid)
    assert [path.name for path in root.rglob("*") if path.is_file()] == ["lock", "main.log"]
    assert records.running(root) == []


def test_what_others_end_is_not_started_again(running: RunningPod, root: Path) -> None:
    process = psutil.Process(seen_by(running)["pid"])
    code = "import pathlib, sys; from twin.pods import records; records.end_all(pathlib.Path(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", code, root], cwd=CLONE, check=True)  # as `groundwork twin stop` does it
    assert not process.is_running()
    assert running.wait() == 128 + signal.SIGTERM
    eventually(lambda: not list(root.rglob("program.py")), "its volumes are gone")


def test_a_second_run_of_the_only_pod_is_refused_and_the_next_one_gets_the_same_address(
    running: RunningPod, runner: PodRunner
) -> None:
    with pytest.raises(PodError, match=r"Every pod of Deployment shop/counter runs already: counter-"):
        runner.start(NAMESPACE, "counter")
    running.stop()
    with runner.start(NAMESPACE, "counter") as again:
        assert again.address == running.address


def test_a_job_runs_to_its_end(runner: PodRunner, cluster: Cluster) -> None:
    main = container(command=["python", "/app/program.py", "print"])
    cluster.make_objects(job("once", pod(main)))
    result = runner.run_job(NAMESPACE, "once")
    assert (result.exit_code, result.attempts, result.reason) == (0, 1, "Complete"), result.message
    assert json.loads(result.logs["main"].read_text())["environment"]["PASSWORD"] == PASSWORD


def test_a_role_without_the_right_is_refused_in_the_services_own_words(
    runner: PodRunner, cluster: Cluster, root: Path
) -> None:
    main = container(command=["true"])
    cluster.make_objects(job("nosy", pod(main, serviceAccountName=manifests.STRANGER)))
    with pytest.raises(PodError) as raised:
        runner.run_job(NAMESPACE, "nosy")
    said = str(raised.value)
    assert f"SecretProviderClass {NAMESPACE}/database: {manifests.SECRET}: " in said
    assert "AccessDenied" in said
    assert "assumed-role/stranger/" in said
    assert "is not authorized to perform: secretsmanager:GetSecretValue" in said
    assert not list(root.rglob("volumes"))


def test_a_job_that_fails_is_tried_as_often_as_it_says(runner: PodRunner, cluster: Cluster) -> None:
    main = container(command=["sh", "-c", "echo no luck; exit 3"])
    cluster.make_objects(job("unlucky", pod(main), backoffLimit=1))
    result = runner.run_job(NAMESPACE, "unlucky")
    assert (result.exit_code, result.attempts, result.reason) == (3, 2, "BackoffLimitExceeded")
    assert "no luck" in result.message
    assert result.logs["main"].read_text() == "no luck\nno luck\n"


def test_a_job_that_takes_too_long_is_ended(runner: PodRunner, cluster: Cluster) -> None:
    main = container(command=["sleep", "600"])  # in the cluster the pod completes before that
    cluster.make_objects(job("slow", pod(main), activeDeadlineSeconds=12))
    assert runner.run_job(NAMESPACE, "slow").reason == "DeadlineExceeded"


def test_init_containers_run_first_and_sidecars_stay(runner: PodRunner, cluster: Cluster) -> None:
    def step(name: str, **more: Any) -> dict[str, Any]:
        script = "cat /tmp/order 2>/dev/null; echo $NAME >> /tmp/order"
        env = [{"name": "NAME", "value": name}]
        return {**container(command=["sh", "-c", script]), "name": name, "env": env, **more}

    sidecar = step("side", restartPolicy="Always", command=["sh", "-c", "echo $NAME >> /tmp/order; exec sleep 600"])
    last = step("last", command=["sh", "-c", "cat /tmp/order"])
    cluster.make_objects(job("ordered", pod(last, initContainers=[step("first"), sidecar, step("third")])))
    result = runner.run_job(NAMESPACE, "ordered")
    assert result.exit_code == 0, result.message
    assert result.logs["third"].read_text().split() == ["first", "side"]
    assert result.logs["last"].read_text().split() == ["first", "side", "third"]


def test_a_pod_that_listens_to_the_whole_network_is_refused(runner: PodRunner, cluster: Cluster, root: Path) -> None:
    code = "import socket, time; s = socket.create_server(('', 0)); time.sleep(600)"
    main = container(command=["python", "-c", code])
    cluster.make_objects(deployment("open", pod(main), {"app": "open"}))
    with pytest.raises(PodError, match=r"Container main listens on 0\.0\.0\.0:\d+, .*\$\(POD_IP\)"):
        runner.start(NAMESPACE, "open").wait(seconds=60)
    assert records.running(root) == []


@pytest.mark.parametrize(
    ("change", "said_of_it"),
    [
        ({"command": ["no-such-program"]}, "Container main: no-such-program: No such file"),
        (
            {"command": ["sh", "-c", "echo broken; exit 7"]},
            "has ended 3 times, the last time with exit code 7.*broke",
        ),
        ({"command": ["sleep", "9"], "envFrom": [{"secretRef": {"name": "lost"}}]}, 'secret "lost" not found'),
        ({"command": ["sleep", "9"], "image": "docker.io/library/nginx:1"}, "nginx:1 is none of the platform's own"),
        ({"command": []}, "has no command"),
    ],
)
def test_what_cannot_run_says_why(
    runner: PodRunner, cluster: Cluster, root: Path, change: dict[str, Any], said_of_it: str
) -> None:
    cluster.make_objects(deployment("wrong", pod({**container(), **change}), {"app": "wrong"}))
    with pytest.raises(PodError, match=f"(?s){said_of_it}"):
        runner.start(NAMESPACE, "wrong")
    assert not list(root.rglob("volumes"))
    assert records.running(root) == []
