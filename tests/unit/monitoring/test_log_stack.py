"""Decides what the component asks for: groups, rights, pod, configuration. That secrets go is in test_redaction.py."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from components.monitoring.log_settings import LogsSettings
from components.monitoring.log_stack import LogStack, LogStackArgs, settings_of
from components.monitoring.search_settings import SearchSettings
from tests.support.recorder import ACCOUNT_ID, REGION, Recorder, run_program
from tests.unit.security.evaluator import decision

KEYS = {name: f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/{name}" for name in ("internal", "confidential")}
SETTINGS = LogsSettings(retention_in_days={"internal": 30, "confidential": 90}, protect=False)


def args(**changed: Any) -> LogStackArgs:
    given = {
        "settings": SETTINGS,
        "account_id": ACCOUNT_ID,
        "region": REGION,
        "environment": "dev",
        "boundary_arn": f"arn:aws:iam::{ACCOUNT_ID}:policy/groundwork-dev-boundary",
        "cluster_name": "groundwork-dev",
        "key_arns": KEYS,
    }
    return LogStackArgs.model_validate(given | changed)


def build(**changed: Any) -> LogStack:
    return run_program(lambda: LogStack("logs", args(**changed)))


def pipeline(**changed: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(settings_of(args(**changed))["fluent-bit.yaml"])
    return found


def test_each_data_class_has_a_group_with_its_own_key_and_time(recorder: Recorder) -> None:
    build()
    made = {one.inputs["name"]: one.inputs for one in recorder.of_type("aws:cloudwatch/logGroup:LogGroup")}
    assert made.keys() == {"/pods/groundwork-dev-internal", "/pods/groundwork-dev-confidential"}
    for log_class, days in SETTINGS.retention_in_days.items():
        group = made[f"/pods/groundwork-dev-{log_class}"]
        assert (group["kmsKeyId"], group["retentionInDays"]) == (KEYS[log_class], days)
        assert group["tags"] == {"data-classification": log_class}


def test_the_role_writes_into_these_groups_and_makes_none(recorder: Recorder) -> None:
    build()
    (rights,) = recorder.of_type("aws:iam/rolePolicy:RolePolicy")
    policy = rights.inputs["policy"]
    group = f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:/pods/groundwork-dev-internal"
    assert decision(policy, "logs:PutLogEvents", f"{group}:log-stream:pod", {}) == "Allow"
    assert decision(policy, "logs:CreateLogStream", f"{group}:log-stream:pod", {}) == "Allow"
    for action, resource in (
        ("logs:CreateLogGroup", group),
        ("logs:GetLogEvents", f"{group}:log-stream:pod"),
        ("logs:DeleteLogStream", f"{group}:log-stream:pod"),
        ("logs:PutLogEvents", group.replace("-internal", "-regulated") + ":log-stream:pod"),
        ("logs:PutLogEvents", f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:/aws/eks/groundwork-dev/cluster:x"),
    ):
        assert decision(policy, action, resource, {}) == "none", action


def test_it_runs_on_every_node_and_changes_nothing_there_but_its_own_folder(recorder: Recorder) -> None:
    build()
    (daemon,) = recorder.of_type("kubernetes:apps/v1:DaemonSet")
    pod = daemon.inputs["spec"]["template"]["spec"]
    assert pod["tolerations"] == [{"operator": "Exists"}]
    assert "nodeSelector" not in pod
    (container,) = pod["containers"]
    writable = [mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")]
    assert writable == ["/var/lib/fluent-bit"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()


def test_its_metrics_are_where_it_says(recorder: Recorder) -> None:
    build()
    (daemon,) = recorder.of_type("kubernetes:apps/v1:DaemonSet")
    annotations = daemon.inputs["spec"]["template"]["metadata"]["annotations"]
    port = pipeline()["service"]["http_port"]
    assert annotations["prometheus.io/port"] == str(port)
    assert annotations["prometheus.io/path"] == "/api/v2/metrics/prometheus"


def test_new_settings_make_new_pods(recorder: Recorder) -> None:
    build()
    build(settings=LogsSettings(retention_in_days={"confidential": 90}, protect=False))
    before, after = (
        one.inputs["spec"]["template"]["metadata"]["annotations"]["groundwork.io/configuration"]
        for one in recorder.of_type("kubernetes:apps/v1:DaemonSet")
    )
    assert before != after


def test_what_cloudwatch_does_not_take_waits_on_disk_up_to_a_bound() -> None:
    found = pipeline(settings=LogsSettings(buffer_mib=700))
    (files,) = found["pipeline"]["inputs"]
    (output,) = found["pipeline"]["outputs"]
    assert found["service"]["storage.path"].startswith("/var/lib/fluent-bit/")
    assert files["storage.type"] == "filesystem"
    assert files["storage.pause_on_chunks_overlimit"] is True
    assert output["storage.total_limit_size"] == "700M"
    assert output["retry_limit"] == "no_limits", "only the bound makes it forget"


def test_secrets_are_taken_out_after_lines_are_joined_and_before_anything_is_sent() -> None:
    names = [one["name"] for one in pipeline()["pipeline"]["filters"]]
    assert names == ["multiline", "kubernetes", "lua"]
    (lua,) = (one for one in pipeline()["pipeline"]["filters"] if one["name"] == "lua")
    (output,) = pipeline()["pipeline"]["outputs"]
    assert lua["match"] == output["match"] == "kube.*", "nothing goes past it"


def test_no_pod_can_ask_to_be_left_out() -> None:
    (metadata,) = (one for one in pipeline()["pipeline"]["filters"] if one["name"] == "kubernetes")
    assert metadata["k8s-logging.exclude"] is False
    assert metadata["k8s-logging.parser"] is False
    assert metadata["namespace_labels"] is True


def test_lines_go_to_the_group_of_their_class_and_else_to_the_default_one() -> None:
    (output,) = pipeline()["pipeline"]["outputs"]
    assert output["log_group_template"] == "/pods/groundwork-dev-$data_class"
    assert output["log_group_name"] == "/pods/groundwork-dev-confidential"
    assert output["auto_create_group"] is False


def test_a_default_class_without_a_log_group_is_refused() -> None:
    with pytest.raises(ValidationError, match="has no log group"):
        LogsSettings(retention_in_days={"internal": 30})


SEARCHED = SETTINGS.model_copy(
    update={
        "opensearch": SearchSettings(
            setup_image="1.dkr.ecr.eu-west-1.amazonaws.com/setup@sha256:" + "0" * 64, buffer_mib=256
        )
    }
)
HOST = "vpc-groundwork-dev-logs.eu-west-1.es.amazonaws.com"


def test_without_a_search_domain_nothing_speaks_of_one(recorder: Recorder) -> None:
    build()
    (rights,) = recorder.of_type("aws:iam/rolePolicy:RolePolicy")
    assert "es:" not in rights.inputs["policy"]
    assert [one["name"] for one in pipeline()["pipeline"]["outputs"]] == ["cloudwatch_logs"]


def test_a_search_domain_gets_the_same_lines_signed_with_a_buffer_of_their_own(recorder: Recorder) -> None:
    build(settings=SEARCHED, search_host=HOST)
    cloudwatch, search = pipeline(settings=SEARCHED, search_host=HOST)["pipeline"]["outputs"]
    assert cloudwatch["match"] == search["match"]
    assert (search["aws_auth"], search["aws_service_name"], search["tls"], search["tls.verify"]) == (
        "On",
        "es",
        True,
        True,
    )
    assert search["logstash_prefix_key"] == "$search_index"
    assert search["buffer_size"] == "8M", "else a batch with one refused line is sent again for ever"
    assert search["time_key_nanos"] is True, "else the id of the same words in the same millisecond is the same"
    assert search["storage.total_limit_size"] == "256M"
    (daemon,) = recorder.of_type("kubernetes:apps/v1:DaemonSet")
    (container,) = daemon.inputs["spec"]["template"]["spec"]["containers"]
    told = {one["name"]: one.get("value") for one in container["env"]}
    assert told[search["host"].strip("${}")] == HOST


def test_its_role_may_put_batches_into_this_domain_and_ask_it_nothing(recorder: Recorder) -> None:
    build(settings=SEARCHED, search_host=HOST)
    (rights,) = recorder.of_type("aws:iam/rolePolicy:RolePolicy")
    policy, arn = rights.inputs["policy"], f"arn:aws:es:{REGION}:{ACCOUNT_ID}:domain/groundwork-dev-logs"
    assert decision(policy, "es:ESHttpPost", f"{arn}/_bulk", {}) == "Allow"
    for action, resource in (
        ("es:ESHttpGet", f"{arn}/_bulk"),
        ("es:ESHttpPost", f"{arn}/_search"),
        ("es:ESHttpDelete", f"{arn}/pods.internal.vision.2026.01.31"),
        ("es:ESHttpPost", f"{arn.replace('-dev-', '-prod-')}/_bulk"),
    ):
        assert decision(policy, action, resource, {}) == "none", (action, resource)


def test_a_host_without_the_setting_is_refused() -> None:
    with pytest.raises(ValidationError, match="together or not at all"):
        args(search_host=HOST)
