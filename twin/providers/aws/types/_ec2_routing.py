"""EC2: route tables, their routes, and which subnet uses which table.

Routes have no ids: the official provider makes up `r-<table><checksum of the destination>`. For an import it takes
`<table>_<destination>`, and `<subnet>/<table>` for an association. Both forms are read here.
Source: Amazon EC2 API reference; terraform-provider-aws, internal/service/ec2, `routeCreateID`.
"""

import zlib
from typing import Any

from twin.providers.aws.context import Context
from twin.providers.aws.schema import REGION, Call, Facet, Property, ResourceType
from twin.providers.aws.types._ec2_common import (
    IPV4_ALONE,
    NO_INSTANCES,
    TAG_FACET,
    TAGGED,
    arn,
    found_by,
    once_unused,
    tag_specification,
)

_GONE = ("InvalidRouteTableID.NotFound",)

# --- Route table

_OWN_ROUTES = "each route is a resource of its own, aws.ec2.Route; routes given here would exclude those"
_NO_VPN = "the twin has no VPN gateways"

ROUTE_TABLE = ResourceType(
    "aws:ec2/routeTable:RouteTable",
    "ec2",
    id="=RouteTable.RouteTableId",
    properties={
        "arn": arn("route-table"),
        "ownerId": Property(output=True),
        "vpcId": Property(required=True, replaces=True),
        "region": REGION,
        **TAGGED,
    },
    create=Call("create_route_table", {"TagSpecifications": tag_specification("route-table")}),
    read=Call("describe_route_tables", {"RouteTableIds": ["{id}"]}, result="RouteTables[0]", missing=_GONE),
    facets=(TAG_FACET,),
    delete=once_unused(Call("delete_route_table", {"RouteTableId": "{id}"}, missing=_GONE)),
    find=found_by("describe_route_tables", "RouteTables[].RouteTableId", {"vpc-id": "{vpcId}"}),
    refused={"routes": _OWN_ROUTES, "propagatingVgws": _NO_VPN},
    absent={"routes": _OWN_ROUTES, "propagatingVgws": _NO_VPN},
    delete_minutes=5,
)

# --- Route

_DESTINATIONS = ("destinationCidrBlock", "destinationPrefixListId")
_TARGETS = ("gatewayId", "natGatewayId", "vpcPeeringConnectionId")
_ROUTE = {
    "RouteTableId": "{routeTableId}",
    "DestinationCidrBlock": "{destinationCidrBlock}",
    "DestinationPrefixListId": "{destinationPrefixListId}",
}


def _route_id(table_id: str, destination: str) -> str:
    return f"r-{table_id}{zlib.crc32(destination.encode())}"


def _destination(route: dict[str, Any]) -> str:
    """Where a route leads; names are the API's or Pulumi's."""
    names = (*_DESTINATIONS, "DestinationCidrBlock", "DestinationPrefixListId")
    return next((route[name] for name in names if route.get(name)), "")


def _create_route(ctx: Context) -> str:
    call = Call("create_route", {"RouteTableId": "{routeTableId}"})
    params = ctx.request(call, (*_DESTINATIONS, *_TARGETS))
    ctx.clients.call_creating("ec2", "create_route", params, ctx.region, lambda: _find_route(ctx))
    return _route_id(ctx.inputs["routeTableId"], _destination(ctx.inputs))


def _find_route(ctx: Context) -> str | None:
    """A table has one route to a destination."""
    wanted = _destination(ctx.inputs)
    for table in _tables(ctx, ctx.inputs["routeTableId"]):
        if any(_destination(route) == wanted for route in table.get("Routes", ())):
            return _route_id(ctx.inputs["routeTableId"], wanted)
    return None


def _tables(ctx: Context, table_id: str | None) -> list[dict[str, Any]]:
    """The route table, if it is there; without an id all of them."""
    params = {"RouteTableIds": [table_id]} if table_id else {}
    return ctx.run(Call("describe_route_tables", params, result="RouteTables", missing=_GONE)) or []


def _read_route(ctx: Context) -> dict[str, Any] | None:
    """The route that the id names, in either form; afterwards `ctx.id` is in the official provider's own."""
    table_id, underscore, destination = ctx.id.partition("_")
    if not underscore:
        table_id, destination = ctx.value("routeTableId"), _destination({**ctx.old, **ctx.inputs})
    for table in _tables(ctx, table_id):
        for route in table.get("Routes", ()):
            leads_to = _destination(route)
            made_up = _route_id(table["RouteTableId"], leads_to)
            if made_up == ctx.id or (table["RouteTableId"] == table_id and leads_to == destination):
                ctx.id = made_up
                return {**route, "RouteTableId": table["RouteTableId"]}
    return None


_OTHER_TARGET = "the twin routes to internet gateways, NAT gateways and VPC peerings alone"
_ROUTE_REFUSED = {
    "carrierGatewayId": _OTHER_TARGET,
    "coreNetworkArn": _OTHER_TARGET,
    "destinationIpv6CidrBlock": IPV4_ALONE,
    "egressOnlyGatewayId": IPV4_ALONE,
    "localGatewayId": _OTHER_TARGET,
    "networkInterfaceId": NO_INSTANCES,
    "odbNetworkArn": _OTHER_TARGET,
    "transitGatewayId": _OTHER_TARGET,
    "vpcEndpointId": _OTHER_TARGET,
}

ROUTE = ResourceType(
    "aws:ec2/route:Route",
    "ec2",
    id="=made by create",
    properties={
        "routeTableId": Property(required=True, replaces=True),
        "destinationCidrBlock": Property(replaces=True),
        "destinationPrefixListId": Property(replaces=True),
        "gatewayId": Property(),
        "natGatewayId": Property(),
        "vpcPeeringConnectionId": Property(),
        "origin": Property(output=True),
        "state": Property(output=True),
        "region": REGION,
    },
    create=_create_route,
    read=_read_route,
    facets=(Facet(properties=_TARGETS, put=Call("replace_route", _ROUTE), created=True),),
    delete=Call("delete_route", _ROUTE, missing=(*_GONE, "InvalidRoute.NotFound")),
    find=_find_route,
    refused=_ROUTE_REFUSED,
    absent={**_ROUTE_REFUSED, "instanceId": NO_INSTANCES, "instanceOwnerId": NO_INSTANCES},
    create_minutes=5,
    delete_minutes=5,
)

# --- Association of a subnet with a route table


def _association(ctx: Context) -> dict[str, Any] | None:
    """The subnet's association, found by the subnet: moving it to another table gives it another id, which an update
    cannot tell the engine.
    """
    subnet_id, imported, table_id = ctx.id.partition("/")
    if not imported:
        subnet_id, table_id = ctx.value("subnetId"), ""
    by_subnet = {"Name": "association.subnet-id", "Values": [subnet_id]}
    by_id = {"Name": "association.route-table-association-id", "Values": [ctx.id]}
    chosen = [by_subnet if subnet_id else by_id]
    for table in ctx.run(Call("describe_route_tables", {"Filters": chosen}, result="RouteTables")):
        for association in table.get("Associations", ()):
            known = (association.get("SubnetId"), association["RouteTableAssociationId"])
            if (subnet_id or ctx.id) in known and table_id in ("", table["RouteTableId"]):
                if imported:
                    ctx.id = association["RouteTableAssociationId"]
                return {**association, "RouteTableId": table["RouteTableId"]}
    return None


def _move(ctx: Context) -> None:
    association = _association(ctx) or {}
    known = {"AssociationId": association.get("RouteTableAssociationId", ctx.id)}
    ctx.call("replace_route_table_association", **known, RouteTableId=ctx.inputs["routeTableId"])


def _disassociate(ctx: Context) -> None:
    if association := _association(ctx):
        known = {"AssociationId": association["RouteTableAssociationId"]}
        ctx.run(Call("disassociate_route_table", known, missing=("InvalidAssociationID.NotFound",)))


def _find_association(ctx: Context) -> str | None:
    wanted = f"{ctx.inputs['subnetId']}/{ctx.inputs['routeTableId']}"
    kept, ctx.id = ctx.id, wanted
    try:
        return ctx.id if _association(ctx) is not None else None
    finally:
        ctx.id = kept


_NO_EDGE = "the twin associates subnets alone"

ROUTE_TABLE_ASSOCIATION = ResourceType(
    "aws:ec2/routeTableAssociation:RouteTableAssociation",
    "ec2",
    id="=AssociationId",
    properties={
        "routeTableId": Property(required=True),
        "subnetId": Property(replaces=True),
        "region": REGION,
    },
    create=Call("associate_route_table"),
    read=_association,
    facets=(Facet(properties=("routeTableId",), put=_move, created=True),),
    delete=_disassociate,
    find=_find_association,
    refused={"gatewayId": _NO_EDGE},
    absent={"gatewayId": _NO_EDGE},
    create_minutes=5,
    delete_minutes=5,
)

TYPES = (ROUTE_TABLE, ROUTE, ROUTE_TABLE_ASSOCIATION)
