"""Decides which settings are refused and in which words; that the engine shows the text is tried on the twin."""

import json
from collections.abc import Iterator
from typing import Any

import pulumi
import pytest

from components.security.encryption_keys import DEFAULT_USES
from stacks.placeholders import placeholders
from stacks.problems import ROOT, spell
from stacks.settings import PLACEHOLDERS_ALLOWED, SettingsError, load_settings, parse_settings
from tests.support.program import run_stacks
from tests.support.recorder import Recorder, run_program
from tests.support.runner_pools import scale_set
from tests.support.search_domains import with_search_domain
from tests.support.stack_files import CLONE, ENVIRONMENTS, REMOVED, changed, written

METRICS = ("monitoring", "metrics")
POD = {"kind": "pod-identity", "cluster_name": "c", "namespace": "n", "service_account": "s"}

CERTIFICATE = "11111111-2222-3333-4444-555555555555"
BALANCER = {
    "hostname": "mlflow.ml.example.net",
    "certificate_arn": f"arn:aws:acm:eu-west-1:000000000000:certificate/{CERTIFICATE}",
    "source_ranges": ["10.0.0.0/8"],
}

TENSORBOARD = f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/groundwork-dev-tensorboard@sha256:{'a1' * 32}"


def own_images(environment: str) -> list[str]:
    """Return the settings whose image nobody has built yet: its digest is of zeros."""
    return [path for path, value in flat(written(environment)) if str(value).endswith(f"@sha256:{'0' * 64}")]


def flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from flat(inner, f"{path}.{key}" if path else key)
    else:
        yield path.removesuffix(".image"), value


TEAM_QUOTA = {"cpu": 1, "memory_gib": 1}
SOMEBODY = "arn:aws:iam::000000000000:role/Somebody"
ELSEWHERE = "arn:aws:iam::123456789012:role/Somebody"

OWN_IMAGE = f"000000000000.dkr.ecr.eu-west-1.amazonaws.com/groundwork-dev-training@sha256:{'a1' * 32}"
SCALE_SET = scale_set("dev") | dict.fromkeys(("image", "controller_image", "credentials_image"), OWN_IMAGE)
CONNECTION_ELSEWHERE = "arn:aws:codeconnections:eu-west-2:000000000000:connection/00000000-0000-0000-0000-000000000000"

FEW_USES = {data_class.value: [use.value for use in uses] for data_class, uses in DEFAULT_USES.items()} | {
    "regulated": ["objects"]
}

# id, environment, where, what is put there, the path reported (None: the same), what is said
WRONG: list[tuple[str, str, tuple[str | int, ...], Any, str | None, str]] = [
    ("environment-of-another-stack", "dev", ("environment",), "prod", None, "this is the file of stack dev"),
    ("environment-in-capitals", "dev", ("environment",), "Dev", None, "does not match ^[a-z]"),
    ("account-not-quoted", "dev", ("account_id",), 12345678901, None, "put it in quotes"),
    ("account-too-short", "dev", ("account_id",), "12345", None, "does not match ^[0-9]{12}$"),
    ("account-missing", "dev", ("account_id",), REMOVED, None, "it is missing"),
    ("region-unknown-partition", "dev", ("region",), "cn-north-1", None, "does not match ^(af|ap"),
    ("region-misspelt", "dev", ("region",), "eu-west1", None, "does not match"),
    ("one-zone", "dev", ("zones",), ["eu-west-1a"], None, "at least 2 items"),
    ("four-zones", "dev", ("zones",), [f"eu-west-1{z}" for z in "abcd"], None, "at most 3 items"),
    ("zone-of-another-region", "dev", ("zones", 1), "eu-west-2b", "zones[1]", "it is no zone of eu-west-1"),
    ("zone-twice", "dev", ("zones", 1), "eu-west-1a", "zones[1]", "it is there twice"),
    (
        "endpoints-in-no-zone",
        "dev",
        ("network", "interface_endpoint_zones"),
        ["eu-west-1c"],
        "network.interface_endpoint_zones[0]",
        "it is no zone of the environment",
    ),
    (
        "endpoints-in-a-zone-twice",
        "dev",
        ("network", "interface_endpoint_zones"),
        ["eu-west-1a"] * 2,
        "network.interface_endpoint_zones[1]",
        "it is there twice",
    ),
    (
        "prod-endpoints-in-one-zone",
        "prod",
        ("network", "interface_endpoint_zones"),
        ["eu-west-1a"],
        None,
        "prod needs null: the loss of one zone",
    ),
    ("zones-as-text", "dev", ("zones",), "eu-west-1a, eu-west-1b", None, "it must be a list"),
    ("owner-empty", "dev", ("owner",), None, None, "it must be text, and it is empty"),
    ("owner-not-a-tag", "dev", ("owner",), "ml & co", None, "does not match"),
    ("misspelt-name", "dev", ("cost_center",), "cc", None, "did you mean cost_centre?"),
    ("secret-in-the-wrong-place", "dev", ("database", "password"), "hunter2", None, "there is no such setting"),
    ("cidr-too-small", "dev", ("network", "cidr"), "10.20.0.0/24", None, "does not fit the subnets"),
    ("cidr-public", "dev", ("network", "cidr"), "52.20.0.0/16", None, "not a private range"),
    ("cidr-with-host-bits", "dev", ("network", "cidr"), "10.20.0.1/16", None, "host bits"),
    ("nat-unknown", "dev", ("network", "nat"), "two", None, "'none', 'single' or 'per_zone'"),
    ("endpoint-unknown", "dev", ("network", "interface_endpoints", 0), "s4", "network.interface_endpoints[0]", "'kms'"),
    ("retention-unknown", "dev", ("network", "flow_log_retention_days"), 100, None, "365"),
    ("number-in-quotes", "dev", ("database", "backup_retention_days"), "14", None, "whole number, without quotes"),
    ("backups-too-short", "dev", ("database", "backup_retention_days"), 1, None, "greater than or equal to 7"),
    ("truth-in-quotes", "dev", ("database", "multi_az"), "yes", None, "true or false, without quotes"),
    (
        "cloudwatch-without-a-way",
        "prod",
        ("network", "interface_endpoints"),
        ["ecr.api", "ecr.dkr", "eks-auth", "kms", "logs", "secretsmanager", "sns", "sqs", "sts"],
        None,
        "monitoring must be here too with a monitoring.cloudwatch_exporter",
    ),
    (
        "cloudwatch-without-its-account",
        "prod",
        ("network", "interface_endpoints"),
        ["ecr.api", "ecr.dkr", "eks-auth", "kms", "logs", "monitoring", "secretsmanager", "sns", "sqs"],
        None,
        "sts must be here too with a monitoring.cloudwatch_exporter: it asks STS for the account",
    ),
    (
        "grafana-without-metrics",
        "dev",
        ("monitoring", "metrics"),
        None,
        "monitoring.grafana",
        "without monitoring.metrics",
    ),
    (
        "grafana-from-elsewhere",
        "dev",
        ("monitoring", "grafana", "image"),
        f"docker.io/grafana/grafana@sha256:{'1' * 64}",
        None,
        "pods with it are refused",
    ),
    (
        "sign-in-without-tls",
        "dev",
        ("monitoring", "grafana", "oidc"),
        {
            "client_id": "g",
            "auth_url": "http://login.example.org/",
            **dict.fromkeys(("token_url", "api_url", "root_url"), "https://login.example.org/"),
        },
        "monitoring.grafana.oidc.auth_url",
        "does not match ^https",
    ),
    ("section-empty", "dev", ("stores",), None, None, "it must be a mapping of settings, and it is empty"),
    ("no-stores", "dev", ("stores",), REMOVED, None, "it is missing"),
    ("audit-not-locked", "dev", ("stores", "audit", "object_lock"), REMOVED, None, "a trail that can be deleted"),
    ("logs-locked", "dev", ("stores", "access_logs", "object_lock"), {"days": 30}, None, "delivers no"),
    ("lock-mode-misspelt", "dev", ("stores", "audit", "object_lock", "mode"), "governance", None, "'GOVERNANCE'"),
    ("lock-longer-than-life", "prod", ("stores", "audit", "lifecycle", "expiration_days"), 30, "stores.audit", "365"),
    ("destroyed-though-protected", "prod", ("stores", "dvc", "force_destroy"), True, "stores.dvc", "no meaning"),
    ("replica-at-home", "prod", ("stores", "artifacts", "replica_region"), "eu-west-1", None, "own region"),
    ("key-rotation-too-rare", "dev", ("keys", "rotation_period_in_days"), 5000, None, "less than or equal to 2560"),
    ("key-without-a-use", "dev", ("keys", "uses"), FEW_USES, "keys.uses.regulated", "log-groups, trails must be here"),
    ("repository-twice", "dev", ("container_registry", "repositories"), ["a1", "a1"], None, "a1 is repeated"),
    ("github-not-a-repository", "dev", ("github", "repository"), "groundwork", None, "does not match"),
    ("trust-without-kind", "dev", ("workloads", "trainer", "trust"), {}, None, "does not say its 'kind'"),
    ("trust-of-no-kind", "dev", ("workloads", "trainer", "trust", "kind"), "pod", "workloads.trainer.trust", "none of"),
    (
        "trust-without-namespace",
        "dev",
        ("workloads", "trainer", "trust", "namespace"),
        REMOVED,
        None,
        "it is missing",
    ),
    ("grant-of-no-store", "dev", ("workloads", "trainer", "grants", 0, "store"), "audit", None, "'datasets'"),
    ("grant-to-delete", "dev", ("workloads", "trainer", "grants", 0, "access"), "delete", None, "'read' or 'write'"),
    (
        "prefix-from-the-root",
        "dev",
        ("workloads", "trainer", "grants", 1, "prefix"),
        "/models/",
        None,
        "does not match",
    ),
    ("runners-of-no-kind", "dev", ("runners", "build", "kind"), "jenkins", "runners.build", "none of"),
    ("runners-without-a-connection", "dev", ("runners", "build", "connection_arn"), REMOVED, None, "it is missing"),
    ("runners-with-a-token", "dev", ("runners", "build", "connection_arn"), "ghp_a1b2c3", None, "does not match"),
    ("runners-without-end", "dev", ("runners", "build", "build_timeout_minutes"), 3000, None, "less than or equal"),
    (
        "runners-of-a-size-without-gpus",
        "dev",
        ("runners", "build", "environment_type"),
        "LINUX_GPU_CONTAINER",
        "runners.build",
        "machines with GPUs are",
    ),
    (
        "runners-on-nodes-that-are-not-there",
        "dev",
        ("runners", "gpu"),
        SCALE_SET | {"node_pool": "inference"},
        "runners.gpu.node_pool",
        "none of the pools of gpu_node_pools: training",
    ),
    (
        "runners-larger-than-a-node",
        "dev",
        ("runners", "gpu"),
        SCALE_SET | {"gpus": 2},
        "runners.gpu.gpus",
        "a node of training (g5.xlarge) leaves 1 to a job",
    ),
    (
        "runners-with-all-cores-of-a-machine",
        "dev",
        ("runners", "gpu"),
        SCALE_SET | {"cpu": 4},
        "runners.gpu.cpu",
        "a node of training (g5.xlarge) leaves 3 to a job: no node could ever hold this one",
    ),
    (
        "runners-with-all-memory-of-a-machine",
        "dev",
        ("runners", "gpu"),
        SCALE_SET | {"memory_gib": 13},
        "runners.gpu.memory_gib",
        "a node of training (g5.xlarge) leaves 12 to a job",
    ),
    (
        "runners-with-more-than-the-disks-of-a-machine",
        "dev",
        ("runners", "gpu"),
        SCALE_SET | {"work_gib": 208},
        "runners.gpu.work_gib",
        "a node of training (g5.xlarge) leaves 207 to a job",
    ),
    (
        "runners-with-an-image-of-no-repository",
        "dev",
        ("runners", "gpu"),
        SCALE_SET | {"image": f"ghcr.io/actions/actions-runner@sha256:{'a1' * 32}"},
        "runners.gpu.image",
        "pods with it are refused",
    ),
    ("runners-elsewhere", "dev", ("runners", "build", "connection_arn"), CONNECTION_ELSEWHERE, None, "is in eu-west-2"),
    ("workload-in-capitals", "dev", ("workloads", "Trainer"), {"trust": POD}, None, "does not match"),
    ("cluster-of-no-version", "dev", ("cluster", "version"), "1.34", None, "'1.35' or '1.36'"),
    ("cluster-version-as-a-number", "dev", ("cluster", "version"), 1.36, None, "'1.35' or '1.36'"),
    (
        "cluster-open-to-the-world",
        "dev",
        ("cluster", "public_access_cidrs"),
        ["0.0.0.0/0"],
        "cluster.public_access_cidrs[0]",
        "never open to the world: name the ranges",
    ),
    (
        "cluster-open-to-the-world-by-ipv6",
        "dev",
        ("cluster", "public_access_cidrs"),
        ["::/0"],
        "cluster.public_access_cidrs[0]",
        "never open to the world: name the ranges",
    ),
    (
        "public-endpoint-with-runners-inside",
        "dev",
        ("cluster", "public_access_cidrs"),
        ["198.51.100.0/24"],
        "cluster.public_access_cidrs",
        "there are runners (build), which reach the private endpoint from inside",
    ),
    ("cluster-without-administrators", "dev", ("cluster", "administrators"), [], None, "at least 1 item"),
    (
        "administrator-twice",
        "dev",
        ("cluster", "administrators"),
        ["arn:aws:iam::123456789012:user/a"] * 2,
        "cluster.administrators[1]",
        "user-a is there twice",
    ),
    ("services-over-the-network", "dev", ("cluster", "service_cidr"), "10.16.0.0/12", None, "overlaps the VPC's"),
    ("prod-unprotected-cluster", "prod", ("cluster", "protect"), False, None, "prod needs true"),
    ("prod-unprotected-secrets", "prod", ("secrets", "protect"), False, None, "prod needs true"),
    ("window-of-secrets", "dev", ("secrets", "recovery_window_in_days"), 3, None, "0, or 7 to 30 days"),
    ("events-kept-too-long", "dev", ("registry_events", "retention_days"), 14, None, "less than or equal to 13"),
    ("no-system-pool", "dev", ("node_pools",), {}, None, "system must be there too"),
    ("empty-system-pool", "dev", ("node_pools", "system", "min_size"), 0, None, "it must be at least 1"),
    (
        "pool-in-no-zone",
        "dev",
        ("node_pools", "system", "zones"),
        ["eu-west-1c"],
        "node_pools.system.zones[0]",
        "it is no zone of the environment",
    ),
    (
        "pool-of-two-names",
        "dev",
        ("gpu_node_pools", "system"),
        {"instance_types": ["g5.xlarge"], "approved_by": "board", "max_size": 1},
        None,
        "a pool of node_pools has this name",
    ),
    (
        "pool-in-capitals",
        "dev",
        ("gpu_node_pools", "A100"),
        {"instance_types": ["g5.xlarge"], "approved_by": "board", "max_size": 1},
        None,
        "does not match",
    ),
    (
        "mig-without-mig",
        "dev",
        ("gpu_node_pools", "training", "sharing"),
        {"kind": "mig", "profile": "1g.5gb"},
        "gpu_node_pools.training",
        "nvidia-a10g has no MIG profile 1g.5gb",
    ),
    (
        "spot-of-a-block",
        "dev",
        ("gpu_node_pools", "training", "capacity_type"),
        "CAPACITY_BLOCK",
        "gpu_node_pools.training",
        "EC2 sells no capacity blocks of g5.xlarge, only of p4d and p5",
    ),
    ("sharing-of-no-kind", "dev", ("gpu_node_pools", "training", "sharing"), {"kind": "mps"}, None, "none of"),
    (
        "machines-without-a-gpu",
        "dev",
        ("gpu_node_pools", "training", "instance_types"),
        ["m7i.large"],
        None,
        "m7i.large is none of the GPU machines",
    ),
    (
        "pool-smaller-than-its-least",
        "dev",
        ("gpu_node_pools", "training", "min_size"),
        9,
        "gpu_node_pools.training",
        "min_size is 9, more than max_size (4)",
    ),
    (
        "pods-of-another-cluster",
        "dev",
        ("workloads", "trainer", "trust", "cluster_name"),
        "groundwork-prod",
        None,
        "the environment's cluster is groundwork-dev",
    ),
    ("team-in-capitals", "dev", ("teams", "Vision"), {"quota": TEAM_QUOTA}, None, "does not match"),
    ("team-called-as-the-pipeline", "dev", ("teams", "github"), {"quota": TEAM_QUOTA}, None, "among others' roles"),
    ("team-without-a-quota", "dev", ("teams", "vision", "quota"), REMOVED, None, "it is missing"),
    ("quota-in-quotes", "dev", ("teams", "vision", "quota", "cpu"), "32", None, "whole number, without quotes"),
    ("quota-of-half-a-core", "dev", ("teams", "vision", "quota", "cpu"), 0, None, "greater than or equal to 1"),
    ("quota-of-no-resource", "dev", ("teams", "vision", "quota", "tpus"), 1, None, "there is no such setting"),
    ("persona-misspelt", "dev", ("teams", "vision", "people", "scientist"), [SOMEBODY], None, "'data-scientist'"),
    ("persona-of-a-team", "dev", ("people", "ml-engineer"), [SOMEBODY], None, "'platform-engineer' or 'auditor'"),
    ("persona-without-people", "dev", ("people", "auditor"), [], None, "nobody is named"),
    ("everybody", "dev", ("people", "auditor", 0), "arn:aws:iam::000000000000:role/*", None, "does not match"),
    ("people-elsewhere", "dev", ("people", "auditor", 0), ELSEWHERE, None, "it is not of account 000000000000"),
    (
        "people-of-a-team-elsewhere",
        "dev",
        ("teams", "vision", "people", "ml-engineer", 0),
        ELSEWHERE,
        None,
        "it is not of account 000000000000",
    ),
    (
        "workload-in-a-teams-namespace",
        "dev",
        ("workloads", "trainer", "trust", "namespace"),
        "team-vision",
        None,
        "it is the namespace of team vision",
    ),
    (
        "workload-in-kube-system",
        "dev",
        ("workloads", "trainer", "trust", "namespace"),
        "kube-system",
        None,
        "it is the namespace of Kubernetes",
    ),
    ("team-called-as-mlflows", "dev", ("teams", "default"), {"quota": TEAM_QUOTA}, None, "MLflow keeps the workspace"),
    ("team-of-one-letter", "dev", ("teams", "v"), {"quota": TEAM_QUOTA}, None, "with a name of less than 2 characters"),
    (
        "server-without-its-queues-endpoint",
        "dev",
        ("network", "interface_endpoints"),
        ["ecr.api", "ecr.dkr", "kms", "logs", "secretsmanager", "sts"],
        None,
        "sqs must be here too with a tracking_server: the server sends registry events there",
    ),
    (
        "server-without-its-secrets-endpoint",
        "dev",
        ("network", "interface_endpoints"),
        ["ecr.api", "ecr.dkr", "kms", "logs", "sqs", "sts"],
        None,
        "secretsmanager must be here too with a tracking_server: its Jobs make the passwords there",
    ),
    (
        "server-without-a-way-to-its-bucket",
        "dev",
        ("namespaces", "egress_ranges"),
        [],
        None,
        "S3's ranges in eu-west-1 must be here with a tracking_server",
    ),
    (
        "server-from-a-registry-that-is-not-let-in",
        "dev",
        ("tracking_server", "image"),
        f"ghcr.io/mlflow/mlflow@sha256:{'1' * 64}",
        None,
        "pods with it are refused: allowed are images of 000000000000.dkr.ecr.eu-west-1.amazonaws.com",
    ),
    (
        "server-from-a-repository-that-is-not-made",
        "dev",
        ("container_registry", "repositories"),
        ["tensorboard", "training", "grafana"],
        "tracking_server.image",
        "add its name to container_registry.repositories",
    ),
    (
        "tensorboard-of-another-environment",
        "dev",
        ("tensorboard", "image"),
        f"000000000000.dkr.ecr.eu-west-1.amazonaws.com/groundwork-prod-tensorboard@sha256:{'1' * 64}",
        None,
        "the environment makes no such repository",
    ),
    ("replicas-less-than-none", "dev", ("tracking_server", "min_replicas"), 3, "tracking_server", "max_replicas (2)"),
    ("workers-without-room", "dev", ("tracking_server", "workers"), 3, "tracking_server", "take 1.2 GiB, more than"),
    ("prod-one-tracking-server", "prod", ("tracking_server", "min_replicas"), 1, None, "prod needs 2 or more"),
    (
        "certificate-of-another-region",
        "dev",
        ("tracking_server", "load_balancer"),
        BALANCER | {"certificate_arn": f"arn:aws:acm:us-east-1:000000000000:certificate/{CERTIFICATE}"},
        "tracking_server.load_balancer.certificate_arn",
        "takes certificates of eu-west-1 in account 000000000000 alone",
    ),
    (
        "certificate-of-another-account",
        "dev",
        ("tracking_server", "load_balancer"),
        BALANCER | {"certificate_arn": f"arn:aws:acm:eu-west-1:123456789012:certificate/{CERTIFICATE}"},
        "tracking_server.load_balancer.certificate_arn",
        "takes certificates of eu-west-1 in account 000000000000 alone",
    ),
    (
        "load-balancer-without-a-certificate",
        "dev",
        ("tracking_server", "load_balancer"),
        {"hostname": "mlflow.ml.example.net", "source_ranges": ["10.0.0.0/8"]},
        "tracking_server.load_balancer.certificate_arn",
        "it is missing",
    ),
    (
        "load-balancer-for-nobody",
        "dev",
        ("tracking_server", "load_balancer"),
        BALANCER | {"source_ranges": []},
        "tracking_server.load_balancer.source_ranges",
        "nobody may connect",
    ),
    (
        "load-balancer-for-the-internet",
        "dev",
        ("tracking_server", "load_balancer"),
        BALANCER | {"source_ranges": ["10.0.0.0/8", "8.8.8.0/24"]},
        "tracking_server.load_balancer.source_ranges[1]",
        "8.8.8.0/24 is of the internet",
    ),
    (
        "workload-called-as-the-servers",
        "dev",
        ("workloads", "tracking-access"),
        {"trust": POD | {"cluster_name": "groundwork-dev"}},
        None,
        "the tracking server has a role workload-tracking-access already",
    ),
    (
        "workload-in-the-servers-namespace",
        "dev",
        ("workloads", "trainer", "trust", "namespace"),
        "mlflow",
        None,
        "it is the namespace of the tracking server",
    ),
    (
        "workload-in-the-namespace-of-monitoring",
        "dev",
        ("workloads", "trainer", "trust", "namespace"),
        "monitoring",
        None,
        "it is the namespace of monitoring",
    ),
    ("prod-one-prometheus", "prod", (*METRICS, "prometheus", "replicas"), 1, None, "prod needs 2 or more"),
    ("prod-one-alertmanager", "prod", (*METRICS, "alertmanager", "replicas"), 1, None, "prod needs 2 or more"),
    ("prod-no-heartbeat", "prod", (*METRICS, "alertmanager", "heartbeat"), None, None, "prod needs one"),
    (
        "prod-critical-alerts-of-one-team-alone",
        "prod",
        (*METRICS, "alertmanager", "receivers", "alarms", "teams"),
        ["vision"],
        "monitoring.metrics.alertmanager.receivers",
        "prod needs one that gets critical alerts of all teams",
    ),
    (
        "receiver-of-alertmanagers-own",
        "dev",
        (*METRICS, "alertmanager", "receivers"),
        {"heartbeat": {"kind": "sns"}},
        None,
        "heartbeat is a receiver that there always is",
    ),
    ("egress-to-the-world", "dev", ("namespaces", "egress_ranges", 0), "0.0.0.0/0", None, "too much of the world"),
    ("egress-to-an-eighth", "dev", ("namespaces", "egress_ranges", 0), "52.0.0.0/8", None, "too much of the world"),
    ("egress-to-metadata", "dev", ("namespaces", "egress_ranges", 0), "169.254.169.254/32", None, "is private"),
    ("expander-unknown", "dev", ("autoscaler", "expander"), "price", None, "'least-waste'"),
    ("never-scaled-down", "dev", ("autoscaler", "scale_down_unneeded_minutes"), 600, None, "less than or equal to 120"),
    ("autoscaler-by-tag", "dev", ("autoscaler", "image"), "registry.k8s.io/autoscaler:v1", None, "does not match"),
    ("plugin-by-tag", "dev", ("device_plugin",), {"image": "nvcr.io/a/b:v1"}, "device_plugin.image", "does not match"),
    ("registry-with-a-scheme", "dev", ("admission", "registries"), ["https://a"], "admission.registries[0]", "match"),
    ("volumes-recycled", "dev", ("volumes", "reclaim_policy"), "Recycle", None, "'Delete' or 'Retain'"),
    ("prod-volumes-deleted", "prod", ("volumes", "reclaim_policy"), "Delete", None, 'prod needs "Retain"'),
    ("prod-one-nat", "prod", ("network", "nat"), "single", None, 'prod needs "per_zone"'),
    ("prod-one-zone-database", "prod", ("database", "multi_az"), False, None, "prod needs true"),
    ("prod-unprotected-database", "prod", ("database", "protect"), False, None, "prod needs true"),
    ("prod-no-final-snapshot", "prod", ("database", "final_snapshot"), False, None, "prod needs true"),
    ("prod-unprotected-store", "prod", ("stores", "datasets", "protect"), False, None, "prod needs true"),
    ("prod-unprotected-trail", "prod", ("audit_trail", "protect"), False, None, "prod needs true"),
    ("prod-images-deletable", "prod", ("container_registry", "force_delete"), True, None, "prod needs false"),
    (
        "alarm-on-what-the-class-has-not",
        "prod",
        ("monitoring", "alarms", "database", "cpu_credits"),
        30,
        None,
        "db.m7g.large has no CPU credits",
    ),
    (
        "storage-that-grows-by-itself-is-told-of",
        "prod",
        ("monitoring", "alarms", "database", "free_storage_gib"),
        10,
        None,
        "at a tenth of its 100 GiB",
    ),
    ("nobody-is-told-in-prod", "prod", ("monitoring", "alarms", "emails"), [], None, "at least one address"),
    ("logs-of-prod-may-go", "prod", ("monitoring", "logs", "protect"), False, None, "prod needs true"),
    ("class-without-a-group", "dev", ("monitoring", "logs", "default_class"), "public", None, "internal"),
    (
        "default-class-without-a-group",
        "dev",
        ("monitoring", "logs", "retention_in_days"),
        {"internal": 30},
        "monitoring.logs",
        "has no log group",
    ),
]


def spelt(path: tuple[str | int, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)[1:]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_checked_in_files_are_good(environment: str) -> None:
    settings = parse_settings(json.dumps(written(environment)), stack=environment, allow_placeholders=True)
    assert settings.environment == environment


@pytest.mark.parametrize(
    ("environment", "path", "value", "reported", "said"),
    [pytest.param(*case[1:], id=case[0]) for case in WRONG],
)
def test_one_wrong_setting_is_reported_where_it_is_and_with_what_to_write_instead(
    environment: str, path: tuple[str | int, ...], value: object, reported: str | None, said: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings(changed(environment, path, value), stack=environment, allow_placeholders=True)
    head, block = str(caught.value).split("\n\n")
    assert head == f"Pulumi.{environment}.yaml: 1 setting is wrong, so nothing was started."
    where, *lines = [line.strip() for line in block.splitlines()]
    assert where == f"{ROOT}.{reported or spelt(path)}"
    assert any(line.startswith(("problem:", "allowed:")) and said in line for line in lines), block
    assert any(line.startswith("allowed:") for line in lines), "says what is allowed"
    assert any(line.startswith("example:") for line in lines) or "no such setting" in block
    assert "hunter2" not in str(caught.value), "what stands under an unknown name may be a secret"


SEARCH = ("monitoring", "logs", "opensearch")
# id, environment, where, what is put there in a file with a search domain, the path reported, what is said
WRONG_SEARCH: list[tuple[str, str, tuple[str, ...], Any, str, str]] = [
    (
        "uneven-nodes-in-two-zones",
        "dev",
        (*SEARCH, "instance_count"),
        5,
        "monitoring.logs.opensearch.instance_count",
        "there are 2 zones with as many nodes in each: take a multiple of 2, such as 4",
    ),
    (
        "uneven-nodes-in-three-zones",
        "prod",
        (*SEARCH, "instance_count"),
        4,
        "monitoring.logs.opensearch.instance_count",
        "take a multiple of 3, such as 6",
    ),
    (
        "no-namespace-for-its-job",
        "dev",
        ("monitoring",),
        {"logs": with_search_domain("dev")["monitoring"]["logs"]},
        "monitoring.logs.opensearch",
        "it needs monitoring.metrics",
    ),
    (
        "classes-of-days-and-of-groups",
        "dev",
        (*SEARCH, "days"),
        {"internal": 7},
        "monitoring.logs",
        "name the same classes",
    ),
    (
        "image-from-elsewhere",
        "dev",
        (*SEARCH, "setup_image"),
        f"docker.io/opensearch/setup@sha256:{'1' * 64}",
        "monitoring.logs.opensearch.setup_image",
        "pods with it are refused",
    ),
    (
        "masters-of-an-old-kind",
        "dev",
        (*SEARCH, "master_instance_type"),
        "t2.small.search",
        "monitoring.logs.opensearch",
        "has neither encryption nor fine-grained access",
    ),
    (
        "too-large-a-volume",
        "dev",
        (*SEARCH, "volume_gib"),
        2000,
        "monitoring.logs.opensearch.volume_gib",
        "less than or equal to 1000",
    ),
    (
        "prod-domain-unprotected",
        "prod",
        (*SEARCH, "protect"),
        False,
        "monitoring.logs.opensearch.protect",
        "prod needs true",
    ),
]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_file_with_a_search_domain_is_good(environment: str) -> None:
    parse_settings(json.dumps(with_search_domain(environment)), stack=environment, allow_placeholders=True)


@pytest.mark.parametrize(
    ("environment", "path", "value", "reported", "said"),
    [pytest.param(*case[1:], id=case[0]) for case in WRONG_SEARCH],
)
def test_one_wrong_setting_of_a_search_domain_is_reported(
    environment: str, path: tuple[str, ...], value: object, reported: str, said: str
) -> None:
    settings = with_search_domain(environment)
    holder: Any = settings
    for part in path[:-1]:
        holder = holder[part]
    holder[path[-1]] = value
    with pytest.raises(SettingsError) as caught:
        parse_settings(json.dumps(settings), stack=environment, allow_placeholders=True)
    head, block = str(caught.value).split("\n\n")
    assert head == f"Pulumi.{environment}.yaml: 1 setting is wrong, so nothing was started."
    where, *lines = [line.strip() for line in block.splitlines()]
    assert where == f"{ROOT}.{reported}"
    assert any(line.startswith("problem:") and said in line for line in lines), block
    assert {line.partition(":")[0] for line in lines} >= {"allowed", "example"}


def test_a_search_domain_of_prod_in_two_zones_has_dedicated_masters() -> None:
    settings = with_search_domain("prod")
    settings["zones"] = settings["zones"][:2]
    for pools in (settings["node_pools"], settings["gpu_node_pools"]):
        for pool in pools.values():
            pool.pop("zones", None)
    with pytest.raises(SettingsError) as caught:
        parse_settings(json.dumps(settings), stack="prod", allow_placeholders=True)
    assert f"{ROOT}.monitoring.logs.opensearch.master_instance_type" in str(caught.value)
    assert "prod needs dedicated masters in 2 zones" in str(caught.value)
    settings["monitoring"]["logs"]["opensearch"]["master_instance_type"] = "m7g.large.search"
    parse_settings(json.dumps(settings), stack="prod", allow_placeholders=True)


def test_nodes_are_never_ahead_of_the_control_plane() -> None:
    settings = written("dev")
    settings["cluster"]["version"] = "1.35"
    settings["node_pools"]["system"]["version"] = "1.33"
    parse_settings(json.dumps(settings), stack="dev", allow_placeholders=True)
    settings["gpu_node_pools"]["training"]["version"] = "1.36"
    with pytest.raises(SettingsError, match=r"nodes of a 1\.35 cluster have 1\.32 to 1\.35") as caught:
        parse_settings(json.dumps(settings), stack="dev", allow_placeholders=True)
    assert f"{ROOT}.gpu_node_pools.training.version" in str(caught.value)


def test_without_a_tracking_server_nothing_is_demanded_for_it() -> None:
    settings = written("dev") | {"tracking_server": None}
    settings["network"]["interface_endpoints"] = ["ecr.api", "ecr.dkr", "kms", "logs", "sts"]
    settings["namespaces"]["egress_ranges"] = []
    settings["teams"]["v"] = {"quota": TEAM_QUOTA}
    settings["workloads"]["tracking-server"] = settings["workloads"]["trainer"]
    settings["container_registry"]["repositories"] = ["tensorboard", "grafana"]
    parse_settings(json.dumps(settings), stack="dev", allow_placeholders=True)


def test_an_image_may_come_from_a_registry_that_admission_lets_in() -> None:
    settings = written("dev")
    settings["admission"]["registries"].append("ghcr.io/vision")
    settings["tracking_server"]["image"] = f"ghcr.io/vision/mlflow@sha256:{'1' * 64}"
    parse_settings(json.dumps(settings), stack="dev", allow_placeholders=True)


def test_images_of_monitoring_are_let_in_like_all_others() -> None:
    settings = written("dev")
    settings["admission"]["registries"] = []
    with pytest.raises(SettingsError) as caught:
        parse_settings(json.dumps(settings), stack="dev", allow_placeholders=True)
    for part in ("prometheus", "alertmanager"):
        assert f"{ROOT}.monitoring.metrics.{part}.image" in str(caught.value)
    settings["monitoring"] = {}
    parse_settings(json.dumps(settings), stack="dev", allow_placeholders=True)


def test_without_nat_pods_find_another_way_to_what_they_call() -> None:
    settings = written("dev")
    settings["network"]["nat"] = "none"
    for service, said in (("eks-auth", "the tracking_server's pods could not"), ("sns", "Alertmanager could tell")):
        with pytest.raises(SettingsError, match=f"{service} must be here too without NAT: {said}") as caught:
            parse_settings(json.dumps(settings), stack="dev", allow_placeholders=True)
        assert f"{ROOT}.network.interface_endpoints" in str(caught.value)
        settings["network"]["interface_endpoints"] += [service]
    parse_settings(json.dumps(settings), stack="dev", allow_placeholders=True)


def test_gpus_are_promised_to_teams_only_where_there_are_some() -> None:
    settings = written("dev") | {"gpu_node_pools": {}}
    with pytest.raises(SettingsError) as caught:
        parse_settings(json.dumps(settings), stack="dev", allow_placeholders=True)
    for team in settings["teams"]:
        assert f"{ROOT}.teams.{team}.quota.gpus" in str(caught.value)
        settings["teams"][team]["quota"]["gpus"] = 0
    assert "there are no GPU nodes: name a pool in gpu_node_pools, or 0 here" in str(caught.value)
    parse_settings(json.dumps(settings), stack="dev", allow_placeholders=True)


def test_all_wrong_settings_are_reported_at_once() -> None:
    settings = written("dev")
    settings["account_id"] = 1
    settings |= {"people": {}, "teams": {}, "tracking_server": None, "tensorboard": None}  # placeholders by the dozen
    settings["monitoring"] = {}
    settings["zones"][1] = "eu-west-2b"
    settings["network"]["nat"] = "two"
    settings["database"]["multi_az"] = "yes"
    del settings["github"], settings["runners"]
    with pytest.raises(SettingsError) as caught:
        parse_settings(json.dumps(settings), stack="dev", allow_placeholders=False)
    text = str(caught.value)
    reported = [line.strip().removeprefix(f"{ROOT}.") for line in text.splitlines() if line.startswith(f"  {ROOT}")]
    assert reported == [
        "account_id", "budget.emails[0]", "cluster.administrators[0]", "database.multi_az", "github", "network.nat",
        "owner", "zones[1]",
    ]  # fmt: skip
    assert text.startswith("Pulumi.dev.yaml: 8 settings are wrong")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("account_id",), "000000000000"),
        (("owner",), "ml@example.com"),
        (("github", "repository"), "example-org/groundwork"),
        (("cluster", "administrators", 0), "arn:aws:iam::123456789012:root"),
        (("people", "auditor", 0), "arn:aws:iam::123456789012:root"),
        (("budget", "emails", 0), "ml@example.com"),
        (("monitoring", "alarms", "emails", 0), "on-call@example.com"),
        (
            ("tensorboard", "image"),
            f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/groundwork-dev-tensorboard@sha256:{'0' * 64}",
        ),
    ],
)
def test_placeholders_are_refused_unless_they_are_allowed(path: tuple[str | int, ...], value: str) -> None:
    settings: Any = written("dev")
    settings["cluster"]["administrators"] = ["arn:aws:iam::123456789012:role/platform-admin"]
    settings |= {"account_id": "123456789012", "owner": "ml", "github": {"repository": "octo-org/groundwork"}}
    settings |= {"people": {"auditor": ["arn:aws:iam::123456789012:role/Auditor"]}, "teams": {}}
    settings["budget"]["emails"] = ["ml@example.org"]
    settings["tensorboard"]["image"] = TENSORBOARD
    settings["tracking_server"] = None
    settings["runners"], settings["monitoring"] = {}, {"alarms": {"emails": ["on-call@example.org"]}}
    if path == ("account_id",):
        settings |= {"people": {}, "tensorboard": None}  # they would be of another account
    parse_settings(json.dumps(settings), stack="dev", allow_placeholders=False)
    holder = settings
    for part in path[:-1]:
        holder = holder[part]
    holder[path[-1]] = value
    parse_settings(json.dumps(settings), stack="dev", allow_placeholders=True)
    with pytest.raises(SettingsError, match="is a placeholder: put your own in its place") as caught:
        parse_settings(json.dumps(settings), stack="dev", allow_placeholders=False)
    assert f"{ROOT}.{spelt(path)}" in str(caught.value)
    assert "1 setting is wrong" in str(caught.value)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_placeholder_of_a_digest_says_what_to_leave_out_until_there_is_an_image(environment: str) -> None:
    found = {spell(problem.path): problem.what for problem in placeholders(written(environment))}
    for path in own_images(environment):
        assert found[f"{ROOT}.{path}.image"] == (
            "its digest is a placeholder: put your own in its place. The first `up` makes the repository and has no "
            f"image yet: leave {ROOT}.{path} out of it (docs/first-deployment.md, Order)"
        )


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_first_up_of_an_account_can_leave_out_what_has_no_image_yet(environment: str) -> None:
    settings = written(environment)
    for path in own_images(environment):
        holder: Any = settings
        *above, last = path.split(".")
        for part in above:
            holder = holder[part]
        holder[last] = None
    assert "0" * 64 not in json.dumps(settings)
    parse_settings(json.dumps(settings), stack=environment, allow_placeholders=True)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_order_of_the_first_deployment_names_every_image_of_ones_own(environment: str) -> None:
    document = (CLONE / "docs" / "first-deployment.md").read_text(encoding="utf-8")
    order = document.split("## Order\n")[1].split("\n## ")[0]
    assert not [path for path in own_images(environment) if f"`{path}`" not in order]


def test_no_value_is_shown_where_the_settings_hold_a_secret() -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings(changed("dev", ("owner",), "s3cr&t"), stack="dev", allow_placeholders=True, show_values=False)
    assert "s3cr&t" not in str(caught.value)
    assert f"{ROOT}.owner" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [(None, "Pulumi.dev.yaml has no groundwork:settings"), ("dev", "must be a mapping"), ("[]", "must be a mapping")],
)
def test_settings_that_are_no_settings_are_refused(text: str | None, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        parse_settings(text, stack="dev", allow_placeholders=True)


class TestTheProgram:
    """How the program reads its settings."""

    @pytest.fixture(autouse=True)
    def config(self, recorder: Recorder) -> Iterator[None]:  # the mocks must be in place
        yield
        pulumi.runtime.set_all_config({})

    def test_it_ends_with_the_text_and_no_traceback(self, recorder: Recorder) -> None:
        pulumi.runtime.set_all_config({ROOT: changed("dev", ("network", "nat"), "two")})
        with pytest.raises(pulumi.RunError, match=r"groundwork:settings\.network\.nat") as caught:
            run_stacks()
        assert caught.value.__suppress_context__, "the SDK prints a RunError as its text alone"
        assert not recorder.made

    def test_placeholders_are_allowed_by_the_environment_alone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        settings = written("dev") | {
            "environment": "test",
            "workloads": {},
            "tracking_server": None,
            "tensorboard": None,
            "monitoring": {},
        }
        pulumi.runtime.set_all_config({ROOT: json.dumps(settings)})
        monkeypatch.delenv(PLACEHOLDERS_ALLOWED, raising=False)
        with pytest.raises(pulumi.RunError, match="placeholder"):
            load_settings()
        monkeypatch.setenv(PLACEHOLDERS_ALLOWED, "true")
        assert load_settings().environment == "test"

    def test_placeholders_of_the_policy_pack_are_refused_too_unless_they_are_allowed(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings = written("dev") | {"account_id": "123456789012", "owner": "ml", "people": {}, "teams": {}}
        settings |= {"github": {"repository": "octo-org/groundwork"}, "tracking_server": None, "tensorboard": None}
        settings |= {"monitoring": {}, "runners": {}, "budget": {"monthly_usd": 500, "emails": ["ml@example.org"]}}
        settings["cluster"]["administrators"] = ["arn:aws:iam::123456789012:role/platform-admin"]
        pulumi.runtime.set_all_config({ROOT: json.dumps(settings)})
        monkeypatch.setattr(pulumi, "get_stack", lambda: "dev")
        monkeypatch.delenv(PLACEHOLDERS_ALLOWED, raising=False)
        with pytest.raises(pulumi.RunError) as caught:
            load_settings()
        assert str(caught.value) == (
            "policies/environments/dev.json: 2 values are placeholders, so nothing was started.\n\n"
            '  pack-settings.clusterAdmins[0]\n    value:   "arn:aws:iam::000000000000:root"\n'
            "    problem: 000000000 is a placeholder: put your own in its place\n\n"
            '  pack-settings.registries[0]\n    value:   "000000000000.dkr.ecr.eu-west-1.amazonaws.com"\n'
            "    problem: 000000000 is a placeholder: put your own in its place"
        )
        monkeypatch.setenv(PLACEHOLDERS_ALLOWED, "true")
        assert load_settings().environment == "dev"

    def test_a_secret_is_not_shown(self) -> None:
        pulumi.runtime.set_all_config({ROOT: changed("dev", ("owner",), "s3cr&t")}, [ROOT])
        with pytest.raises(pulumi.RunError) as caught:
            run_program(load_settings)
        assert "s3cr&t" not in str(caught.value)
