"""NET-05 to NET-08: clusters, nodes, endpoints and stores in a VPC."""

from dataclasses import replace
from typing import Any

from tests.policies.harness import UNKNOWN, R
from tests.policies.spec import Case, Spec, depending, edit, of_type, swap

PRIVATE = "vpcConfig.publicAccessCidrs"
TO_NOWHERE = "routes that lead elsewhere than to the internet are no matter"
CLUSTER = of_type("eks/cluster:Cluster", vpcConfig={"endpointPrivateAccess": True, "endpointPublicAccess": False})
LISTED = of_type(
    "eks/cluster:Cluster",
    vpcConfig={"endpointPrivateAccess": True, "endpointPublicAccess": True, "publicAccessCidrs": ["203.0.113.0/24"]},
)

VPC = R("aws:ec2/vpc:Vpc", {}, "vpc", outputs={"id": "vpc-1", "defaultRouteTableId": "rtb-main"})
SUBNET = R("aws:ec2/subnet:Subnet", {"vpcId": "vpc-1"}, "subnet", outputs={"id": "subnet-1"})
GATEWAY = R("aws:ec2/internetGateway:InternetGateway", {"vpcId": "vpc-1"}, "gateway", outputs={"id": "igw-1"})
TABLE = R("aws:ec2/routeTable:RouteTable", {"vpcId": "vpc-1"}, "table", outputs={"id": "rtb-1"})
MAIN = R(
    "aws:ec2/defaultRouteTable:DefaultRouteTable",
    {"defaultRouteTableId": "rtb-main"},
    "main",
    outputs={"id": "rtb-main"},
)
ASSOCIATION = R(
    "aws:ec2/routeTableAssociation:RouteTableAssociation",
    {"subnetId": "subnet-1", "routeTableId": "rtb-1"},
    "association",
)
MAIN_ASSOCIATION = R(
    "aws:ec2/mainRouteTableAssociation:MainRouteTableAssociation",
    {"vpcId": "vpc-1", "routeTableId": "rtb-1"},
    "main-association",
)
OUT = R(
    "aws:ec2/route:Route",
    {"routeTableId": "rtb-1", "destinationCidrBlock": "0.0.0.0/0", "gatewayId": "igw-1"},
    "out",
)
TO_NAT = R(
    "aws:ec2/route:Route",
    {"routeTableId": "rtb-1", "destinationCidrBlock": "0.0.0.0/0", "natGatewayId": "nat-1"},
    "to-nat",
)
NODES = R("aws:eks/nodeGroup:NodeGroup", {"subnetIds": ["subnet-1"]}, "nodes")
NETWORK = (SUBNET, VPC, TABLE, ASSOCIATION)
INLINE = {"cidrBlock": "0.0.0.0/0", "gatewayId": "igw-1"}
PUBLIC_ADDRESSES = edit("mapPublicIpOnLaunch", True)(SUBNET)


def route(**changes: Any) -> R:
    return OUT.with_props({**OUT.props, **changes})


def remote(**access: Any) -> R:
    return NODES.with_props({**NODES.props, "remoteAccess": access})


SERVICES = ("s3", "ecr.api", "ecr.dkr", "sts", "logs", "kms", "secretsmanager")
HOSTED = R("aws:eks/cluster:Cluster", {"vpcConfig": {"subnetIds": ["subnet-1"]}}, "cluster")
NOTEBOOK = R("aws:sagemaker/notebookInstance:NotebookInstance", {"subnetId": "subnet-1"}, "notebook")


def endpoint(service: str, **changes: Any) -> R:
    props = {"vpcId": "vpc-1", "serviceName": f"com.amazonaws.eu-west-1.{service}", **changes}
    return R("aws:ec2/vpcEndpoint:VpcEndpoint", props, service)


ENDPOINTS = tuple(endpoint(service) for service in SERVICES)
ML = (*ENDPOINTS, VPC, SUBNET, HOSTED)

DOMAIN = of_type("opensearch/domain:Domain", vpcOptions={"subnetIds": ["subnet-1"]})
DATABASE = R("aws:rds/instance:Instance", {"dbSubnetGroupName": "private"}, "db")
DATABASE_SUBNETS = R("aws:rds/subnetGroup:SubnetGroup", {"subnetIds": ["subnet-1"]}, "subnets")
CACHE = R("aws:elasticache/replicationGroup:ReplicationGroup", {"subnetGroupName": "private"}, "cache")
CACHE_SUBNETS = replace(DATABASE_SUBNETS, type="aws:elasticache/subnetGroup:SubnetGroup")

SPECS: dict[str, Spec] = {
    "NET-05": Spec(
        good=(CLUSTER,),
        leaf="vpcConfig.endpointPublicAccess",
        bad=True,
        extra=(
            Case("not from the VPC", (edit("vpcConfig.endpointPrivateAccess", False)(CLUSTER),), "deny"),
            Case("listed ranges", (LISTED,), "pass"),
            Case("listed ranges, switched on by default", (edit("vpcConfig.endpointPublicAccess")(LISTED),), "pass"),
            Case("the world among the ranges", (edit(PRIVATE, ["10.0.0.0/8", "0.0.0.0/0"])(LISTED),), "deny"),
            Case("the world in two halves", (edit(PRIVATE, ["0.0.0.0/1", "128.0.0.0/1"])(LISTED),), "deny"),
            Case("the world of IPv6", (edit(PRIVATE, ["::/0"])(LISTED),), "deny"),
            Case("no ranges", (edit(PRIVATE, [])(LISTED),), "deny"),
            Case("no range", (edit(PRIVATE, ["everyone"])(LISTED),), "deny"),
            Case("ranges unknown", (edit(PRIVATE, UNKNOWN)(LISTED),), "unknown"),
            Case("a range unknown", (edit(PRIVATE, ["10.0.0.0/8", UNKNOWN])(LISTED),), "unknown"),
            Case("a range unknown beside the world", (edit(PRIVATE, ["0.0.0.0/0", UNKNOWN])(LISTED),), "deny"),
            Case("perhaps public, ranges listed", (edit("vpcConfig.endpointPublicAccess", UNKNOWN)(LISTED),), "pass"),
            Case("as text", (edit("vpcConfig.endpointPublicAccess", "false")(CLUSTER),), "deny"),
        ),
    ),
    "NET-06": Spec(
        good=(NODES, *NETWORK, TO_NAT, GATEWAY),
        leaf="subnetIds[0]",
        bad="",
        flips={"subnetIds[0]": "subnet-2"},
        equivalent={
            f"{mutation} {path}": TO_NOWHERE
            for mutation in ("delete", "flip", "unknown")
            for path in ("vpcId", "subnetId", "routeTableId", "destinationCidrBlock", "natGatewayId")
            if (mutation, path) not in {("flip", "routeTableId"), ("unknown", "routeTableId")}
        }
        | {f"{mutation} routeTableId of to-nat": TO_NOWHERE for mutation in ("flip", "unknown")},
        survives={"flip routeTableId of association": "the routes of a table of another stack cannot be seen"},
        extra=(
            Case("a subnet of another stack", (NODES,), "deny"),
            Case("no subnets", (edit("subnetIds", [])(NODES), *NETWORK), "deny"),
            Case(
                "joined by dependency",
                (depending(subnetIds=SUBNET)(edit("subnetIds[0]", UNKNOWN)(NODES)), *NETWORK),
                "pass",
            ),
            Case(
                "subnets unknown, of private ones",
                (depending(subnetIds=SUBNET)(edit("subnetIds", UNKNOWN)(NODES)), *NETWORK),
                "pass",
            ),
            Case(
                "one of two unknown subnets, a public one among them",
                (
                    replace(
                        edit("subnetIds[0]", UNKNOWN)(NODES),
                        depends={
                            "subnetIds": (SUBNET, replace(PUBLIC_ADDRESSES, name="public", outputs={"id": "subnet-2"}))
                        },
                    ),
                    *NETWORK,
                ),
                "unknown",
            ),
            Case("public addresses", (NODES, PUBLIC_ADDRESSES), "deny"),
            Case("perhaps public addresses", (NODES, edit("mapPublicIpOnLaunch", UNKNOWN)(SUBNET)), "unknown"),
            Case("a route to the internet", (NODES, *NETWORK, OUT, GATEWAY), "deny"),
            Case(
                "through a route table unknown",
                (NODES, *swap(NETWORK, NETWORK.index(ASSOCIATION), edit("routeTableId", UNKNOWN))),
                "unknown",
            ),
            Case(
                "a route to the internet, IPv6",
                (NODES, *NETWORK, route(destinationCidrBlock=None, destinationIpv6CidrBlock="::/0"), GATEWAY),
                "deny",
            ),
            Case("a route to a gateway of another stack", (NODES, *NETWORK, route(gatewayId="igw-9")), "deny"),
            Case("a route to a VPN", (NODES, *NETWORK, route(gatewayId="vgw-1"), GATEWAY), "pass"),
            Case(
                "a route to a part of the internet",
                (NODES, *NETWORK, route(destinationCidrBlock="203.0.113.0/24"), GATEWAY),
                "pass",
            ),
            Case("a route somewhere", (NODES, *NETWORK, route(gatewayId=UNKNOWN)), "unknown"),
            Case("a route of something", (NODES, *NETWORK, route(destinationCidrBlock=UNKNOWN), GATEWAY), "unknown"),
            Case(
                "a route to the internet, by dependency",
                (NODES, *NETWORK, depending(gatewayId=GATEWAY)(route(gatewayId=UNKNOWN))),
                "deny",
            ),
            Case("a route of another table", (NODES, *NETWORK, route(routeTableId="rtb-2"), GATEWAY), "pass"),
            Case("a route of a table unknown", (NODES, *NETWORK, route(routeTableId=UNKNOWN), GATEWAY), "unknown"),
            Case(
                "a route inline",
                swap((NODES, SUBNET, VPC, TABLE, ASSOCIATION, GATEWAY), 3, edit("routes", [INLINE])),
                "deny",
            ),
            Case(
                "routes unknown", swap((NODES, SUBNET, VPC, TABLE, ASSOCIATION), 3, edit("routes", UNKNOWN)), "unknown"
            ),
            Case(
                "perhaps the table of the subnet",
                swap((NODES, SUBNET, VPC, TABLE, ASSOCIATION, OUT, GATEWAY), 4, edit("subnetId", UNKNOWN)),
                "unknown",
            ),
            Case("the main table of the VPC", (NODES, SUBNET, VPC, edit("routes", [INLINE])(MAIN), GATEWAY), "deny"),
            Case(
                "the main table of the VPC, by dependency",
                (
                    NODES,
                    SUBNET,
                    VPC,
                    depending(defaultRouteTableId=VPC)(
                        MAIN.with_props({"defaultRouteTableId": UNKNOWN, "routes": [INLINE]})
                    ),
                    GATEWAY,
                ),
                "deny",
            ),
            Case(
                "another table made the main one", (NODES, SUBNET, VPC, TABLE, MAIN_ASSOCIATION, OUT, GATEWAY), "deny"
            ),
            Case(
                "a table of its own beside the main one",
                (NODES, *NETWORK, edit("routes", [INLINE])(MAIN), GATEWAY),
                "pass",
            ),
            Case("a shell for everybody", (remote(ec2SshKey="key"), *NETWORK), "deny"),
            Case("a shell for some", (remote(ec2SshKey="key", sourceSecurityGroupIds=["sg-1"]), *NETWORK), "pass"),
            Case("a shell for nobody", (remote(ec2SshKey="key", sourceSecurityGroupIds=[""]), *NETWORK), "deny"),
            Case(
                "a shell for some unknown",
                (remote(ec2SshKey="key", sourceSecurityGroupIds=[UNKNOWN]), *NETWORK),
                "unknown",
            ),
            Case(
                "a shell for a group of this stack",
                (
                    depending(remoteAccess=of_type("ec2/securityGroup:SecurityGroup"))(
                        remote(ec2SshKey="key", sourceSecurityGroupIds=[UNKNOWN])
                    ),
                    *NETWORK,
                ),
                "pass",
            ),
            Case("a shell unknown", (edit("remoteAccess", UNKNOWN)(NODES), *NETWORK), "unknown"),
            Case("no shell", (edit("remoteAccess", {})(NODES), *NETWORK), "pass"),
        ),
    ),
    "NET-07": Spec(
        good=ML,
        leaf="serviceName",
        bad="com.amazonaws.eu-west-1.ec2",
        flips={"serviceName": "com.amazonaws.eu-west-1.ec2"},
        survives={
            **{f"{m} vpcConfig.subnetIds[0]": "then nothing runs in this VPC" for m in ("delete", "flip")},
            **{f"{m} vpcId of subnet": "then nothing runs in this VPC" for m in ("delete", "flip")},
        },
        equivalent={
            "unknown vpcConfig.subnetIds[0]": "the VPC has what it needs, whatever runs in it",
            "unknown vpcId of subnet": "the VPC has what it needs, whatever runs in it",
        },
        extra=(
            Case("nothing runs there", (VPC, SUBNET), "pass"),
            Case("no endpoint", (VPC, SUBNET, HOSTED), "deny"),
            Case("nodes only", (VPC, SUBNET, NODES), "deny"),
            Case("a notebook", (*ML, NOTEBOOK), "deny"),
            Case(
                "a notebook with endpoints",
                (*ML, NOTEBOOK, endpoint("sagemaker.api"), endpoint("sagemaker.runtime")),
                "pass",
            ),
            Case("a VPC of another stack", (HOSTED,), "pass"),
            Case("an endpoint of another VPC", (endpoint("s3", vpcId="vpc-2"), *ML[1:]), "deny"),
            Case("an endpoint of a VPC unknown", (endpoint("s3", vpcId=UNKNOWN), *ML[1:]), "unknown"),
            Case("an endpoint by dependency", (depending(vpcId=VPC)(endpoint("s3", vpcId=UNKNOWN)), *ML[1:]), "pass"),
            Case("FIPS", tuple(endpoint("kms-fips") if item.name == "kms" else item for item in ML), "pass"),
            Case("subnets unknown", (VPC, SUBNET, edit("vpcConfig.subnetIds", UNKNOWN)(HOSTED)), "unknown"),
            Case("the VPC of its subnets unknown", (VPC, edit("vpcId", UNKNOWN)(SUBNET), HOSTED), "unknown"),
            Case(
                "subnets by dependency",
                (VPC, SUBNET, depending(vpcConfig=SUBNET)(edit("vpcConfig.subnetIds[0]", UNKNOWN)(HOSTED))),
                "deny",
            ),
        ),
    ),
    "NET-08": Spec(
        good=(DATABASE_SUBNETS, DATABASE, CACHE, DOMAIN, SUBNET),
        leaf="subnetIds[0]",
        bad="",
        flips={"subnetIds[0]": "subnet-2", "dbSubnetGroupName": "default", "subnetGroupName": "default"},
        equivalent={
            "flip vpcOptions.subnetIds[0]": "it is in a VPC",
            **{f"{m} vpcId": "no route of a VPC is in this stack" for m in ("delete", "flip", "unknown")},
        },
        twins={"aws:opensearch/domain:Domain": "aws:elasticsearch/domain:Domain"},
        extra=(
            Case("public subnets", (DATABASE_SUBNETS, PUBLIC_ADDRESSES), "deny"),
            Case("public subnets of caches", (CACHE_SUBNETS, PUBLIC_ADDRESSES), "deny"),
            Case("subnets with a route to the internet", (DATABASE_SUBNETS, *NETWORK, OUT, GATEWAY), "deny"),
            Case("a group in the default subnets", (edit("dbSubnetGroupName")(DATABASE),), "deny"),
            Case(
                "a group of this stack, not known yet",
                (depending(dbSubnetGroupName=DATABASE_SUBNETS)(edit("dbSubnetGroupName", UNKNOWN)(DATABASE)), SUBNET),
                "pass",
            ),
            Case("a replica", (R("aws:rds/instance:Instance", {"replicateSourceDb": "db"}),), "pass"),
            Case("perhaps a replica", (R("aws:rds/instance:Instance", {"replicateSourceDb": UNKNOWN}),), "unknown"),
            Case("a cluster in the default subnets", (of_type("rds/cluster:Cluster"),), "deny"),
            Case("a cache in the default subnets", (edit("subnetGroupName")(CACHE),), "deny"),
            Case("a search domain on the internet", (of_type("opensearch/domain:Domain"),), "deny"),
            Case("a search domain in no subnet", (edit("vpcOptions.subnetIds", [])(DOMAIN),), "deny"),
            Case("a search domain somewhere", (edit("vpcOptions", UNKNOWN)(DOMAIN),), "unknown"),
            Case(
                "a search domain in a subnet of this stack",
                (depending(vpcOptions=SUBNET)(edit("vpcOptions.subnetIds[0]", UNKNOWN)(DOMAIN)),),
                "pass",
            ),
        ),
    ),
}
