"""The plugin `pulumi-resource-aws`: `python -m twin.providers.aws ENGINE_ADDRESS` prints its port and serves."""

from functools import partial

from twin.providers.serve import serve, without_the_sdk

without_the_sdk()

from pulumi.runtime.proto import provider_pb2_grpc  # noqa: E402 - the line above makes it quick

from twin.providers.aws.servicer import AwsProvider  # noqa: E402


def main() -> None:
    """Serve the AWS provider."""
    provider = AwsProvider()
    serve(partial(provider_pb2_grpc.add_ResourceProviderServicer_to_server, provider), provider.stop)


if __name__ == "__main__":
    main()
