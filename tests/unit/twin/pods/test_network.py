"""The way to other pods: to what runs here, by the addresses of the cluster, and to nothing else."""

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn, cast

import psutil
import pytest
import urllib3

from twin.kubernetes.controllers.loop import World
from twin.kubernetes.errors import ApiError
from twin.pods import network as module
from twin.pods import records
from twin.pods.errors import PodError
from twin.pods.network import Network, Place, Proxy
from twin.pods.records import LocalPod
from twin.state import ProcessId

CLUSTER = "000000000000-eu-west-1-groundwork-dev"
SERVER = ("127.0.0.1", 6443)


class Cluster:
    """What is asked of the API server here."""

    access = SimpleNamespace(server="https://127.0.0.1:6443")

    def list(
        self, api_version: str, kind: str, namespace: str | None = None, selector: str = ""
    ) -> list[dict[str, Any]]:
        match kind:
            case "Service":
                metadata = {"namespace": "monitoring", "name": "prometheus"}
                ports = [{"port": 80, "targetPort": "http"}]
                spec = {"selector": {"app": "prometheus"}, "ports": ports, "clusterIP": "172.20.0.9"}
                master = {
                    "metadata": {"namespace": "default", "name": "kubernetes"},
                    "spec": {"clusterIP": "172.20.0.1"},
                }
                return [{"metadata": metadata, "spec": spec}, master]
            case "EndpointSlice":
                return [{"endpoints": [{"addresses": ["10.20.0.254"]}, {"addresses": ["10.20.1.254"]}]}]
            case "Pod":
                pods = {"10.20.0.7": "prometheus-0", "10.20.0.8": "trainer"}
                return [
                    {"metadata": {"namespace": "monitoring", "name": name}, "status": {"podIP": address}}
                    for address, name in pods.items()
                ] + [{"metadata": {"namespace": "monitoring", "name": "pending"}, "status": {}}]
        raise NotImplementedError(kind)


@pytest.fixture
def network(tmp_path: Path) -> Network:
    runner = ProcessId.of(psutil.Process())
    local = LocalPod(
        "monitoring",
        "prometheus-0",
        "StatefulSet/prometheus",
        "127.9.9.9",
        {"app": "prometheus"},
        {"http": 9090},
        runner,
    )
    folder = tmp_path / CLUSTER / "monitoring" / "prometheus-0"
    folder.mkdir(parents=True)
    records.save(folder, local)
    world = cast(World, SimpleNamespace(api=Cluster(), folder=Path(CLUSTER)))
    return Network(world, tmp_path)


@pytest.mark.parametrize(
    ("host", "port", "place"),
    [
        ("kubernetes.default.svc", 443, SERVER),
        ("172.20.0.1", 443, SERVER),
        ("10.20.1.254", 443, SERVER),
        ("10.20.0.7", 9090, ("127.9.9.9", 9090)),
        ("10.20.0.7", 8080, ("127.9.9.9", 8080)),
        ("prometheus.monitoring", 80, ("127.9.9.9", 9090)),
        ("prometheus.monitoring.svc.cluster.local", 80, ("127.9.9.9", 9090)),
    ],
)
def test_what_the_cluster_knows_is_led_to_where_it_is(network: Network, host: str, port: int, place: Place) -> None:
    assert network.place(host, port) == place


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("10.20.0.8", "monitoring/trainer does not run on this machine"),
        ("10.20.0.9", "10.20.0.9 is nothing of the cluster"),
        ("example.com", "example.com is nothing of the cluster"),
        ("127.0.0.1", "127.0.0.1 is nothing of the cluster"),
    ],
)
def test_what_does_not_run_here_is_not_reached_nor_anything_else(network: Network, host: str, words: str) -> None:
    with pytest.raises(PodError, match=words):
        network.place(host, 80)


def test_pods_still_find_each_other_while_the_api_server_does_not_answer(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    way = network.place("10.20.0.7", 9090)
    monkeypatch.setattr(module, "_KNOWN_SECONDS", 0.0)
    again = threading.Event()

    def hang(*_: object) -> NoReturn:
        again.wait(60)
        raise ApiError(0, "Unreachable", "timed out")

    with monkeypatch.context() as stopped:
        stopped.setattr(Cluster, "list", hang)
        assert [network.place("10.20.0.7", 9090) for _ in range(3)] == [way] * 3
        again.set()
    with monkeypatch.context() as refusing:
        refusing.setattr(Cluster, "list", lambda *_: (_ for _ in ()).throw(ApiError(0, "Unreachable", "refused")))
        assert network.place("10.20.0.7", 9090) == way


def test_without_an_api_server_from_the_first_there_is_no_way(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Cluster, "list", lambda *_: (_ for _ in ()).throw(ApiError(0, "Unreachable", "refused")))
    with pytest.raises(PodError, match=r"does not say what there is: .*refused"):
        network.place("10.20.0.7", 9090)


class _Pod(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = f"{self.path} {self.headers['Host']} {self.headers['X-Asked']}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        self.send_response(200)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Requests are no news."""


@pytest.fixture
def proxy() -> Iterator[tuple[str, int]]:
    """A proxy that leads `pod.example` to a server; its address."""
    pod = ThreadingHTTPServer(("127.0.0.1", 0), _Pod)
    threading.Thread(target=pod.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def place(host: str, port: int) -> Place:
        if (host, port) != ("pod.example", 8080):
            raise PodError(f"{host} is nothing")
        return "127.0.0.1", pod.server_port

    made = Proxy("127.0.0.1", place)
    url = urllib3.util.parse_url(made.variables["HTTP_PROXY"])
    yield str(url.host), int(url.port or 0)
    made.close()
    pod.shutdown()
    pod.server_close()


def test_a_request_arrives_as_it_was_meant_with_its_body(proxy: tuple[str, int]) -> None:
    manager = urllib3.ProxyManager(f"http://{proxy[0]}:{proxy[1]}", timeout=60, retries=False)
    answer = manager.request("GET", "http://pod.example:8080/metrics?a=b", headers={"X-Asked": "yes"})
    assert answer.data == b"/metrics?a=b pod.example:8080 yes"
    sent = b"x" * 300_000
    assert manager.request("POST", "http://pod.example:8080/", body=sent).data == sent


def test_what_is_not_reached_is_answered_with_why(proxy: tuple[str, int]) -> None:
    manager = urllib3.ProxyManager(f"http://{proxy[0]}:{proxy[1]}", timeout=60, retries=False)
    answer = manager.request("GET", "http://example.com/")
    assert (answer.status, answer.data) == (502, b"example.com is nothing\n")


def test_a_tunnel_carries_whatever_both_say(proxy: tuple[str, int]) -> None:
    with socket.create_connection(proxy, timeout=60) as client:
        client.sendall(b"CONNECT pod.example:8080 HTTP/1.1\r\nHost: pod.example:8080\r\n\r\n")
        # The first words may come together with what is asked: they are not for the proxy.
        client.sendall(b"GET /in HTTP/1.0\r\nHost: h\r\nX-Asked: tunnel\r\n\r\n")
        said = b""
        while block := client.recv(65536):
            said += block
    assert said.startswith(b"HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.0 200 OK")
    assert said.endswith(b"/in h tunnel")


def test_what_is_no_request_of_a_proxy_is_refused(proxy: tuple[str, int]) -> None:
    with socket.create_connection(proxy, timeout=60) as client:
        client.sendall(b"GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n")
        assert client.recv(65536).startswith(b"HTTP/1.1 400 Bad Request")
