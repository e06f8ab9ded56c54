"""Starts the policy pack as the engine does, and talks to it over the SDK's own stubs."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import analyzer_pb2 as messages
from pulumi.runtime.proto import analyzer_pb2_grpc

POLICIES = Path(__file__).resolve().parents[2] / "policies"
STOCK = f"""
import sys
from datetime import date

sys.path.insert(0, {str(POLICIES.parent)!r})
from pulumi_policy import PolicyPack
from policies.pack import policies
from policies.rules import RULES

PolicyPack(name="stock", policies=policies(RULES, date(2026, 6, 1)))
"""
"""A pack of the same rules on the SDK's own servicer: its `__main__.py`."""
MAX_MESSAGE_BYTES = 400 * 1024 * 1024
MANDATORY, ADVISORY, DISABLED = messages.MANDATORY, messages.ADVISORY, messages.DISABLED
REMEDIATE = messages.REMEDIATE


def struct(props: Mapping[str, Any]) -> Struct:
    """Return inputs as they travel: every number a float, unknown values as the SDK's sentinels."""
    message = Struct()
    message.update(dict(props))
    return message


def urn(token: str, name: str, stack: str = "dev") -> str:
    """Return the URN of a resource without a parent."""
    return f"urn:pulumi:{stack}::toy::{token}::{name}"


def resource(
    token: str, name: str, props: Mapping[str, Any], depends: Mapping[str, list[str]] | None = None
) -> messages.AnalyzerResource:
    """Return a resource of the stack pass. `depends`: URNs by property."""
    dependencies = {key: messages.AnalyzerPropertyDependencies(urns=urns) for key, urns in (depends or {}).items()}
    return messages.AnalyzerResource(
        type=token, urn=urn(token, name), name=name, properties=struct(props), propertyDependencies=dependencies
    )


class RunningPack:
    """A pack that runs, with the four calls that the engine makes."""

    def __init__(self, port: int, pid: int) -> None:
        self.pid = pid
        options = [("grpc.max_send_message_length", MAX_MESSAGE_BYTES)]
        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}", options)
        self._stub: Any = analyzer_pb2_grpc.AnalyzerStub(self.channel)

    def info(self) -> Any:
        return self._stub.GetAnalyzerInfo(empty_pb2.Empty())

    def configure(self, config: Mapping[str, tuple[int, Mapping[str, Any]]]) -> None:
        """Set level and properties by policy, as the engine sends them: for every policy that is configured."""
        entries = {
            name: messages.PolicyConfig(enforcementLevel=level, properties=struct(props))  # type: ignore[arg-type]
            for name, (level, props) in config.items()
        }
        self._stub.Configure(messages.ConfigureAnalyzerRequest(policyConfig=entries))

    def analyze(self, token: str, name: str, props: Mapping[str, Any], **options: Any) -> list[Any]:
        request = messages.AnalyzeRequest(
            type=token,
            urn=urn(token, name),
            name=name,
            properties=struct(props),
            options=messages.AnalyzerResourceOptions(**options),
        )
        return self.ask(request)

    def ask(self, request: messages.AnalyzeRequest) -> list[Any]:
        """Send a request as it is."""
        return list(self._stub.Analyze(request).diagnostics)

    def remediate(self, token: str, name: str, props: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
        """Return the inputs after each repair, by policy."""
        request = messages.AnalyzeRequest(
            type=token,
            urn=urn(token, name),
            name=name,
            properties=struct(props),
            options=messages.AnalyzerResourceOptions(),
        )
        made = self._stub.Remediate(request).remediations
        return [(repair.policyName, MessageToDict(repair.properties)) for repair in made]

    def analyze_stack(self, resources: list[messages.AnalyzerResource]) -> list[Any]:
        return list(self._stub.AnalyzeStack(messages.AnalyzeStackRequest(resources=resources)).diagnostics)


@contextmanager
def running_pack(
    program: Path = POLICIES, environment: Mapping[str, str] | None = None, kind: type[RunningPack] = RunningPack
) -> Iterator[RunningPack]:
    """Run a pack in a process of its own, and end it."""
    command = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:0", str(program)]
    process = subprocess.Popen(command, cwd=program, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        pack = kind(int(process.stdout.readline()), process.pid)
        with pack.channel:
            yield pack
    finally:
        process.terminate()
        process.wait(60)
        process.stdout.close()
