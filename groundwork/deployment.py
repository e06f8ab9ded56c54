"""One environment on one target: the real engine, driven through Pulumi's Automation API."""

import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pulumi import automation
from pulumi.automation.errors import CommandError
from pulumi.automation.events import EngineEvent

from groundwork.errors import GroundworkError
from groundwork.policy import config as policy_config
from groundwork.release import disposable

OnEvent = Callable[[EngineEvent], None]
ENGINE = {"GOGC": "400"}
"""The engine's Go collector runs more rarely: it writes the whole state at every step, and looking through what that
leaves took an eighth of its processor time. It then takes some hundred MiB."""


class EngineError(GroundworkError):
    """The engine ended with an error. What it said in events has reached `on_event`; `output` is all of its text."""

    def __init__(self, message: str, output: str) -> None:
        super().__init__(message)
        self.output = output


@dataclass(frozen=True)
class Deployment:
    """Where the engine works and with which environment variables. Nothing else tells it the target."""

    environment: str
    """Name of the stack: dev, prod."""
    work_dir: Path
    """The folder of Pulumi.yaml."""
    pulumi_root: Path
    """The folder whose `bin/pulumi` is the engine's command line."""
    variables: Mapping[str, str]
    """Environment variables that are added to those of this process."""

    @cached_property
    def stack(self) -> automation.Stack:
        """The stack. Raises EngineError with the engine's own words, also when it does not exist."""
        command = automation.PulumiCommand(root=str(self.pulumi_root))
        workspace = automation.LocalWorkspace(
            work_dir=str(self.work_dir), env_vars=ENGINE | dict(self.variables), pulumi_command=command
        )
        with self._engine("open the stack"):
            return automation.Stack.select(self.environment, workspace)

    @property
    def policy_packs(self) -> list[str]:
        """Always given to preview and up: so are the policies mandatory."""
        return [str(self.work_dir / "policies")]

    @property
    def policy_pack_configs(self) -> list[str]:
        """The pack's levels and settings for this environment. Raises GroundworkError when they cannot be used."""
        path = policy_config.path_of(self.environment, self.work_dir)
        policy_config.of(path)  # the engine would pass over a rule that is misspelt
        return [str(path)]

    def preview(self, on_event: OnEvent) -> None:
        """Plan every change and judge it by the policies."""
        configs = self.policy_pack_configs
        with self._engine("preview"):
            self.stack.preview(policy_packs=self.policy_packs, policy_pack_configs=configs, on_event=on_event)

    def up(self, on_event: OnEvent) -> Mapping[str, automation.OutputValue]:
        """Make the changes, under the policies; the stack's outputs."""
        configs = self.policy_pack_configs
        with self._engine("up"):
            result = self.stack.up(policy_packs=self.policy_packs, policy_pack_configs=configs, on_event=on_event)
            return result.outputs

    def refresh(self, on_event: OnEvent, targets: list[str] | None = None) -> None:
        """Read the world into the state: of all resources, or of the URNs in `targets`."""
        with self._engine("refresh"):
            self.stack.refresh(on_event=on_event, target=targets)

    def drift(self, on_event: OnEvent) -> None:
        """Read the world and compare it with the state, which stays as it is."""
        with self._engine("drift"):
            self.stack.preview_refresh(on_event=on_event)

    def protected(self) -> list[str]:
        """URNs of the resources that the engine refuses to delete."""
        return [resource["urn"] for resource in self._state().get("resources", ()) if resource.get("protect")]

    def kubeconfig(self) -> str | None:
        """The way into the environment's cluster; None when the state holds no cluster."""
        if not any(resource["type"] == "aws:eks/cluster:Cluster" for resource in self._state().get("resources", ())):
            return None
        output = self.stack.outputs().get("kubeconfig")
        return str(output.value) if output is not None else None

    def disposable_databases(self) -> list[str]:
        """Identifiers of the databases whose data may go."""
        return disposable(self._state())

    def _state(self) -> Mapping[str, Any]:
        return self.stack.export_stack().deployment or {}

    def unprotect(self, urns: list[str]) -> None:
        """Take the engine's protection off these resources, in the state alone."""
        with self._engine("unprotect"):
            command = ["state", "unprotect", *urns, "--yes", "--stack", self.environment]
            self.stack.workspace.pulumi_command.run(command, str(self.work_dir), dict(self.variables))

    def destroy(self, on_event: OnEvent) -> None:
        """Delete every resource of the stack."""
        with self._engine("destroy"):
            self.stack.destroy(on_event=on_event)

    @contextmanager
    def _engine(self, doing: str) -> Iterator[None]:
        """Turn what the Automation API raises into EngineError, and leave Ctrl-C to the engine.

        The terminal sends it to both; the engine then ends what it has begun and writes it down.
        """
        interrupted = threading.Event()
        before = signal.signal(signal.SIGINT, lambda *_: interrupted.set())
        try:
            yield
        except (CommandError, RuntimeError) as error:
            # RuntimeError: "summary event never found", when the engine ended before its summary.
            how = "was interrupted; run it again to go on:" if interrupted.is_set() else "failed for"
            raise EngineError(f"{doing} {how} {self.environment}", str(error)) from None
        finally:
            signal.signal(signal.SIGINT, before)
