"""The plugin `pulumi-resource-kubernetes`: `python -m twin.providers.kubernetes ENGINE_ADDRESS` serves at a port."""

import sys
from functools import partial

from twin.providers.serve import serve, without_the_sdk

without_the_sdk()

from pulumi.runtime.proto import provider_pb2_grpc  # noqa: E402 - the line above makes it quick

from twin.providers.kubernetes.messages import Messages  # noqa: E402
from twin.providers.kubernetes.servicer import KubernetesProvider  # noqa: E402


def main() -> None:
    """Serve the Kubernetes provider; what it has to say on the way goes to the engine at the address given."""
    provider = KubernetesProvider(Messages(sys.argv[1] if len(sys.argv) > 1 else ""))
    serve(partial(provider_pb2_grpc.add_ResourceProviderServicer_to_server, provider), provider.stop)


if __name__ == "__main__":
    main()
