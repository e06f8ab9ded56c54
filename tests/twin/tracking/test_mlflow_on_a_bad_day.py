"""What a client of MLflow is told, and what is left, when the server, the database or the object store fails."""

import os
import signal
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from select import select
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.support.project import Project
from tests.support.waiting import eventually
from tests.twin.tracking.clients import Client, RefusedError
from tests.twin.tracking.opened import Opened
from twin.aws.faults import Fault, plan, planned

ALWAYS = 1000
IMPATIENT = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
"""A client that tries once."""
PREPARE = """
run = client.create_run(client.create_experiment(name))
client.create_registered_model(name)
result = {"run": run.info.run_id, "artifacts": run.info.artifact_uri}
"""
REGISTER = """
client.log_artifact(run, file, "model")
client.create_model_version(name, f"{artifacts}/model", run)
"""
VERSIONS = "result = [one.status for one in client.search_model_versions(f\"name='{name}'\")]"
LOG_UNTIL = """
import pathlib
step = 0
while not pathlib.Path(end).exists():
    client.log_metric(run, "loss", 1 / (step + 1), timestamp=step, step=step)
    step += 1
result = step
"""
UVICORNS_OWN_SECONDS = 5
HISTORY = "/api/2.0/mlflow/metrics/get-history?metric_key=loss&run_id="


@pytest.fixture
def faults(dev: Project) -> Iterator[Callable[..., None]]:
    """Plans faults of the AWS API; none is left afterwards."""
    root = dev.root / ".twin"
    yield lambda *wanted: plan(root, wanted)
    plan(root, ())


def megabytes(opened: Opened, name: str, size: int) -> Path:
    file = opened.folder / name
    with file.open("wb") as opened_file:
        opened_file.truncate(size * 1024 * 1024)
    return file


def sizes(opened: Opened, made: dict[str, Any]) -> dict[str, int]:
    """By name, the sizes of a run's artifacts in the bucket. No part of an upload may lie about."""
    s3, prefix = opened.account.client("s3"), f"mlflow/{made['artifacts'].partition('mlflow-artifacts:/')[2]}/"
    uploads = s3.list_multipart_uploads(Bucket=opened.bucket).get("Uploads", [])
    assert not [one["Key"] for one in uploads if one["Key"].startswith(prefix)]
    found = s3.list_objects_v2(Bucket=opened.bucket, Prefix=prefix).get("Contents", [])
    return {one["Key"].removeprefix(prefix): one["Size"] for one in found}


def kill_during_the_upload_of(opened: Opened, name: str) -> None:
    """SIGKILL the server while it has part of the file: all of it, as the end of its first process does in a container.

    Its workers alone would go on with the upload until somebody has seen that it has died.
    """
    pod, server = opened.pod_folder(), opened.server_process()

    def has_begun() -> bool:
        # Not by a glob, which stops at a folder that an earlier upload has just left.
        parts = [Path(folder) / name for folder, _, files in os.walk(pod) if name in files]
        with suppress(FileNotFoundError):
            return any(part.stat().st_size for part in parts)
        return False

    end = time.monotonic() + 120
    while not has_begun():
        assert time.monotonic() < end, "the upload has not begun"
        time.sleep(0.005)
    os.killpg(server.pid, signal.SIGKILL)


def wait_until_it_answers(opened: Opened) -> None:
    def answers() -> bool:
        try:
            return requests.get(f"{opened.url}/health", timeout=5).ok
        except requests.RequestException:
            return False

    eventually(answers, "the server was started again", 300)


@contextmanager
def begun(client: Client, code: str, **given: Any) -> Iterator[None]:
    """Something that the client does during the block, and has to have ended after it."""
    client.begin(code, **given)
    try:
        yield
    except BaseException:
        client.worker.close()
        raise


def test_a_client_goes_on_when_the_server_is_killed_during_an_upload(opened: Opened, dev: Project) -> None:
    del dev
    client, file = opened.user("vision"), megabytes(opened, "patient.bin", 100)
    made = client.run(PREPARE, name="patient")
    with begun(client, REGISTER, name="patient", file=str(file), **made):
        kill_during_the_upload_of(opened, file.name)
    client.end()
    assert sizes(opened, made) == {"model/patient.bin": file.stat().st_size}
    assert client.run(VERSIONS, name="patient") == ["READY"]


def test_a_client_that_gives_up_is_told_and_has_registered_nothing(opened: Opened, dev: Project) -> None:
    del dev
    client, file = opened.user("vision", **IMPATIENT), megabytes(opened, "impatient.bin", 100)
    made = client.run(PREPARE, name="impatient")
    with begun(client, REGISTER, name="impatient", file=str(file), **made):
        kill_during_the_upload_of(opened, file.name)
    with pytest.raises(RefusedError, match=r"API request to http://.*impatient\.bin failed"):
        client.end()
    wait_until_it_answers(opened)
    assert sizes(opened, made) == {}
    assert client.run(VERSIONS, name="impatient") == []
    client.run(REGISTER, name="impatient", file=str(file), **made)
    assert client.run(VERSIONS, name="impatient") == ["READY"]


@pytest.mark.parametrize(("size", "operation"), [(1, "PutObject"), (20, "UploadPart")])
def test_an_object_store_that_fails_for_a_moment_is_not_noticed(
    opened: Opened, dev: Project, faults: Callable[..., None], size: int, operation: str
) -> None:
    client, file = opened.user("vision"), megabytes(opened, f"moment-{size}.bin", size)
    made = client.run(PREPARE, name=f"moment-{size}")
    faults(Fault("s3", operation, "internal-error", times=2), Fault("s3", operation, "closed"))
    client.run(REGISTER, name=f"moment-{size}", file=str(file), **made)
    assert planned(dev.root / ".twin") == []
    assert sizes(opened, made) == {f"model/{file.name}": file.stat().st_size}


@pytest.mark.parametrize(
    ("kind", "size", "operation"),
    [("internal-error", 1, "PutObject"), ("denied", 1, "PutObject"), ("unavailable", 20, "UploadPart")],
)
def test_an_object_store_that_goes_on_failing_leaves_no_model(
    opened: Opened, faults: Callable[..., None], kind: Any, size: int, operation: str
) -> None:
    name = f"{kind}-{size}"
    client, file = opened.user("vision", **IMPATIENT), megabytes(opened, f"{name}.bin", size)
    made = client.run(PREPARE, name=name)
    faults(Fault("s3", operation, kind, times=ALWAYS))
    with pytest.raises(RefusedError) as refusal:
        client.run(REGISTER, name=name, file=str(file), **made)
    assert f"{name}.bin" in str(refusal.value)
    faults()
    assert sizes(opened, made) == {}
    assert client.run(VERSIONS, name=name) == []
    client.run(REGISTER, name=name, file=str(file), **made)
    assert client.run(VERSIONS, name=name) == ["READY"]


def test_nothing_is_lost_when_the_database_restarts(opened: Opened, dev: Project) -> None:
    del dev
    client, end = opened.user("vision"), opened.folder / "end"
    made = client.run(PREPARE, name="restart")
    rds = opened.account.client("rds")
    (database,) = [
        one["DBInstanceIdentifier"]
        for one in rds.describe_db_instances()["DBInstances"]
        if one["DBInstanceIdentifier"].startswith("groundwork-dev")
    ]

    def steps_there() -> list[int]:
        answer = client.asks("GET", HISTORY + made["run"])
        return [int(one.get("step", 0)) for one in answer.json().get("metrics", ())] if answer.ok else []

    with begun(client, LOG_UNTIL, run=made["run"], end=str(end)):
        eventually(lambda: len(steps_there()) > 5, "it logs", 120)
        rds.reboot_db_instance(DBInstanceIdentifier=database)
        rds.get_waiter("db_instance_available").wait(
            DBInstanceIdentifier=database, WaiterConfig={"Delay": 1, "MaxAttempts": 180}
        )
        before = len(steps_there())
        eventually(lambda: len(steps_there()) > before + 5, "it goes on", 300)
        end.touch()
        logged = client.end()
    assert sorted(steps_there()) == list(range(logged))


def test_an_event_that_the_queue_does_not_take_at_once_is_tried_again(
    opened: Opened, dev: Project, faults: Callable[..., None]
) -> None:
    faults(Fault("sqs", "SendMessage", "internal-error", times=3))
    opened.user("vision").run("client.create_registered_model('tried-again')")
    eventually(lambda: not planned(dev.root / ".twin"), "the queue has refused three times", 60)
    eventually(
        lambda: "204 registered_model.created of vision" in opened.log_of("events").rpartition("503 ")[2],
        "the sidecar has handed it on",
        60,
    )


def test_a_connection_that_has_rested_between_two_epochs_still_serves(opened: Opened) -> None:
    server = urlsplit(opened.user("vision").url)
    connection = HTTPConnection(str(server.hostname), server.port, timeout=60)
    for pause in (0, UVICORNS_OWN_SECONDS + 2):
        before = connection.sock
        time.sleep(pause)
        connection.request("GET", "/health")
        assert connection.getresponse().read() == b"OK"
        assert before in (None, connection.sock), "the server hung up, and another connection was made"
    connection.close()


@pytest.mark.parametrize(("kind", "status"), [("internal-error", 503), ("denied", 500)])
def test_a_refusal_of_the_object_store_is_told_and_the_connection_goes_on_serving(
    opened: Opened, faults: Callable[..., None], kind: Any, status: int
) -> None:
    client, name = opened.user("vision"), f"kept-{kind}"
    made = client.run(PREPARE, name=name)
    path = f"/api/2.0/mlflow-artifacts/artifacts/{made['artifacts'].partition(':/')[2]}/model/weights.bin"
    token = b64encode(f"{client.username}:{client.password}".encode()).decode()
    headers = {"Authorization": f"Basic {token}", "X-MLFLOW-WORKSPACE": client.workspace}
    server = urlsplit(client.url)
    with closing(HTTPConnection(str(server.hostname), server.port, timeout=120)) as connection:
        faults(Fault("s3", "PutObject", kind, times=ALWAYS))
        connection.request("PUT", path, b"weights", headers)
        first = connection.sock
        answer = connection.getresponse()
        assert (answer.status, "did not take weights.bin" in answer.read().decode()) == (status, True)
        faults()
        assert not select([first], [], [], 1)[0], "the server hung up after its answer"
        for method, body, expected in (("PUT", b"weights", b""), ("GET", None, b"weights")):
            connection.request(method, path, body, headers)
            assert connection.getresponse().read() == expected
        assert connection.sock is first


def test_an_artifact_that_is_not_there_is_not_asked_for_again_and_again(opened: Opened) -> None:
    client = opened.user("vision")
    made = client.run(PREPARE, name="missing")
    asked = f"/api/2.0/mlflow-artifacts/artifacts/{made['artifacts'].partition(':/')[2]}/model/weights.bin"
    answer = client.asks("GET", asked, "vision")
    assert (answer.status_code, answer.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
