"""EC2: the filters of DescribeAddresses and DescribeVpcEndpoints, which ministack 1.5.33 takes and ignores.

Who looks for one address by its tags would get all of them.
Source: Amazon EC2 API reference, DescribeAddresses, DescribeVpcEndpoints, "Filter".
"""

from typing import Any

from twin.aws.corrections.engine import Correction, Exchange
from twin.aws.corrections.wire import AwsError

_LISTS = {"DescribeAddresses": "Addresses", "DescribeVpcEndpoints": "VpcEndpoints"}
_FIELDS = {
    "allocation-id": "AllocationId",
    "domain": "Domain",
    "public-ip": "PublicIp",
    "service-name": "ServiceName",
    "vpc-endpoint-id": "VpcEndpointId",
    "vpc-endpoint-state": "State",
    "vpc-endpoint-type": "VpcEndpointType",
    "vpc-id": "VpcId",
}


async def _filter(exchange: Exchange) -> None:
    name = _LISTS[exchange.operation.name]
    for chosen in exchange.parameters.get("Filters", []):
        exchange.answer[name] = [
            item for item in exchange.answer.get(name, []) if _value(item, chosen["Name"]) in chosen["Values"]
        ]


def _value(item: dict[str, Any], name: str) -> Any:
    """What a filter compares. Raises AwsError for one that is not known here, rather than ignore it."""
    if name.startswith("tag:"):
        return next((tag["Value"] for tag in item.get("Tags", []) if tag["Key"] == name.removeprefix("tag:")), None)
    if name not in _FIELDS:
        raise AwsError("InvalidParameterValue", f"The filter '{name}' is invalid")
    return item.get(_FIELDS[name])


CORRECTIONS = (Correction("ec2", tuple(_LISTS), after=_filter),)
