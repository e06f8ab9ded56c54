"""The provider's functions (`aws.get_caller_identity()` and the like): a table too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from twin.providers.aws.errors import ProviderError

if TYPE_CHECKING:
    from twin.providers.aws.clients import Clients
    from twin.providers.aws.context import Account


@dataclass(frozen=True)
class Function:
    """A function of the official provider."""

    arguments: frozenset[str]
    answer: Callable[[Clients, Account, dict[str, Any]], dict[str, Any]]


def _caller_identity(clients: Clients, _account: Account, _arguments: dict[str, Any]) -> dict[str, Any]:
    caller = clients.call("sts", "get_caller_identity", {})
    return {"id": caller["Account"], "accountId": caller["Account"], "arn": caller["Arn"], "userId": caller["UserId"]}


def _partition(_clients: Clients, account: Account, _arguments: dict[str, Any]) -> dict[str, Any]:
    suffix = _dns_suffix(account.partition)
    reverse = ".".join(reversed(suffix.split(".")))
    return {"id": account.partition, "partition": account.partition, "dnsSuffix": suffix, "reverseDnsPrefix": reverse}


def _dns_suffix(partition: str) -> str:
    import botocore.session

    loader = botocore.session.get_session().get_component("data_loader")
    partitions = loader.load_data("partitions")["partitions"]
    suffix: str = next(entry["outputs"]["dnsSuffix"] for entry in partitions if entry["id"] == partition)
    return suffix


def _region(_clients: Clients, account: Account, arguments: dict[str, Any]) -> dict[str, Any]:
    import botocore.session

    name = arguments.get("region") or arguments.get("name") or account.region
    data = botocore.session.get_session().get_component("data_loader").load_data("endpoints")
    regions = {key: about for entry in data["partitions"] for key, about in entry["regions"].items()}
    if name not in regions:
        raise ProviderError(f"there is no AWS region {name!r}; there are {', '.join(sorted(regions))}")
    endpoint = f"ec2.{name}.{_dns_suffix(account.partition)}"
    return {"id": name, "region": name, "name": name, "description": regions[name]["description"], "endpoint": endpoint}


def _availability_zones(clients: Clients, account: Account, arguments: dict[str, Any]) -> dict[str, Any]:
    region = arguments.get("region") or account.region
    excluded_names, excluded_ids = arguments.get("excludeNames") or (), arguments.get("excludeZoneIds") or ()
    params: dict[str, Any] = {}
    filters = [{"Name": entry["name"], "Values": entry["values"]} for entry in arguments.get("filters") or ()]
    if state := arguments.get("state"):
        filters.append({"Name": "state", "Values": [state]})
    if filters:
        params["Filters"] = filters
    if arguments.get("allAvailabilityZones"):
        params["AllAvailabilityZones"] = True
    zones = clients.call("ec2", "describe_availability_zones", params, region)["AvailabilityZones"]
    zones = sorted(
        (zone for zone in zones if zone["ZoneName"] not in excluded_names and zone["ZoneId"] not in excluded_ids),
        key=lambda zone: zone["ZoneName"],
    )
    return {
        **arguments,
        "id": region,
        "region": region,
        "names": [zone["ZoneName"] for zone in zones],
        "zoneIds": [zone["ZoneId"] for zone in zones],
        "groupNames": sorted({zone["GroupName"] for zone in zones if zone.get("GroupName")}),
    }


FUNCTIONS = {
    "aws:index/getCallerIdentity:getCallerIdentity": Function(frozenset({"id"}), _caller_identity),
    "aws:index/getPartition:getPartition": Function(frozenset({"id"}), _partition),
    "aws:index/getRegion:getRegion": Function(frozenset({"id", "name", "region"}), _region),
    "aws:index/getAvailabilityZones:getAvailabilityZones": Function(
        frozenset({"allAvailabilityZones", "excludeNames", "excludeZoneIds", "filters", "id", "region", "state"}),
        _availability_zones,
    ),
}


def invoke(token: str, clients: Clients, account: Account, arguments: dict[str, Any]) -> dict[str, Any]:
    """Answer a function.

    Raises:
        ProviderError: the function or an argument is not modelled, or AWS refused it.
    """
    function = FUNCTIONS.get(token)
    if function is None:
        raise ProviderError(
            f"the twin's AWS provider does not model the function {token}; it models {', '.join(FUNCTIONS)}. "
            "To add it: twin/providers/aws/functions.py"
        )
    arguments = {name: value for name, value in arguments.items() if value is not None}
    if unknown := sorted(arguments.keys() - function.arguments):
        raise ProviderError(
            f"{token} does not take {', '.join(unknown)}; it takes {', '.join(sorted(function.arguments))}"
        )
    return function.answer(clients, account, arguments)
