"""The way from a pod that runs here to others by the addresses that the cluster knows: a proxy of the pod's own.

A pod of the cluster has an address of the VPC, which nobody serves on this machine, and a Service has a name, which
nobody resolves. A program that finds others through the API server, as Prometheus does, therefore asks this proxy
(`HTTP_PROXY`, `HTTPS_PROXY`), which leads to the address where the pod or the API server really is. A pod that does
not run here is not reached, as one that does not answer. Nothing else is: no host outside of this machine.

Source: RFC 9110, CONNECT; RFC 9112, "absolute-form".
"""

import contextlib
import http
import select
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from twin.kubernetes.controllers.loop import World
from twin.kubernetes.errors import ApiError
from twin.pods import records, service_names
from twin.pods.errors import PodError

_MASTER = ("default", "kubernetes")
_NAMES = ("kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local")
_CONNECT_SECONDS = 5.0
_KNOWN_SECONDS = 2.0
"""How long what the cluster knows is taken for what it still knows."""
_PATIENCE_SECONDS = 0.3
"""How long somebody who asks for a way waits for what the cluster knows now: less than a scrape may take."""
_LONGEST_HEAD = 65536
_BLOCK = 65536
_OF_THE_PROXY = ("proxy-connection", "proxy-authorization", "connection", "keep-alive")

Place = tuple[str, int]


@dataclass(frozen=True)
class _Known:
    """What the cluster knew at a time."""

    at: float
    services: Sequence[Mapping[str, Any]]
    master: frozenset[str]
    """Addresses of the API server."""
    pods: Mapping[str, Sequence[tuple[str, str]]]
    """By address the namespaces and names of pods: those with the address of their node share it."""


class Network:
    """Where on this machine something of the cluster is, by the address that the cluster knows it by."""

    def __init__(self, world: World, root: Path) -> None:
        """`root`: the folder of all pods, `Places.pods`."""
        self._world, self._root = world, root
        self._asking = threading.Lock()
        self._known: _Known | None = None
        self._answer: Future[_Known] | None = None

    def place(self, host: str, port: int) -> Place:
        """Where it is. Raises PodError that says why nothing is reached there."""
        known = self._ask()
        if host in _NAMES or host in known.master:
            server = urlsplit(self._world.api.access.server)
            return server.hostname or "", server.port or 443
        here = records.running(self._root, self._world.folder.name)
        rewritten = service_names.rewriter(known.services, here, "")(f"//{host}:{port}")
        if rewritten != f"//{host}:{port}":
            found = urlsplit(rewritten)
            return found.hostname or "", found.port or port
        names = known.pods.get(host, ())
        for pod in here:
            if (pod.namespace, pod.name) in names:
                return pod.address, port
        if names:
            listed = ", ".join(sorted(f"{namespace}/{name}" for namespace, name in names))
            raise PodError(f"{listed} does not run on this machine: see groundwork open.")
        raise PodError(f"{host} is nothing of the cluster that runs on this machine.")

    def _ask(self) -> _Known:
        """What the API server says, which is not asked for each of the hundred connections that Prometheus makes.

        While it does not answer, pods go on finding each other by what it said before, as nodes of a cluster do.
        """
        with self._asking:
            known = self._known
            if known is not None and time.monotonic() < known.at + _KNOWN_SECONDS:
                return known
            if self._answer is None or self._answer.done():
                self._answer = _begun(self._asked)
            answer = self._answer
        try:
            return answer.result(None if known is None else _PATIENCE_SECONDS)
        except (ApiError, TimeoutError) as error:
            if known is None:
                raise PodError(f"The API server does not say what there is: {error}") from error
            return known

    def _asked(self) -> _Known:
        api, (namespace, name) = self._world.api, _MASTER
        services = api.list("v1", "Service")
        master = {one["spec"]["clusterIP"] for one in services if _id(one) == _MASTER}
        of_master = f"kubernetes.io/service-name={name}"
        for each in api.list("discovery.k8s.io/v1", "EndpointSlice", namespace, of_master):
            master |= {address for one in each["endpoints"] or () for address in one["addresses"]}
        pods: dict[str, list[tuple[str, str]]] = {}
        for pod in api.list("v1", "Pod"):
            pods.setdefault(pod.get("status", {}).get("podIP", ""), []).append(_id(pod))
        self._known = _Known(time.monotonic(), services, frozenset(master), pods)
        return self._known


def _begun(work: Callable[[], _Known]) -> "Future[_Known]":
    """Do it in a thread that no process waits for at its end: what it asks may never answer."""
    future: Future[_Known] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, name="what the cluster knows", daemon=True).start()
    return future


def _id(thing: Mapping[str, Any]) -> tuple[str, str]:
    return thing["metadata"]["namespace"], thing["metadata"]["name"]


class Proxy:
    """The proxy of one pod, served by a thread of this process."""

    def __init__(self, address: str, place: Callable[[str, int], Place]) -> None:
        """`address`: the pod's own; `place`: see `Network`."""
        self._server = _Server((address, 0), _handler(place))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        self._thread.start()

    @property
    def variables(self) -> Mapping[str, str]:
        """What a program is told of it; what has an address of this machine needs no proxy."""
        address, port = self._server.server_address[:2]
        url = f"http://{address!s}:{port}"
        return {"HTTP_PROXY": url, "HTTPS_PROXY": url, "NO_PROXY": "localhost,127.0.0.0/8"}

    def close(self) -> None:
        """Lead nowhere any more."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False  # a watch of the API server goes on until its client ends

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: whoever asked has gone."""


def _handler(place: Callable[[str, int], Place]) -> type[socketserver.BaseRequestHandler]:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            client: socket.socket = self.request
            head = _head(client)
            if head is None:
                return
            line, *fields = head.decode("latin-1").split("\r\n")
            try:
                method, target, version = line.split(" ")
                asked = urlsplit(f"//{target}" if method == "CONNECT" else target)
                host, port = asked.hostname, asked.port or 80
                if not host:
                    raise ValueError(target)
            except ValueError:
                _refuse(client, http.HTTPStatus.BAD_REQUEST, f"this proxy understands no {line!r}")
                return
            try:
                server = socket.create_connection(place(host, port), timeout=_CONNECT_SECONDS)
            except (PodError, OSError) as error:
                _refuse(client, http.HTTPStatus.BAD_GATEWAY, str(error))
                return
            with server:
                server.settimeout(None)
                if method == "CONNECT":
                    client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                else:
                    path = asked.path or "/"
                    first = f"{method} {path}{f'?{asked.query}' if asked.query else ''} {version}"
                    kept = [one for one in fields if one.partition(":")[0].lower() not in _OF_THE_PROXY]
                    server.sendall("\r\n".join([first, *kept, "Connection: close", "", ""]).encode("latin-1"))
                _pass_on(client, server)

    return Handler


def _head(client: socket.socket) -> bytes | None:
    """Everything before the empty line, and nothing after it: that is for whoever it is meant for."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        seen = client.recv(_BLOCK, socket.MSG_PEEK)
        if not seen or len(head) > _LONGEST_HEAD:
            return None
        end = (head + seen).find(b"\r\n\r\n")
        wanted = len(seen) if end < 0 else end + 4 - len(head)
        head += client.recv(wanted)
    return head.removesuffix(b"\r\n\r\n")


def _refuse(client: socket.socket, status: http.HTTPStatus, why: str) -> None:
    body = f"{why}\n".encode()
    head = f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    with contextlib.suppress(OSError):
        client.sendall(head.encode() + body)


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    """Both ways, until both have said all."""
    open_ends = {one: other, other: one}
    while open_ends:
        readable, _, _ = select.select(list(open_ends), [], [])
        for source in readable:
            block = source.recv(_BLOCK)
            if block:
                open_ends[source].sendall(block)
                continue
            target = open_ends.pop(source)
            with contextlib.suppress(OSError):
                target.shutdown(socket.SHUT_WR)
