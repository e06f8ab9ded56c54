"""Each team's TensorBoard, from the manifest that the cluster of dev holds: what it shows, and what it cannot."""

import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.project import Project
from tests.support.waiting import eventually
from tests.unit.tools.support import Said
from tools import images
from twin.account import Account
from twin.kubernetes import pod_identity
from twin.kubernetes.controllers.loop import World, world_of
from twin.places import Places
from twin.pods.pod import RunningPod
from twin.pods.runner import PodRunner

WRITER = """
import sys
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter
writer = EventFileWriter(sys.argv[1])
for step in range(int(sys.argv[2])):
    value = Summary.Value(tag="loss", simple_value=1 / (step + 1))
    writer.add_event(Event(step=step, wall_time=step, summary=Summary(value=[value])))
writer.close()
"""
PORT = 6006


@pytest.fixture(scope="module")
def write(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], bytes]:
    """Event files as TensorBoard's own writer writes them, of so many steps."""
    python = images.environment("tensorboard", Said()) / "bin" / "python"

    def of(steps: int) -> bytes:
        folder = tmp_path_factory.mktemp("events")
        subprocess.run([python, "-c", WRITER, folder, str(steps)], check=True, capture_output=True)
        (file,) = folder.iterdir()
        return file.read_bytes()

    return of


@pytest.fixture(scope="module")
def world(dev: Project) -> World:
    (folder,) = (dev.root / ".twin" / "kubernetes").glob("*-groundwork-dev")
    return world_of(folder, dev.twin_variables())


@pytest.fixture(scope="module")
def vision(dev: Project, world: World, account: Account, outputs: dict[str, Any], write: Any) -> Iterator[RunningPod]:
    """TensorBoard of one team, with a run of each of two."""
    bucket = outputs["bucket_artifacts"]
    for team in ("vision", "language"):
        key = f"teams/{team}/tensorboard/{team}-run/events.out.tfevents.1"
        account.client("s3").put_object(Bucket=bucket, Key=key, Body=write(300))
    places = Places(clone=dev.root, root=dev.root / ".twin")
    with PodRunner(places.pods, world, Said()).start("team-vision", "tensorboard") as running:
        yield running


def asked(running: RunningPod, path: str) -> Any:
    with urllib.request.urlopen(f"http://{running.address}:{PORT}{path}", timeout=30) as answer:
        return json.loads(answer.read())


def steps(running: RunningPod, run: str) -> int:
    """The last step that it shows of a run; -1 while it shows none."""
    try:
        found = asked(running, f"/data/plugin/scalars/scalars?run={run}&tag=loss")
    except urllib.error.HTTPError as error:
        if error.code != 404:
            raise
        return -1
    return int(found[-1][1])


def test_it_shows_the_curves_of_its_team_and_no_other_run(vision: RunningPod) -> None:
    eventually(lambda: "vision-run" in asked(vision, "/data/runs"), "it has read the run", 120)
    others = set(asked(vision, "/data/runs")) - {"vision-run", "long"}  # of this file's tests, in whatever order
    assert not others
    # A run is listed before its files are read.
    eventually(lambda: steps(vision, "vision-run") == 299, "it shows the whole curve", 120)
    assert asked(vision, "/data/environment")["window_title"] == "TensorBoard of vision"


def test_it_sees_what_a_run_that_goes_on_has_written_since(
    vision: RunningPod, account: Account, outputs: dict[str, Any], write: Any
) -> None:
    key = {"Bucket": outputs["bucket_artifacts"], "Key": "teams/vision/tensorboard/long/events.out.tfevents.2"}
    whole = write(4000)
    account.client("s3").put_object(**key, Body=whole[: len(whole) // 2 + 7])  # within a record
    eventually(lambda: 0 < steps(vision, "long") < 3999, "it shows the first half", 120)
    account.client("s3").put_object(**key, Body=whole)
    eventually(lambda: steps(vision, "long") == 3999, "it shows all of it", 120)


def test_its_role_reads_nothing_but_its_teams_event_files(
    world: World, account: Account, outputs: dict[str, Any], vision: RunningPod
) -> None:
    bucket = outputs["bucket_artifacts"]
    account.client("s3").put_object(Bucket=bucket, Key="teams/vision/model", Body=b"weights")
    s3 = pod_identity.credentials(world, "team-vision", "tensorboard").client("s3")
    own = "teams/vision/tensorboard/vision-run/events.out.tfevents.1"
    assert s3.get_object(Bucket=bucket, Key=own)["Body"].read()
    refused: dict[str, Callable[[], object]] = {
        "another team's": lambda: s3.get_object(Bucket=bucket, Key=own.replace("vision", "language")),
        "a model": lambda: s3.get_object(Bucket=bucket, Key="teams/vision/model"),
        "all names": lambda: s3.list_objects_v2(Bucket=bucket),
        "other names": lambda: s3.list_objects_v2(Bucket=bucket, Prefix="teams/language/tensorboard/"),
        "a write": lambda: s3.put_object(Bucket=bucket, Key=own, Body=b""),
    }
    for what, call in refused.items():
        with pytest.raises(ClientError) as refusal:
            call()
        assert refusal.value.response["Error"]["Code"] == "AccessDenied", what


def test_nobody_outside_the_teams_namespace_is_let_in_to_it(world: World, outputs: dict[str, Any]) -> None:
    policies = world.api.list("networking.k8s.io/v1", "NetworkPolicy", "team-vision")
    # Two alike where one has to leave a node that the autoscaler takes away.
    pod, *_ = world.api.list("v1", "Pod", "team-vision", "app.kubernetes.io/name=tensorboard")
    ports = {port["name"] for container in pod["spec"]["containers"] for port in container["ports"]}
    closed, callers = False, []
    for policy in policies:
        wanted = policy["spec"]["podSelector"].get("matchLabels", {})
        if "Ingress" in policy["spec"]["policyTypes"] and wanted.items() <= pod["metadata"]["labels"].items():
            closed = True
            for rule in policy["spec"].get("ingress", ()):
                # Prometheus gets at ports called `metrics`, of which TensorBoard has none.
                if not rule.get("ports") or ports & {port.get("port") for port in rule["ports"]}:
                    callers += rule.get("from", [{}])
    assert closed, "a pod that no policy selects is open to everybody"
    assert all(set(peer) == {"podSelector"} for peer in callers), callers
    assert outputs["team_vision_tensorboard"] == f"http://tensorboard.team-vision:{PORT}"
