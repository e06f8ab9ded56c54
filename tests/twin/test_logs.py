"""The logs of an environment that is up: who reads them on which node, where they may go, and who says so.

Nodes of the twin run nothing, so no line is read here: what Fluent Bit would do with one is in
tests/unit/monitoring/test_redaction.py.
"""

import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.cluster_objects import administrator
from tests.support.project import Project
from tests.support.waiting import eventually
from twin.account import Account
from twin.kubernetes import pod_identity
from twin.kubernetes.client import Client
from twin.kubernetes.controllers.loop import world_of

GROUP = "/pods/groundwork-dev-{}"


@pytest.fixture(scope="module")
def api(dev: Project) -> Client:
    return administrator(dev)


@pytest.fixture(scope="module")
def fluent_bit(dev: Project) -> Account:
    """What its pods are to AWS."""
    (folder,) = (dev.root / ".twin" / "kubernetes").glob("*-groundwork-dev")
    return pod_identity.credentials(world_of(folder, dev.twin_variables()), "kube-system", "fluent-bit")


def test_every_node_has_one_that_reads_its_logs(dev: Project, api: Client) -> None:
    def each_has() -> bool:
        """A node may come or go just now, because of what an earlier test or the Jobs of an `up` wanted."""
        nodes = {node["metadata"]["name"] for node in api.list("v1", "Node")}
        pods = api.list("v1", "Pod", "kube-system", "app.kubernetes.io/name=fluent-bit")
        running = {pod["spec"]["nodeName"] for pod in pods if pod["status"]["phase"] == "Running"}
        return bool(nodes) and running == nodes

    eventually(each_has, "one runs on every node, and nowhere else")


def test_each_class_has_a_group_with_its_key_and_time(dev: Project, account: Account, outputs: dict[str, Any]) -> None:
    kms = account.client("kms")
    for log_class, days in dev.settings()["monitoring"]["logs"]["retention_in_days"].items():
        name = GROUP.format(log_class)
        (group,) = account.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        key = kms.describe_key(KeyId=outputs[f"key_alias_{log_class}"])["KeyMetadata"]["Arn"]
        assert (group["retentionInDays"], group["kmsKeyId"]) == (days, key)


def test_fluent_bit_writes_what_pods_say_and_can_neither_read_nor_take_it_away(
    dev: Project, account: Account, fluent_bit: Account
) -> None:
    logs, group, stream = fluent_bit.client("logs"), GROUP.format("confidential"), "team-vision.app.app"
    where = {"logGroupName": group, "logStreamName": stream}
    logs.create_log_stream(**where)
    events = [{"timestamp": int(time.time() * 1000), "message": "hello"}]
    logs.put_log_events(**where, logEvents=events)
    written = account.client("logs").get_log_events(**where)["events"]
    assert [event["message"] for event in written] == ["hello"]
    refused: dict[str, Callable[[], object]] = {
        "to read": lambda: logs.get_log_events(**where),
        "to delete a stream": lambda: logs.delete_log_stream(**where),
        "to make a group": lambda: logs.create_log_group(logGroupName=GROUP.format("other")),
        "the audit log": lambda: logs.create_log_stream(
            logGroupName="/aws/eks/groundwork-dev/cluster", logStreamName="made-up"
        ),
    }
    for what, call in refused.items():
        with pytest.raises(ClientError) as refusal:
            call()
        assert refusal.value.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException"), what
    account.client("logs").delete_log_stream(**where)


def test_fluent_bit_may_know_whose_pods_there_are_and_nothing_else(dev: Project, api: Client) -> None:
    def may(verb: str, resource: str, namespace: str = "") -> bool:
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {
                "user": "system:serviceaccount:kube-system:fluent-bit",
                "resourceAttributes": {"verb": verb, "resource": resource, "namespace": namespace},
            },
        }
        return bool(api.create(review)["status"]["allowed"])

    assert may("watch", "pods")
    assert may("get", "namespaces")
    for verb, resource in (("get", "secrets"), ("list", "configmaps"), ("delete", "pods"), ("create", "pods")):
        assert not may(verb, resource, "team-vision"), (verb, resource)


def test_every_namespace_of_ours_says_how_sensitive_what_its_pods_say_is(dev: Project, api: Client) -> None:
    classes = {
        item["metadata"]["name"]: item["metadata"]["labels"].get("groundwork.io/data-class")
        for item in api.list("v1", "Namespace", None, "groundwork.io/guarded=true")
    }
    assert classes
    assert set(classes.values()) == {"confidential"}
