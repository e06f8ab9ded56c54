"""Names of Services in texts: with a pod here behind them they become its address and port."""

from typing import Any

import pytest

from twin.pods.records import LocalPod
from twin.pods.service_names import rewriter
from twin.state import ProcessId


def service(name: str, namespace: str, selector: dict[str, str], *ports: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": namespace}, "spec": {"selector": selector, "ports": list(ports)}}


def local(namespace: str, labels: dict[str, str], address: str) -> LocalPod:
    return LocalPod(namespace, "p", "Deployment/p", address, labels, {"http": 5000}, ProcessId(1, 1.0))


SERVICES = [
    service("web", "shop", {"app": "web"}, {"port": 80, "targetPort": "http"}, {"port": 9000}),
    service("web", "other", {"app": "web"}, {"port": 80, "targetPort": 8080}),
    service("idle", "shop", {"app": "idle"}, {"port": 80}),
    service("outside", "shop", {}, {"port": 80}),
]
PODS = [local("shop", {"app": "web", "more": "1"}, "127.1.1.1"), local("other", {"app": "web"}, "127.2.2.2")]


@pytest.mark.parametrize(
    ("written", "rewritten"),
    [
        ("http://web.shop.svc.cluster.local/a", "http://127.1.1.1:5000/a"),
        ("http://web.shop.svc:80", "http://127.1.1.1:5000"),
        ("web.shop:9000", "127.1.1.1:9000"),
        ("web.shop", "127.1.1.1"),
        ("http://web:80/x", "http://127.1.1.1:5000/x"),
        ("http://web/x", "http://127.1.1.1:5000/x"),
        ("http://web.other:80", "http://127.2.2.2:8080"),
        ("postgresql://u:p@web.shop:9000/db", "postgresql://u:p@127.1.1.1:9000/db"),
        ("web.shop.svc,web.other.svc", "127.1.1.1,127.2.2.2"),
        ("https://web.shop", "https://127.1.1.1"),
        ("http://idle.shop:80", "http://idle.shop:80"),
        ("http://outside.shop", "http://outside.shop"),
        ("http://web.shop.example.com", "http://web.shop.example.com"),
        ("my-web.shop web.shops web.shop-x", "my-web.shop web.shops web.shop-x"),
        ("web --port web", "web --port web"),
    ],
)
def test_a_name_with_a_pod_here_becomes_its_address(written: str, rewritten: str) -> None:
    assert rewriter(SERVICES, PODS, "shop")(written) == rewritten


def test_without_pods_every_name_stays() -> None:
    assert rewriter(SERVICES, [], "shop")("http://web.shop") == "http://web.shop"
