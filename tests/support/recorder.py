"""One mock of the engine for every test: it records what a program registers and fills in what AWS would compute.

Values are those of the account 111122223333 in eu-west-1. A look-up that no test planned an answer to is an error, so
a component that starts to call AWS is found out.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import pulumi
import pytest
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime import MockCallArgs, MockResourceArgs, Mocks
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.proto.resource_pb2 import (
    RegisterResourceOutputsRequest,
    RegisterResourceRequest,
    RegisterResourceResponse,
)
from pulumi.runtime.rpc import deserialize_properties

Result = TypeVar("Result")

ACCOUNT_ID = "111122223333"
REGION = "eu-west-1"

# What the provider adds beside `arn` and `id`, by type: only outputs that some component reads.
COMPUTED: dict[str, dict[str, Any]] = {
    "aws:kms/key:Key": {"keyId": "11111111-2222-3333-4444-555555555555"},
    "aws:sqs/queue:Queue": {"url": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT_ID}/queue"},
    "aws:rds/instance:Instance": {
        "address": "db.internal",
        "endpoint": "db.internal:5432",
        "resourceId": "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "masterUserSecrets": [
            {
                "secretArn": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT_ID}:secret:rds!db-1",
                "secretStatus": "active",
                "kmsKeyId": "",
            }
        ],
    },
    "aws:ecr/repository:Repository": {"registryId": ACCOUNT_ID},
    "aws:ec2/vpcEndpoint:VpcEndpoint": {"prefixListId": "pl-12345678"},
    "aws:eks/cluster:Cluster": {
        "endpoint": "https://0123456789ABCDEF.gr7.eu-west-1.eks.amazonaws.com",
        "certificateAuthority": {"data": "LS0tLS1CRUdJTg=="},
        "vpcConfig": {"clusterSecurityGroupId": "sg-cluster"},
    },
    "aws:eks/nodeGroup:NodeGroup": {"resources": [{"autoscalingGroups": [{"name": "eks-nodes-1"}]}]},
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": {"associationId": "a-abcdefgh12345678"},
    "aws:ec2/launchTemplate:LaunchTemplate": {"latestVersion": 1},
    "aws:ec2/vpc:Vpc": {"defaultNetworkAclId": "acl-12345678"},
}


class Recorder(Mocks):
    """Stands for the engine: `made` holds every registration, components included, in the order they arrived.

    In a preview nothing exists yet: what AWS would fill in is not known.
    """

    def __init__(self, *, preview: bool = False) -> None:
        self.preview = preview
        self.made: list[MockResourceArgs] = []
        self.requests: dict[str, RegisterResourceRequest] = {}
        """What the engine was really asked, by logical name: parent, provider, options. URNs in it are shortened."""
        self.state: dict[str, Mapping[str, Any]] = {}
        """What the provider answered of a custom resource, by logical name: what went in, and what AWS filled in."""
        self.outputs: dict[str, Mapping[str, Any]] = {}
        """What `register_outputs` said, by logical name."""

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        """Record a registration and answer it: inputs come back as outputs, as they do from a provider."""
        self.made.append(args)
        if not args.custom:
            return f"{args.name}-id", dict(args.inputs)
        if self.preview:
            # The kubeconfig is not known, so the engine does not ask the provider: not even inputs come back.
            return None, {} if args.typ.startswith("kubernetes:") else dict(args.inputs)
        self.state[args.name] = _filled_in(_computed(args), args.inputs)
        return f"{args.name}-id", dict(self.state[args.name])

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        """Refuse every provider function."""
        raise NotImplementedError(f"no test has planned an answer to {args.token}")

    def one(self, name: str) -> MockResourceArgs:
        """Return the one registration of that logical name."""
        found = [made for made in self.made if made.name == name]
        assert len(found) == 1, f"{len(found)} registrations of {name!r}, among {sorted(m.name for m in self.made)}"
        return found[0]

    def of_type(self, token: str) -> list[MockResourceArgs]:
        """Return the registrations of a type, such as `aws:s3/bucket:Bucket`."""
        return [made for made in self.made if made.typ == token]

    def children(self) -> list[MockResourceArgs]:
        """Return the registrations of custom resources: what a provider would create."""
        return [made for made in self.made if made.custom]


class _Monitor(MockMonitor):
    """The SDK's own, which keeps what it drops: options, parents, registered outputs."""

    mocks: Recorder

    def RegisterResource(self, request: RegisterResourceRequest) -> RegisterResourceResponse:  # noqa: N802 - gRPC's
        self.mocks.requests[request.name] = request
        response: RegisterResourceResponse = super().RegisterResource(request)  # type: ignore[no-untyped-call]
        return response

    def RegisterResourceOutputs(self, request: RegisterResourceOutputsRequest) -> Empty:  # noqa: N802 - gRPC's
        self.mocks.outputs[request.urn.rsplit("::", 1)[-1]] = deserialize_properties(request.outputs)
        return Empty()


def _filled_in(computed: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs with what is computed, inside objects too."""
    merged = dict(computed) | dict(inputs)
    return merged | {
        key: _filled_in(value, merged[key])
        for key, value in computed.items()
        if isinstance(value, dict) and isinstance(merged[key], Mapping) and key in inputs
    }


def _computed(args: MockResourceArgs) -> dict[str, Any]:
    """Return what AWS would fill in: an ARN and the autonames, then the rows of `COMPUTED`."""
    token = args.typ.rsplit(":", 1)[-1]
    if args.typ == "aws:s3/bucket:Bucket":
        physical = args.inputs.get("bucket", args.name)
        return {"bucket": physical, "arn": f"arn:aws:s3:::{physical}", "bucketRegionalDomainName": f"{physical}.s3"}
    physical = args.inputs.get("name", args.name)
    service = args.typ.split(":")[1].split("/")[0] if ":" in args.typ else "none"
    if service == "iam":
        kind = {"Role": "role", "Policy": "policy", "OpenIdConnectProvider": "oidc-provider"}.get(token, token.lower())
        arn = f"arn:aws:iam::{ACCOUNT_ID}:{kind}/{physical}"
    elif token == "LogGroup":
        arn = f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:{physical}"
    else:
        arn = f"arn:aws:{service}:{REGION}:{ACCOUNT_ID}:{token.lower()}/{physical}"
    computed = {"name": physical, "arn": arn} | COMPUTED.get(args.typ, {})
    if args.typ == "aws:ecr/repository:Repository":
        computed["repositoryUrl"] = f"{ACCOUNT_ID}.dkr.ecr.{REGION}.amazonaws.com/{physical}"
    return computed


def run_program(program: Callable[[], Result]) -> Result:
    """Run a program and return its result once every registration has landed, so that a test may assert absence too."""
    results: list[Result] = []

    def collect() -> None:
        results.append(program())

    pulumi.runtime.test(collect)()  # type: ignore[no-untyped-call]  # the SDK leaves this decorator untyped
    return results[0]


@contextmanager
def stand_in(stack: str = "test", *, preview: bool = False) -> Iterator[Recorder]:
    """Put a fresh recorder in the place of the engine, with an event loop that nobody else can queue work on."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    mocks = Recorder(preview=preview)
    monitor = _Monitor(mocks)
    pulumi.runtime.set_mocks(mocks, project="groundwork", stack=stack, preview=preview, monitor=monitor)
    try:
        yield mocks
    finally:
        left = asyncio.all_tasks(loop)  # the mocks register the stack itself, which waits until a program runs
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        pulumi.runtime.reset_options()
        asyncio.set_event_loop(None)
        loop.close()


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    """Run one test against a fresh recorder."""
    with stand_in() as mocks:
        yield mocks
