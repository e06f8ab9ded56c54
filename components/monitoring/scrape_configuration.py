"""What Prometheus asks, and as whom each series is known: its configuration, as data.

Whatever says on its pod that it is to be scraped is found in every namespace, so that a team or a model server that is
added later needs no change here. A series has the labels `job` (the pod's `app.kubernetes.io/name`), `namespace`,
`pod`, `node` and `team`; of a pod they are the cluster's word and not the pod's own. Only exporters of the platform,
which speak of other objects, keep the labels that they give.

Files are named relative to this one's folder. `proxy_from_environment`: on EKS no pod is told of a proxy, and nothing
goes through one; where the environment is tried out without a network of pods, the way to them is such a proxy.

Source: Prometheus documentation, "Configuration" (kubernetes_sd_config, relabel_config, remote_write); Amazon Managed
Service for Prometheus user guide, "Send high-availability data"; Kubernetes documentation, "Metrics For Kubernetes
System Components".
"""

from collections.abc import Sequence
from typing import Any

from components.labels import NODE_POOL, TEAM
from components.model import Model
from components.monitoring.data_files import written
from components.monitoring.metrics_settings import PrometheusSettings
from components.scraping import DEFAULT_PATH, HONOR_LABELS, MONITORING_NAMESPACE, PATH, PORT, SCRAPE

API_SERVER = "kubernetes.default.svc"
ALERTMANAGER = "alertmanager"
TOKEN_FILE, AUTHORITY_FILE = "token", "ca.crt"
RULES = "../rules/*.yaml"
PLATFORM = "platform"
"""The team of what is in no team's namespace."""
OF_THE_PLATFORM = ("kube-system", MONITORING_NAMESPACE)
"""Namespaces whose exporters may speak of others' objects."""
SAMPLE_LIMIT, BODY_LIMIT = 50_000, "50MB"
"""Of one target: more is thrown away, so that one bad pod does not fill the memory of all."""
UNUSED_OF_API_SERVER = (
    "apiserver_(request_body_size|response_sizes|watch_events_sizes|request_sli_duration|admission_.*|"
    "flowcontrol_.*|storage_list_.*)_.*",
    "etcd_request_duration_seconds_bucket",
    "workqueue_.*_bucket",
)
"""Series of the API server that no rule and no dashboard reads, and that are most of what it has."""
UNUSED_OF_CADVISOR = (
    "container_(tasks_state|memory_failures_total|blkio_.*|spec_.*|file_descriptors|sockets|ulimits_.*)",
)

Relabelling = list[dict[str, Any]]


class ScrapePlace(Model):
    """Where a Prometheus is: what its series are known by outside of it."""

    cluster: str
    """The EKS cluster's name."""
    environment: str
    """The environment."""
    region: str
    """The AWS region."""


def configuration(settings: PrometheusSettings, place: ScrapePlace) -> str:
    """Return the text of `prometheus.yml`."""
    labels = {"cluster": place.cluster, "environment": place.environment, "region": place.region}
    interval = f"{settings.scrape_interval_seconds}s"
    found: dict[str, Any] = {
        "global": {
            "scrape_interval": interval,
            "scrape_timeout": "10s",
            "evaluation_interval": interval,
            # The one by which a store of several Prometheus tells replicas; it begins like a label that is not kept.
            "external_labels": labels | {"__replica__": "${POD_NAME}"},
        },
        "storage": {
            "tsdb": {
                "retention": {"time": f"{settings.retention_days}d", "size": f"{settings.retention_size_mib}MB"},
            }
        },
        "rule_files": [RULES],
        "alerting": {
            # Both replicas say the same: Alertmanager must be able to tell that it is.
            "alert_relabel_configs": [{"action": "labeldrop", "regex": "__replica__"}],
            "alertmanagers": [_alertmanagers()],
        },
        "scrape_configs": [*scrape_configs()],
    }
    if settings.remote_write:
        found["remote_write"] = [
            {
                "url": settings.remote_write.url,
                "sigv4": {"region": settings.remote_write.workspace_arn.split(":")[3]},
                "proxy_from_environment": True,
            }
        ]
    return written(found)


def scrape_configs() -> Sequence[dict[str, Any]]:
    """Return the jobs."""
    return (
        _api_server(),
        _nodes("kubelet", DEFAULT_PATH),
        _nodes("cadvisor", "/metrics/cadvisor", drop=UNUSED_OF_CADVISOR),
        _coredns(),
        _pods("pods", honor_labels=False),
        _pods("exporters", honor_labels=True),
    )


def _api_server() -> dict[str, Any]:
    """Each API server by its own address: behind the Service's, counters of several would be taken for one's."""
    return {
        "job_name": "apiserver",
        **_limits(),
        "scheme": "https",
        **_access(server_name=API_SERVER),
        "kubernetes_sd_configs": [_discovery("endpointslice", namespaces={"names": ["default"]})],
        "relabel_configs": [
            _keep({"service_name": "kubernetes", "endpointslice_port_name": "https"}),
            _set("team", PLATFORM),
        ],
        "metric_relabel_configs": _drop(UNUSED_OF_API_SERVER),
    }


def _nodes(job: str, path: str, drop: Sequence[str] = ()) -> dict[str, Any]:
    """The kubelet of every node, which speaks of volumes and containers of all namespaces."""
    return {
        "job_name": job,
        **_limits(),
        "honor_labels": True,
        "scheme": "https",
        "metrics_path": path,
        **_access(),
        "kubernetes_sd_configs": [_discovery("node")],
        "relabel_configs": [
            _copy("node_name", "node"),
            _copy(f"node_label_{_meta(NODE_POOL)}", "node_pool"),
            _set("team", PLATFORM),
        ],
        **({"metric_relabel_configs": _drop(drop)} if drop else {}),
    }


def _coredns() -> dict[str, Any]:
    """EKS' add-on says nothing of metrics on its pods; its port has the name."""
    return {
        "job_name": "coredns",
        **_limits(),
        "proxy_from_environment": True,
        "kubernetes_sd_configs": [_discovery("pod", namespaces={"names": ["kube-system"]})],
        "relabel_configs": [
            _keep({"pod_label_k8s_app": "kube-dns", "pod_container_port_name": "metrics"}),
            *_of_pod(),
            _set("team", PLATFORM),
        ],
    }


def _pods(job: str, *, honor_labels: bool) -> dict[str, Any]:
    """Every pod that says so; `honor_labels`: those of the platform whose series are about other objects."""
    annotation = {
        name: f"__meta_kubernetes_pod_annotation_{_meta(name)}" for name in (SCRAPE, PORT, PATH, HONOR_LABELS)
    }
    speaks_of_others = {
        "source_labels": ["__meta_kubernetes_namespace", annotation[HONOR_LABELS]],
        "regex": f"({'|'.join(OF_THE_PLATFORM)});true",
        "action": "keep" if honor_labels else "drop",
    }
    return {
        "job_name": job,
        **_limits(),
        "honor_labels": honor_labels,
        "proxy_from_environment": True,
        "kubernetes_sd_configs": [_discovery("pod", attach_metadata={"namespace": True})],
        "relabel_configs": [
            {"source_labels": [annotation[SCRAPE]], "regex": "true", "action": "keep"},
            {"source_labels": ["__meta_kubernetes_pod_phase"], "regex": "Running", "action": "keep"},
            speaks_of_others,
            {"source_labels": [annotation[PATH]], "regex": "(/.*)", "target_label": "__metrics_path__"},
            {
                "source_labels": ["__meta_kubernetes_pod_ip", annotation[PORT]],
                "regex": r"([0-9.]+);(\d+)",
                "replacement": "$1:$2",
                "target_label": "__address__",
            },
            _copy("pod_label_app_kubernetes_io_name", "job"),
            *_of_pod(),
            _set("team", PLATFORM),
            {
                "source_labels": [f"__meta_kubernetes_namespace_label_{_meta(TEAM)}"],
                "regex": "(.+)",
                "target_label": "team",
            },
        ],
    }


def _alertmanagers() -> dict[str, Any]:
    return {
        "proxy_from_environment": True,
        "kubernetes_sd_configs": [_discovery("pod", namespaces={"names": [MONITORING_NAMESPACE]})],
        "relabel_configs": [
            _keep({"pod_label_app_kubernetes_io_name": ALERTMANAGER, "pod_container_port_name": "http"}),
            # Not only those that are ready: each one that lives may still tell somebody.
            {"source_labels": ["__meta_kubernetes_pod_phase"], "regex": "Running", "action": "keep"},
        ],
    }


def _limits() -> dict[str, Any]:
    return {"sample_limit": SAMPLE_LIMIT, "body_size_limit": BODY_LIMIT}


def _access(server_name: str | None = None) -> dict[str, Any]:
    """How the API server and kubelets are asked: with the pod's own token, over TLS by the cluster's authority."""
    tls = {"ca_file": AUTHORITY_FILE} | ({"server_name": server_name} if server_name else {})
    return {
        "authorization": {"credentials_file": TOKEN_FILE},
        "tls_config": tls,
        "proxy_from_environment": True,
    }


def _discovery(role: str, **more: Any) -> dict[str, Any]:
    return {"role": role, "api_server": f"https://{API_SERVER}", **_access(), **more}


def _of_pod() -> Relabelling:
    return [_copy("namespace", "namespace"), _copy("pod_name", "pod"), _copy("pod_node_name", "node")]


def _keep(wanted: dict[str, str]) -> dict[str, Any]:
    return {
        "source_labels": [f"__meta_kubernetes_{name}" for name in wanted],
        "regex": ";".join(wanted.values()),
        "action": "keep",
    }


def _copy(name: str, label: str) -> dict[str, Any]:
    return {"source_labels": [f"__meta_kubernetes_{name}"], "target_label": label}


def _set(label: str, value: str) -> dict[str, Any]:
    return {"target_label": label, "replacement": value}


def _drop(patterns: Sequence[str]) -> Relabelling:
    return [{"source_labels": ["__name__"], "regex": "|".join(patterns), "action": "drop"}]


def _meta(name: str) -> str:
    """Return a label or annotation as Prometheus names it."""
    return "".join(character if character.isalnum() else "_" for character in name)
