"""Decides what a team's TensorBoard asks for; that it shows event files is tried in tests/twin/test_tensorboard."""

import json
from typing import Any

import pulumi
import pytest
from pydantic import ValidationError

from components.registry.tensorboard import TensorBoard, TensorBoardArgs, TensorBoardSettings
from components.tags import DataClass
from tests.support.recorder import ACCOUNT_ID, REGION, Recorder, run_program
from tests.unit.security.evaluator import decision

IMAGE = f"{ACCOUNT_ID}.dkr.ecr.{REGION}.amazonaws.com/groundwork-dev-tensorboard@sha256:{'0' * 64}"
BUCKET = f"groundwork-dev-artifacts-{ACCOUNT_ID}-{REGION}"
OBJECTS = f"arn:aws:s3:::{BUCKET}"


def build(team: str = "vision", **settings: Any) -> TensorBoard:
    args = TensorBoardArgs(
        settings=TensorBoardSettings(image=IMAGE, **settings),
        team=team,
        account_id=ACCOUNT_ID,
        region=REGION,
        environment="dev",
        boundary_arn="boundary",
        cluster="groundwork-dev",
        cluster_name=pulumi.Output.from_input("groundwork-dev"),
        namespace=f"team-{team}",
        bucket_name=BUCKET,
        key_name=DataClass.CONFIDENTIAL,
        prefix=f"teams/{team}/tensorboard/",
    )
    return run_program(lambda: TensorBoard(f"team-{team}-tensorboard", args))


def pod(recorder: Recorder) -> dict[str, Any]:
    found: dict[str, Any] = recorder.one("team-vision-tensorboard-deployment").inputs["spec"]["template"]["spec"]
    return found


def test_its_role_reads_and_lists_the_teams_event_files_and_nothing_else(recorder: Recorder) -> None:
    build()
    rights = recorder.one("team-vision-tensorboard-reader-objects").inputs["policy"]
    mine, other = f"{OBJECTS}/teams/vision/tensorboard/run", f"{OBJECTS}/teams/language/tensorboard/run"
    assert decision(rights, "s3:GetObject", mine, {}) == "Allow"
    assert decision(rights, "s3:GetObject", other, {}) == "none"
    assert decision(rights, "s3:GetObject", f"{OBJECTS}/teams/vision/model", {}) == "none"
    assert decision(rights, "s3:PutObject", mine, {}) == "none"
    assert decision(rights, "s3:ListBucket", OBJECTS, {"s3:prefix": "teams/vision/tensorboard/"}) == "Allow"
    assert decision(rights, "s3:ListBucket", OBJECTS, {"s3:prefix": "teams/vision/"}) == "none"
    role = recorder.one("team-vision-tensorboard-reader-role").inputs
    assert role["tags"] == {"key-access-confidential": "read"}
    assert role["permissionsBoundary"] == "boundary"


def test_it_looks_where_its_role_may_and_is_reached_inside_the_cluster_alone(recorder: Recorder) -> None:
    build(reload_seconds=15)
    (container,) = pod(recorder)["containers"]
    assert f"--logdir=s3://{BUCKET}/teams/vision/tensorboard/" in container["args"]
    assert "--host=0.0.0.0" in container["args"]
    assert "--reload_interval=15" in container["args"]
    assert recorder.one("team-vision-tensorboard-service").inputs["spec"]["type"] == "ClusterIP"


def test_its_pod_writes_nowhere_but_to_its_scratch_space_and_has_no_token(recorder: Recorder) -> None:
    build()
    found = pod(recorder)
    (container,) = found["containers"]
    assert found["automountServiceAccountToken"] is False
    assert found["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    (mount,) = container["volumeMounts"]
    assert {"name": "TMPDIR", "value": mount["mountPath"]} in container["env"]
    assert found["volumes"] == [{"name": "scratch", "emptyDir": {"sizeLimit": "64Mi"}}]


def test_the_settings_say_what_it_takes_of_the_quota(recorder: Recorder) -> None:
    build(cpu_request_millicores=250, memory_gib=4)
    (container,) = pod(recorder)["containers"]
    assert container["resources"] == {
        "requests": {"cpu": "250m", "memory": "4Gi"},
        "limits": {"cpu": "1000m", "memory": "4Gi"},
    }
    assert {"startupProbe", "readinessProbe", "livenessProbe"} <= set(container)


def test_another_teams_has_nothing_of_this_ones(recorder: Recorder) -> None:
    build("language")
    assert "vision" not in json.dumps([made.inputs for made in recorder.children()], default=str)


def test_an_image_is_named_by_its_digest() -> None:
    with pytest.raises(ValidationError, match="image"):
        TensorBoardSettings(image="tensorboard:latest")
