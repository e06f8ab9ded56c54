"""The cluster as the operations see it: its client, whether it answers, what is known of kinds without it."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping

from twin.kubernetes.client import ApiError, Client, KubeconfigError, NoSuchKindError
from twin.providers.kubernetes.configuration import Configuration
from twin.providers.kubernetes.errors import CancelledError, UnreachableError
from twin.providers.kubernetes.messages import Messages
from twin.providers.kubernetes.objects import CLUSTER_WIDE, Kind

_PROBE_ATTEMPTS = 3
"""Few, for the first request of all: a cluster that is not there is to be said within a second."""


class Cluster:
    """One cluster, for all operations of a provider process."""

    def __init__(self, configuration: Configuration, messages: Messages) -> None:
        self.configuration = configuration
        self.messages = messages
        self.cancelled = threading.Event()
        self._client = Client(configuration.access) if configuration.access is not None else None
        self._unreachable: str | None = configuration.unreachable or None
        self._probing = threading.Lock()
        self._declared: dict[tuple[str, str], bool] = {}

    def stop(self) -> None:
        """End what waits."""
        self.cancelled.set()
        if self._client is not None:
            self._client.transport.cancelled.set()

    def on(self, switch: str) -> bool:
        """Whether a switch of the configuration is on."""
        return switch in self.configuration.switches

    @property
    def client(self) -> Client:
        """The client.

        Raises:
            UnreachableError: the cluster did not answer when it was first asked, or is not known yet.
        """
        if (reason := self.unreachable) or self._client is None:
            raise UnreachableError(f"the Kubernetes cluster is unreachable: {reason}")
        return self._client

    @property
    def unreachable(self) -> str:
        """Why the cluster cannot be asked; "" when it can. It is tried once."""
        if self._unreachable is None:
            with self._probing:
                if self._unreachable is None:
                    self._unreachable = self._probe()
        return self._unreachable

    def _probe(self) -> str:
        if self._client is None:
            return "no kubeconfig was given"
        try:
            self._client.raw("GET", "/version", attempts=_PROBE_ATTEMPTS)
        except KubeconfigError as error:
            return str(error)
        except ApiError as error:
            return error.message if error.status in (0, 401) else ""
        return ""

    def serves(self, kind: Kind) -> bool:
        """Whether the API server has this kind, just now."""
        try:
            self.client.resource(kind.api_version, kind.kind)
        except NoSuchKindError:
            return False
        return True

    def namespaced(self, kind: Kind) -> bool:
        """Whether objects of a kind are in a namespace; also before the cluster or the kind's definition is there."""
        if kind.built_in:
            return (kind.group, kind.kind) not in CLUSTER_WIDE
        declared = self._declared.get((kind.group, kind.kind))
        if declared is not None or self.unreachable:
            return declared is not False
        try:
            return self.client.resource(kind.api_version, kind.kind).namespaced
        except NoSuchKindError:
            return True  # nothing says otherwise yet; where it is wrong, the create leaves the namespace out

    def declare(self, definition: Mapping[str, object]) -> None:
        """Remember what a CustomResourceDefinition of the program says of its kind."""
        spec = definition.get("spec")
        names = spec.get("names") if isinstance(spec, Mapping) else None
        if isinstance(spec, Mapping) and isinstance(names, Mapping) and isinstance(names.get("kind"), str):
            self._declared[(str(spec.get("group")), names["kind"])] = spec.get("scope") != "Cluster"

    def pause(self, seconds: float) -> None:
        """Wait, but no longer than until the user asks to stop."""
        if self.cancelled.wait(seconds):
            raise CancelledError("stopped while waiting, as you asked; the next `up` goes on from here")


class Deadline:
    """How long an operation may take."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def over(self) -> bool:
        """Whether its time is up."""
        return time.monotonic() > self._end
