"""Where the API server is, as the cluster itself says it: EKS' network interfaces in the cluster's subnets.

Each API server of EKS writes the address of its interface into the EndpointSlice of the Service `kubernetes`. Here it
listens on loopback, which is no endpoint that Kubernetes would accept; so one address of each of two subnets is written
down, and twin/pods/network.py leads there.

Source: EKS user guide, "Amazon EKS networking requirements for VPC and subnets" (2 to 4 interfaces in the subnets).
"""

import ipaddress

from twin.kubernetes.controllers.loop import World

NAMESPACE, NAME = "default", "kubernetes"
_INTERFACES = 2
_API = "discovery.k8s.io/v1"
_MANAGER = "eks"


class ApiEndpoints:
    """See the module."""

    name = "endpoints of the API server"

    def reconcile(self, world: World) -> None:
        """See Controller."""
        if world.api.get(_API, "EndpointSlice", NAME, NAMESPACE) is None and (addresses := _addresses(world)):
            world.api.apply(_slice(addresses), manager=_MANAGER)


def _addresses(world: World) -> list[str]:
    """The last address of each of the first subnets, which EC2 gives to machines last of all."""
    cluster = world.aws.client("eks").describe_cluster(name=world.cluster)["cluster"]
    subnets = sorted(cluster["resourcesVpcConfig"]["subnetIds"])[:_INTERFACES]
    found = world.aws.client("ec2").describe_subnets(SubnetIds=subnets)["Subnets"] if subnets else []
    return sorted(str(ipaddress.ip_network(one["CidrBlock"])[-2]) for one in found)


def _slice(addresses: list[str]) -> dict[str, object]:
    return {
        "apiVersion": _API,
        "kind": "EndpointSlice",
        "metadata": {
            "name": NAME,
            "namespace": NAMESPACE,
            "labels": {"kubernetes.io/service-name": NAME},
        },
        "addressType": "IPv4",
        "ports": [{"name": "https", "port": 443, "protocol": "TCP"}],
        "endpoints": [{"addresses": [address], "conditions": {"ready": True}} for address in addresses],
    }
