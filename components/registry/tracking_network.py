"""Which pods reach the tracking server, and what its own reach; the namespace denies the rest.

Source: Kubernetes documentation, "Network Policies".
"""

from collections.abc import Sequence

from pulumi_kubernetes.networking import v1 as networking

from components.labels import NAMESPACE_NAME, TEAM

SERVER_PORT = 5000
METRICS_PORT = 9464
DATABASE_PORT = 5432
NAMESPACE = "mlflow"
APPLICATION = "mlflow"
NAME, COMPONENT = "app.kubernetes.io/name", "app.kubernetes.io/component"
SERVER, BOOTSTRAP, MIGRATION, ACCESS, ROTATION = "tracking-server", "bootstrap", "migration", "access", "rotation"
CALLERS = (ACCESS, ROTATION)
"""The namespace's own pods that call the server."""
WITH_DATABASE = (SERVER, BOOTSTRAP, MIGRATION)


def of_component(*components: str) -> dict[str, object]:
    """Return the selector of pods of MLflow by their component."""
    return {
        "match_labels": {NAME: APPLICATION},
        "match_expressions": [{"key": COMPONENT, "operator": "In", "values": list(components)}],
    }


def network_policies(
    database_ranges: Sequence[str], client_ranges: Sequence[str], monitoring_namespace: str
) -> dict[str, networking.NetworkPolicySpecArgsDict]:
    """Return the specifications by name; `client_ranges` are those that call by way of the load balancer."""
    clients: list[object] = [
        {"namespace_selector": {"match_expressions": [{"key": TEAM, "operator": "Exists"}]}},
        {"pod_selector": of_component(*CALLERS)},
        *({"ip_block": {"cidr": cidr}} for cidr in client_ranges),
    ]
    monitoring = {"namespace_selector": {"match_labels": {NAMESPACE_NAME: monitoring_namespace}}}
    specs: dict[str, dict[str, object]] = {
        "server-from-clients": _policy(of_component(SERVER), "ingress", "from", clients, SERVER_PORT),
        "server-from-monitoring": _policy(of_component(SERVER), "ingress", "from", [monitoring], METRICS_PORT),
        "to-database": _policy(
            of_component(*WITH_DATABASE),
            "egress",
            "to",
            [{"ip_block": {"cidr": cidr}} for cidr in database_ranges],
            DATABASE_PORT,
        ),
        "to-server": _policy(
            of_component(*CALLERS), "egress", "to", [{"pod_selector": of_component(SERVER)}], SERVER_PORT
        ),
    }
    return specs  # type: ignore[return-value] # the keys are those of the SDK; a test compares what is registered


def client_policy() -> networking.NetworkPolicySpecArgsDict:
    """Return the specification for a team's namespace: all its pods reach the server, and no other port of it."""
    server = {
        "namespace_selector": {"match_labels": {NAMESPACE_NAME: NAMESPACE}},
        "pod_selector": of_component(SERVER),
    }
    return _policy({}, "egress", "to", [server], SERVER_PORT)  # type: ignore[return-value]


def _policy(selector: object, direction: str, peers_key: str, peers: Sequence[object], port: int) -> dict[str, object]:
    # `from` is a word of Python: the SDK calls it `from_`.
    key = "from_" if peers_key == "from" else peers_key
    rule = {key: list(peers), "ports": [{"protocol": "TCP", "port": port}]}
    return {"pod_selector": selector, "policy_types": [direction.capitalize()], direction: [rule]}
