"""What work in MLflow leaves in the world: objects under the right key, connections by TLS, events, no secret."""

import contextlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import psycopg
import pytest
import requests
from botocore.exceptions import ClientError

from tests.support.project import Project
from tests.support.waiting import eventually
from tests.twin.tracking.clients import WORK
from tests.twin.tracking.opened import Opened
from twin.kubernetes import pod_identity

METRICS_PORT = 9464


@pytest.fixture(scope="module")
def work(opened: Opened, dev: Project) -> dict[str, Any]:
    """A run of each team; this is vision's."""
    del dev
    drain(opened)
    for team in ("language", "vision"):
        made = opened.user(team).run(WORK, name=f"{team}-beer", file=str(opened.folder / f"{team}-grain"))
    return dict(made)


def drain(opened: Opened) -> list[dict[str, Any]]:
    """Take every message that the queue of events has now."""
    sqs, url = opened.account.client("sqs"), opened.outputs["registry_events_queue_url"]
    taken = []
    while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in found:
            taken.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return taken


def object_of(opened: Opened, work: dict[str, Any]) -> str:
    """The key of the artifact in the bucket."""
    path = work["artifacts"].partition("mlflow-artifacts:/")[2]
    return f"mlflow/{path}/model/vision-grain"


def test_an_artifact_is_in_the_bucket_under_the_key_of_its_class(opened: Opened, work: dict[str, Any]) -> None:
    alias = opened.outputs["key_alias_confidential"]
    key = opened.account.client("kms").describe_key(KeyId=alias)["KeyMetadata"]["Arn"]
    head = opened.account.client("s3").head_object(Bucket=opened.bucket, Key=object_of(opened, work))
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key)
    assert head["ContentLength"] == len("vision-beer")


def test_nobody_but_the_servers_role_reads_it_from_the_object_store(opened: Opened, work: dict[str, Any]) -> None:
    key = {"Bucket": opened.bucket, "Key": object_of(opened, work)}
    server = pod_identity.credentials(opened.world, "mlflow", "tracking-server").client("s3")
    assert server.get_object(**key)["Body"].read() == b"vision-beer"
    roles = {name: arn for name, arn in opened.outputs.items() if "role" in name and isinstance(arn, str)}
    people = {name: arn for name, arn in roles.items() if name.startswith(("team_", "platform_"))}
    assert len(people) > 6
    tried = 0
    for name, arn in people.items():
        with contextlib.suppress(ClientError):  # roles of pods, which no person takes
            s3 = opened.account.assume(arn).client("s3")
            tried += 1
            with pytest.raises(ClientError) as refusal:
                s3.get_object(**key)
            assert refusal.value.response["Error"]["Code"] == "AccessDenied", name
    assert tried >= 6


def test_the_servers_role_reaches_nothing_but_its_own_prefix(opened: Opened, work: dict[str, Any]) -> None:
    del work
    opened.account.client("s3").put_object(Bucket=opened.bucket, Key="teams/vision/model", Body=b"weights")
    s3 = pod_identity.credentials(opened.world, "mlflow", "tracking-server").client("s3")
    refused: tuple[Callable[[], object], ...] = (
        lambda: s3.get_object(Bucket=opened.bucket, Key="teams/vision/model"),
        lambda: s3.put_object(Bucket=opened.bucket, Key="teams/vision/model", Body=b""),
        lambda: s3.list_objects_v2(Bucket=opened.bucket, Prefix="teams/"),
    )
    for call in refused:
        with pytest.raises(ClientError) as refusal:
            call()
        assert refusal.value.response["Error"]["Code"] == "AccessDenied"


def test_its_connections_to_the_database_are_encrypted_and_by_iam(opened: Opened, work: dict[str, Any]) -> None:
    del work
    with master(opened) as cursor:
        cursor.execute(
            "SELECT s.ssl, s.version FROM pg_stat_activity a JOIN pg_stat_ssl s USING (pid) WHERE a.usename = 'mlflow'"
        )
        found = cursor.fetchall()
        assert found
        assert all(ssl and version.startswith("TLSv1.") for ssl, version in found)
        cursor.execute("SELECT pg_has_role('mlflow', 'rds_iam', 'MEMBER')")  # with which no password is taken
        assert cursor.fetchone() == (True,)


@contextlib.contextmanager
def master(opened: Opened) -> Iterator[Any]:
    """A cursor of the database's master user."""
    arn = opened.outputs["database_master_secret_arn"]
    login = json.loads(opened.account.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"])
    host, _, port = opened.outputs["database_endpoint"].partition(":")
    with psycopg.connect(
        host=host, port=port, dbname="mlflow", user=login["username"], password=login["password"],
        sslmode="verify-full", sslrootcert=str(opened.account.ca_bundle),
    ) as connection:  # fmt: skip
        yield connection.cursor()


def test_the_queue_hears_of_models_versions_and_aliases_with_the_right_workspace(
    opened: Opened, work: dict[str, Any]
) -> None:
    del work
    heard: list[dict[str, Any]] = []
    wanted = {
        (team, *event)
        for team in ("language", "vision")
        for event in (
            ("registered_model", "created"),
            ("model_version", "created"),
            ("model_version_alias", "created"),
        )
    }

    def told() -> set[tuple[str, str, str]]:
        heard.extend(drain(opened))
        ours = [one for one in heard if one["data"]["name"].endswith("-beer")]
        assert all(one["data"]["name"] == f"{one['workspace']}-beer" for one in ours), ours
        return {(one["workspace"], one["entity"], one["action"]) for one in ours}

    eventually(lambda: told() >= wanted, "every event is in the queue", 60)
    by_delivery = {one["delivery_id"]: one for one in heard}
    # A queue that was too slow to answer may have one twice; no two events are one to whoever goes by the delivery.
    assert all(one == by_delivery[one["delivery_id"]] for one in heard)
    assert len(heard) < 2 * len(by_delivery), "not each of them twice"


def test_the_receiver_of_events_refuses_what_is_not_signed(opened: Opened) -> None:
    del opened
    answer = requests.post("http://127.0.0.1:8081/", json={"entity": "registered_model"}, timeout=10)
    assert answer.status_code == 401


def test_metrics_are_served_beside_the_server_and_not_by_it(opened: Opened, work: dict[str, Any]) -> None:
    del work
    found = requests.get(f"http://{opened.address}:{METRICS_PORT}/metrics", timeout=30).text
    counted = [line for line in found.splitlines() if line.startswith("mlflow_http_request_total{")]
    assert [line for line in counted if 'status="200"' in line]
    assert opened.user("vision").asks("GET", "/metrics").status_code == 403


def test_no_secret_is_on_a_command_line_or_in_what_was_printed(opened: Opened, work: dict[str, Any]) -> None:
    del work
    server = opened.secret("server")
    values = {*server.values(), opened.secret("vision/data-scientist")["password"]} - {server["admin_username"]}
    assert len(values) == 5
    pods = opened.project.root / ".twin" / "pods"
    said = [opened.log.read_text(), *(log.read_text() for log in pods.glob("*/mlflow/*/logs/*.log"))]
    for process in psutil.Process(opened.process.pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):  # it has ended meanwhile
            said.append(" ".join(process.cmdline()))
    assert len(said) > 6
    assert not [value for value in values if any(value in text for text in said)]


def test_what_it_said_is_what_a_person_needs(opened: Opened, work: dict[str, Any]) -> None:
    """The command for a password is run as it was printed."""
    del work
    lines = opened.log.read_text().splitlines()
    (command,) = [line.strip() for line in lines if line.strip().startswith("aws secretsmanager")]
    shown = json.loads(opened.project.run("bash", "-c", command).stdout)
    (export,) = [line.strip() for line in lines if line.strip().startswith("export MLFLOW_TRACKING_URI")]
    told = dict(word.split("=", 1) for word in export.split()[1:])
    assert told["MLFLOW_TRACKING_URI"] == opened.url
    found = requests.get(
        f"{opened.url}/api/2.0/mlflow/experiments/search?max_results=9", timeout=60,
        auth=(shown["username"], shown["password"]), headers={"X-MLFLOW-WORKSPACE": told["MLFLOW_WORKSPACE"]},
    )  # fmt: skip
    assert f"{told['MLFLOW_WORKSPACE']}-beer" in found.text


def test_a_second_one_is_told_where_the_first_is(opened: Opened) -> None:
    second = opened.project.groundwork("open", "mlflow", check=False)
    assert second.returncode == 1
    assert second.stderr.startswith(f"error: MLflow is open already, at {opened.url}, by process {opened.process.pid}")
