"""Which pods of monitoring reach what, and who reaches them; the namespace denies the rest.

Prometheus reaches every pod of the cluster on whatever port that pod says its metrics are at, what listens on nodes,
and the API server. Alertmanager reaches its peers and whom it tells. Prometheus alone reaches Alertmanager, and only
what runs in the namespace reaches Prometheus: people come by `kubectl port-forward`.

Source: Kubernetes documentation, "Network Policies"; NET-10 of the policies (the metadata service is excepted).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from components.labels import NAME
from components.scraping import PROMETHEUS

ALERTMANAGER = "alertmanager"
PROMETHEUS_PORT, ALERTMANAGER_PORT, PEER_PORT = 9090, 9093, 9094
NODE_PORTS = (10250, 9100)
"""Of the kubelet, and of the exporter that has its node's address."""
HTTPS = 443
LAST_PORT = 65535
METADATA_SERVICE = "169.254.169.254/32"
THE_WORLD = {"ip_block": {"cidr": "0.0.0.0/0", "except_": [METADATA_SERVICE]}}

Policy = dict[str, Any]


def from_prometheus(selector: Mapping[str, str], port: int) -> Policy:
    """Return the specification by which Prometheus gets at one port of pods in the closed namespace."""
    return _ingress(selector, [_pods(PROMETHEUS)], port)


def to_prometheus(name: str) -> Policy:
    """Return the specification by which the pods of an application ask Prometheus."""
    return _egress(name, [_pods(PROMETHEUS)], _tcp(PROMETHEUS_PORT))


def to_api_server(name: str, api_server_range: str) -> Policy:
    """Return the specification by which the pods of an application reach the API server, by its Service's address."""
    return _egress(name, [{"ip_block": {"cidr": api_server_range}}], _tcp(HTTPS))


def prometheus_policies(vpc_cidr: str, api_server_range: str, *, remote_write: bool) -> dict[str, Policy]:
    """Return the specifications about Prometheus by name. `api_server_range`: the address of the API's Service."""
    every_pod: list[object] = [{"namespace_selector": {}}]
    found = {
        # Each pod says on which port it is scraped.
        "prometheus-to-pods": _egress(PROMETHEUS, every_pod, {"protocol": "TCP", "port": 1, "end_port": LAST_PORT}),
        "prometheus-to-nodes": _egress(PROMETHEUS, [{"ip_block": {"cidr": vpc_cidr}}], *map(_tcp, NODE_PORTS)),
        "prometheus-to-api-server": to_api_server(PROMETHEUS, api_server_range),
        "prometheus-from-monitoring": _ingress({NAME: PROMETHEUS}, [{"pod_selector": {}}], PROMETHEUS_PORT),
    }
    return found | (
        {"prometheus-to-remote-write": _egress(PROMETHEUS, [THE_WORLD], _tcp(HTTPS))} if remote_write else {}
    )


def alertmanager_policies(world_ports: Sequence[int]) -> dict[str, Policy]:
    """Return the specifications about Alertmanager by name. `world_ports`: those at which it tells somebody outside."""
    peers = [_pods(ALERTMANAGER)]
    both = [{"protocol": protocol, "port": PEER_PORT} for protocol in ("TCP", "UDP")]
    found: dict[str, Policy] = {
        "alertmanager-from-prometheus": from_prometheus({NAME: ALERTMANAGER}, ALERTMANAGER_PORT),
        "alertmanager-peers": {
            **_of({NAME: ALERTMANAGER}, "Ingress", "Egress"),
            "ingress": [{"from_": peers, "ports": both}],
            "egress": [{"to": peers, "ports": both}],
        },
    }
    if world_ports:
        found["alertmanager-to-receivers"] = _egress(ALERTMANAGER, [THE_WORLD], *map(_tcp, world_ports))
    return found


def _pods(name: str) -> dict[str, Any]:
    return {"pod_selector": {"match_labels": {NAME: name}}}


def _tcp(port: int) -> dict[str, Any]:
    return {"protocol": "TCP", "port": port}


def _of(selector: Mapping[str, str], *types: str) -> Policy:
    return {"pod_selector": {"match_labels": dict(selector)}, "policy_types": [*types]}


def _egress(name: str, peers: Sequence[object], *ports: dict[str, Any]) -> Policy:
    return {**_of({NAME: name}, "Egress"), "egress": [{"to": [*peers], "ports": [*ports]}]}


def _ingress(selector: Mapping[str, str], peers: Sequence[object], port: int) -> Policy:
    return {**_of(selector, "Ingress"), "ingress": [{"from_": [*peers], "ports": [_tcp(port)]}]}
