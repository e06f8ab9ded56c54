"""Probes and hooks of a container: what is asked of it, and what the answers add up to.

Source: Kubernetes API reference 1.36, Probe and LifecycleHandler; documentation, "Configure Liveness, Readiness and
Startup Probes": any HTTP status from 200 to 399 is good, redirects to the same host are not followed here.
"""

import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3

Manifest = Mapping[str, Any]


@dataclass(frozen=True)
class Target:
    """What is probed."""

    address: str
    ports: Mapping[str, int]
    """The container's ports by name."""
    folder: Path
    variables: Mapping[str, str]
    rewrite: Callable[[str], str]


def problem(handler: Manifest, target: Target, timeout_seconds: float) -> str | None:
    """Do what a probe or a hook asks; what was wrong, None when nothing was."""
    match handler:
        case {"httpGet": asked}:
            return _http(asked, target, timeout_seconds)
        case {"tcpSocket": asked}:
            return _tcp(asked, target, timeout_seconds)
        case {"exec": asked}:
            return _run([target.rewrite(word) for word in asked["command"]], target, timeout_seconds)
        case {"sleep": asked}:
            time.sleep(min(asked["seconds"], timeout_seconds))
            return None
    return f"a probe by {', '.join(handler)} is not modelled"


class Probe:
    """One probe of a container, over time."""

    def __init__(self, spec: Manifest, target: Target, good_at_first: bool) -> None:
        """`good_at_first`: what counts until the first results are in."""
        self.good = good_at_first
        """Whether the results so far say that all is well."""
        self.failed = False
        """Whether the results so far are failures, as many as the threshold."""
        self.said: str | None = None
        """What was wrong last."""
        self._spec, self._target = spec, target
        self._next = time.monotonic() + spec.get("initialDelaySeconds", 0)
        self._in_a_row = 0
        self._last: bool | None = None

    def step(self) -> None:
        """Probe, if it is time to."""
        if time.monotonic() < self._next:
            return
        self.said = problem(self._spec, self._target, self._spec.get("timeoutSeconds", 1))
        self._next = time.monotonic() + self._spec.get("periodSeconds", 10)
        self._count(self.said is None)

    def _count(self, success: bool) -> None:
        self._in_a_row = self._in_a_row + 1 if success == self._last else 1
        self._last = success
        needed = self._spec.get("successThreshold", 1) if success else self._spec.get("failureThreshold", 3)
        if self._in_a_row >= needed:
            self.good, self.failed = success, not success


def _http(asked: Manifest, target: Target, timeout_seconds: float) -> str | None:
    scheme = asked.get("scheme", "HTTP").lower()
    url = f"{scheme}://{_host(asked, target)}:{_port(asked, target)}{asked.get('path', '/')}"
    headers = {"User-Agent": "kube-probe/1.36", "Accept": "*/*"}
    headers |= {header["name"]: header["value"] for header in asked.get("httpHeaders", ())}
    # kubelet does not look at certificates.
    with urllib3.PoolManager(cert_reqs="CERT_NONE", assert_hostname=False) as pool:
        try:
            answer = pool.request(
                "GET", url, headers=headers, timeout=timeout_seconds, retries=False, redirect=False,
                preload_content=False,
            )  # fmt: skip
        except urllib3.exceptions.HTTPError as error:
            return f"GET {url}: {error}"
        answer.close()
    return None if 200 <= answer.status < 400 else f"GET {url}: HTTP probe failed with statuscode: {answer.status}"


def _tcp(asked: Manifest, target: Target, timeout_seconds: float) -> str | None:
    address = (_host(asked, target), _port(asked, target))
    try:
        socket.create_connection(address, timeout=timeout_seconds).close()
    except OSError as error:
        return f"dial tcp {address[0]}:{address[1]}: {error.strerror or error}"
    return None


def _run(command: Sequence[str], target: Target, timeout_seconds: float) -> str | None:
    try:
        done = subprocess.run(
            command, cwd=target.folder, env=dict(target.variables), stdin=subprocess.DEVNULL, capture_output=True,
            timeout=timeout_seconds, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"{command[0]} has not ended after {timeout_seconds} s"
    except OSError as error:
        return f"{command[0]}: {error.strerror}"
    return None if done.returncode == 0 else f"{command[0]} ended with exit code {done.returncode}"


def _host(asked: Manifest, target: Target) -> str:
    return target.rewrite(asked["host"]) if asked.get("host") else target.address


def _port(asked: Manifest, target: Target) -> int:
    port = asked["port"]
    return target.ports[port] if isinstance(port, str) else int(port)
