"""Access entries and access policies of EKS: defaults that ministack 1.5.33 leaves out, and what AWS refuses.

Source: EKS API reference, CreateAccessEntry, AssociateAccessPolicy, ListAccessPolicies; EKS user guide, "Create access
entries" (names that may not be chosen), "Change authentication mode to use access entries".
"""

import re

from twin.aws.corrections.authorisation import require
from twin.aws.corrections.eks_clusters import KIND
from twin.aws.corrections.emulator import Emulator
from twin.aws.corrections.engine import Correction, Exchange
from twin.aws.corrections.resource_names import access_entry_arn
from twin.aws.corrections.wire import AwsError
from twin.kubernetes.access import POLICY_ARN, RULES, default_username

_OPERATIONS = (
    "CreateAccessEntry",
    "DescribeAccessEntry",
    "UpdateAccessEntry",
    "DeleteAccessEntry",
    "ListAccessEntries",
    "AssociateAccessPolicy",
    "DisassociateAccessPolicy",
    "ListAssociatedAccessPolicies",
)
_NODES = {
    "EC2_LINUX": ["system:nodes"],
    "EC2_WINDOWS": ["eks:kube-proxy-windows", "system:nodes"],
    "FARGATE_LINUX": ["system:bootstrappers", "system:node-proxier", "system:nodes"],
}
"""Types whose groups are EKS' own."""
_RESERVED = ("system:", "eks:", "aws:", "amazon:", "iam:")
_PRINCIPAL = re.compile(r"arn:[^:]+:iam::(?P<account>\d{12}):(?P<kind>role|user|root)(?:/(?P<name>.+))?")


def _resource(exchange: Exchange) -> str:
    """What IAM is asked about. Source: service authorization reference, Amazon EKS."""
    cluster, region, account = exchange.parameters["clusterName"], exchange.emulator.region, exchange.emulator.account
    if "principalArn" in exchange.parameters and exchange.operation.name != "CreateAccessEntry":
        return access_entry_arn(exchange.parameters["principalArn"], cluster, region, account)
    return f"arn:aws:eks:{region}:{account}:cluster/{cluster}"


async def _check_mode(exchange: Exchange) -> None:
    known = exchange.shelf(KIND).get(exchange.scope, exchange.parameters["clusterName"])
    if known is not None and known["shown"]["accessConfig"]["authenticationMode"] == "CONFIG_MAP":
        require(exchange, _resource(exchange))
        message = (
            "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this "
            "operation."
        )
        raise AwsError("InvalidRequestException", message)


async def _check_create(exchange: Exchange) -> None:
    asked = exchange.parameters
    kind = asked.get("type", "STANDARD")
    if kind != "STANDARD" and (asked.get("kubernetesGroups") or asked.get("username")):
        message = f"The username and kubernetesGroups of an access entry of type {kind} cannot be set"
        raise AwsError("InvalidParameterException", message)
    await _check_principal(exchange, asked["principalArn"])


async def _check_principal(exchange: Exchange, arn: str) -> None:
    invalid = AwsError("InvalidParameterException", "The specified principalArn is invalid: invalid principal.")
    found = _PRINCIPAL.fullmatch(arn)
    if found is None:
        raise invalid
    if found["kind"] == "root":
        return
    owner = Emulator(exchange.emulator.application, found["account"], exchange.emulator.region)
    name, kind = found["name"].rpartition("/")[2], found["kind"].title()
    try:
        held = await owner.call("iam", f"Get{kind}", **{f"{kind}Name": name})
    except AwsError as error:
        raise invalid from error
    if held[kind]["Arn"] != arn:
        raise invalid


async def _check_names(exchange: Exchange) -> None:
    asked = exchange.parameters
    for group in asked.get("kubernetesGroups", []):
        if group.startswith(_RESERVED):
            message = f"The kubernetes group name {group} is invalid, it cannot start with {_prefix(group)}"
            raise AwsError("InvalidParameterException", message)
    if (name := asked.get("username", "")).startswith(_RESERVED):
        raise AwsError(
            "InvalidParameterException", f"The username {name} is invalid, it cannot start with {_prefix(name)}"
        )


def _prefix(name: str) -> str:
    return next(prefix for prefix in _RESERVED if name.startswith(prefix))


async def _show(exchange: Exchange) -> None:
    entry = exchange.answer["accessEntry"]
    if (groups := _NODES.get(entry["type"])) is not None:
        entry |= {"kubernetesGroups": groups, "username": "system:node:{{EC2PrivateDNSName}}"}
        if entry["type"] == "FARGATE_LINUX":
            entry["username"] = "system:node:{{SessionName}}"
    elif not entry.get("username"):
        entry["username"] = default_username(entry["principalArn"])


async def _check_policy(exchange: Exchange) -> None:
    arn = exchange.parameters["policyArn"]
    if not arn.startswith(POLICY_ARN):
        raise AwsError("InvalidParameterException", "The policyArn parameter format is not valid")
    if arn.removeprefix(POLICY_ARN) not in RULES:
        raise AwsError("ResourceNotFoundException", f"The specified policyArn could not be found: {arn}", 404)


async def _list_policies(exchange: Exchange) -> None:
    exchange.answer = {"accessPolicies": [{"name": name, "arn": POLICY_ARN + name} for name in sorted(RULES)]}


CORRECTIONS = (
    Correction("eks", _OPERATIONS, before=_check_mode),
    Correction("eks", ("CreateAccessEntry",), before=_check_create),
    Correction("eks", ("CreateAccessEntry", "UpdateAccessEntry"), before=_check_names),
    Correction("eks", ("CreateAccessEntry", "DescribeAccessEntry", "UpdateAccessEntry"), after=_show),
    Correction("eks", ("AssociateAccessPolicy",), before=_check_policy),
    Correction("eks", ("ListAccessPolicies",), supply=_list_policies),
)
