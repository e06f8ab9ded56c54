"""OpenSearch Service: domains.

A domain's id is its ARN; it is imported by its name, as with the official provider. All that differs goes into one
UpdateDomainConfig: AWS makes one change at a time, and each may take an hour. Who the master is, no answer tells.

Source: Amazon OpenSearch Service API reference, CreateDomain, DescribeDomain, UpdateDomainConfig, UpgradeDomain; the
official provider's documentation for defaults and for what forces a new resource.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from typing_extensions import override

from twin.providers.aws.context import Context
from twin.providers.aws.kinds import BOOLEAN, INTEGER, JSON, STRING, Alike, Block, Difference, ListOf, MapOf
from twin.providers.aws.schema import REGION, TAGS, Autoname, Call, Facet, Property, ResourceType, States
from twin.providers.aws.tags import tag_facet
from twin.providers.aws.types._eks_common import Lasting, differs
from twin.providers.wire import UNKNOWN

_GONE = ("ResourceNotFoundException",)
_NAME = {"DomainName": "{domainName}"}
_OWN_OPTIONS = {
    "indices.query.bool.max_clause_count": "1024",
    "override_main_response_version": "false",
    "rest.action.multi.allow_explicit_index": "true",
}
"""Advanced options that AWS adds: no difference to a program that does not name them."""
_STRINGS = ListOf(STRING, ordered=False)


@dataclass(frozen=True)
class OnceOn(Block):
    """What can be turned on in place, and off only with another domain."""

    @override
    def differences(self, old: Any, new: Any, path: str) -> Iterator[Difference]:
        """Where the two differ; turning it on is told at the block itself, which forces nothing."""
        if isinstance(new, dict) and new.get("enabled") and old is not UNKNOWN and not (old or {}).get("enabled"):
            yield path, "UPDATE" if old else "ADD"
        else:
            yield from super().differences(old, new, path)


@dataclass(frozen=True)
class Published(ListOf):
    """Log types and the groups that they go to: a map in the API, a set in the program."""

    @override
    def to_api(self, value: Any, shape: Any) -> Any:
        return {
            one["logType"]: {
                "CloudWatchLogsLogGroupArn": one["cloudwatchLogGroupArn"],
                "Enabled": one.get("enabled") is not False,
            }
            for one in value
        }

    @override
    def from_api(self, value: Any) -> Any:
        return [
            {
                "logType": kind,
                "cloudwatchLogGroupArn": one["CloudWatchLogsLogGroupArn"],
                "enabled": one.get("Enabled", True),
            }
            for kind, one in sorted((value or {}).items())
        ]


def _switch(**more: Property) -> Block:
    return Block({"enabled": Property(kind=BOOLEAN), **more})


_ON = Property(kind=BOOLEAN, required=True, replaces=True)
_KEY = Alike(lambda key: key.rpartition("/")[2])
_SECURITY = OnceOn(
    {
        "anonymousAuthEnabled": Property(kind=BOOLEAN, computed=True),
        "enabled": _ON,
        "internalUserDatabaseEnabled": Property(kind=BOOLEAN, default=False),
        "masterUserOptions": Property(kind=Block({"masterUserArn": Property()})),
    }
)
_TUNING = Block({"desiredState": Property(required=True), "useOffPeakWindow": Property(kind=BOOLEAN, computed=True)})
_CLUSTER = Block(
    {
        "coldStorageOptions": Property(kind=_switch(), computed=True),
        "dedicatedMasterCount": Property(kind=INTEGER),
        "dedicatedMasterEnabled": Property(kind=BOOLEAN, default=False),
        "dedicatedMasterType": Property(),
        "instanceCount": Property(kind=INTEGER, default=1),
        "instanceType": Property(default="m3.medium.search"),
        "multiAzWithStandbyEnabled": Property(kind=BOOLEAN),
        "warmCount": Property(kind=INTEGER),
        "warmEnabled": Property(kind=BOOLEAN),
        "warmType": Property(),
        "zoneAwarenessConfig": Property(
            kind=Block({"availabilityZoneCount": Property(kind=INTEGER, default=2)}), computed=True
        ),
        "zoneAwarenessEnabled": Property(kind=BOOLEAN),
    }
)
_ENDPOINT = Block(
    {
        "customEndpoint": Property(),
        "customEndpointCertificateArn": Property(),
        "customEndpointEnabled": Property(kind=BOOLEAN, default=False),
        "enforceHttps": Property(kind=BOOLEAN, default=True),
        "tlsSecurityPolicy": Property(computed=True),
    }
)
_VOLUMES = Block(
    {
        "ebsEnabled": Property(kind=BOOLEAN, required=True),
        "iops": Property(kind=INTEGER, computed=True),
        "throughput": Property(kind=INTEGER, computed=True),
        "volumeSize": Property(kind=INTEGER),
        "volumeType": Property(computed=True),
    }
)
_ENCRYPTION = OnceOn({"enabled": _ON, "kmsKeyId": Property(kind=_KEY, computed=True, replaces=True)})
_LOGS = Published(
    Block(
        {
            "cloudwatchLogGroupArn": Property(required=True),
            "enabled": Property(kind=BOOLEAN, default=True),
            "logType": Property(required=True),
        }
    ),
    ordered=False,
)
_WHOLE = Property(kind=INTEGER, computed=True)
_START = Property(kind=Block({"hours": _WHOLE, "minutes": _WHOLE}), computed=True)
_WINDOW = Block(
    {
        "enabled": Property(kind=BOOLEAN, default=True),
        "offPeakWindow": Property(kind=Block({"windowStartTime": _START}), computed=True),
    }
)
_PLACE = Lasting(
    {
        "availabilityZones": Property(kind=_STRINGS, computed=True, output=True),
        "securityGroupIds": Property(kind=_STRINGS),
        "subnetIds": Property(kind=_STRINGS),
        "vpcId": Property(computed=True, output=True, replaces=True),
    },
    key="vpcId",
)

_CONFIG: dict[str, Property] = {
    "accessPolicies": Property(kind=JSON, computed=True),
    "advancedOptions": Property(kind=MapOf(), computed=True),
    "advancedSecurityOptions": Property(kind=_SECURITY, computed=True),
    "autoTuneOptions": Property(kind=_TUNING, computed=True),
    "clusterConfig": Property(kind=_CLUSTER, computed=True),
    "domainEndpointOptions": Property(kind=_ENDPOINT, computed=True),
    "ebsOptions": Property(kind=_VOLUMES, computed=True),
    "encryptAtRest": Property(kind=_ENCRYPTION, computed=True, api="EncryptionAtRestOptions"),
    "logPublishingOptions": Property(kind=_LOGS),
    "nodeToNodeEncryption": Property(kind=OnceOn({"enabled": _ON}), computed=True, api="NodeToNodeEncryptionOptions"),
    "offPeakWindowOptions": Property(kind=_WINDOW, computed=True),
    "softwareUpdateOptions": Property(
        kind=Block({"autoSoftwareUpdateEnabled": Property(kind=BOOLEAN, default=False)}), computed=True
    ),
    "vpcOptions": Property(kind=_PLACE),
}
"""What UpdateDomainConfig changes."""


def _described(ctx: Context, name: str) -> Any:
    return ctx.run(Call("describe_domain", {"DomainName": name}, result="DomainStatus", missing=_GONE))


def _read(ctx: Context) -> dict[str, Any] | None:
    """By ARN; an import names the domain alone, which is the last part of one."""
    name = ctx.id.rpartition("/")[2]
    status = _described(ctx, name)
    if status is None:
        return None
    ctx.id = status["ARN"]
    config = ctx.call("describe_domain_config", DomainName=name)["DomainConfig"]
    known = ctx.old or ctx.inputs
    named = known.get("advancedOptions") or {}
    shown = {
        **status,
        "AccessPolicies": status.get("AccessPolicies") or None,
        "AdvancedOptions": {
            option: value
            for option, value in (status.get("AdvancedOptions") or {}).items()
            if option in named or _OWN_OPTIONS.get(option) != value
        },
        "AutoTuneOptions": config["AutoTuneOptions"]["Options"],
        "LogPublishingOptions": _published(known, status.get("LogPublishingOptions") or {}),
    }
    master = (known.get("advancedSecurityOptions") or {}).get("masterUserOptions")
    if master and master is not UNKNOWN:
        said = {"MasterUserOptions": {"MasterUserARN": master.get("masterUserArn")}}
        shown["AdvancedSecurityOptions"] = (status.get("AdvancedSecurityOptions") or {}) | said
    return shown


def _published(known: dict[str, Any], there: dict[str, Any]) -> dict[str, Any]:
    """Those that are told, and those that are off although the program speaks of them; AWS forgets none."""
    named = {one.get("logType") for one in known.get("logPublishingOptions") or ()}
    return {kind: one for kind, one in there.items() if kind in named or one.get("Enabled", True)}


def _find(ctx: Context) -> str | None:
    status = _described(ctx, ctx.inputs["domainName"])
    return str(status["ARN"]) if status else None


def _configure(ctx: Context) -> None:
    """Send what differs, in one call."""
    changed = {name for name in _CONFIG if differs(ctx, name)}
    if "clusterConfig" in changed and ctx.inputs.get("ebsOptions"):
        changed.add("ebsOptions")  # how many nodes and how large their disks are, AWS judges together
    logs: dict[str, Any] = {}
    if "logPublishingOptions" in changed:
        logs = {"LogPublishingOptions": _logs_to_be(ctx)}
        changed.remove("logPublishingOptions")
    ctx.call("update_domain_config", **ctx.request(Call("update_domain_config", _NAME), sorted(changed)), **logs)
    # What no answer tells, or tells only of what is named, is from now on as it was sent.
    ctx.old |= {name: ctx.inputs.get(name) for name in ("advancedOptions", "logPublishingOptions")}
    ctx.old |= {name: ctx.inputs[name] for name in ("advancedSecurityOptions",) if ctx.inputs.get(name)}


def _logs_to_be(ctx: Context) -> dict[str, Any]:
    """Those that are wanted, and off those that are no longer."""
    wanted: dict[str, Any] = _LOGS.to_api(ctx.inputs.get("logPublishingOptions") or [], None)
    there = _LOGS.to_api(ctx.old.get("logPublishingOptions") or [], None)
    return {kind: one | {"Enabled": False} for kind, one in there.items()} | wanted


def _upgrade(ctx: Context) -> None:
    ctx.call("upgrade_domain", DomainName=ctx.inputs["domainName"], TargetVersion=ctx.inputs["engineVersion"])


def _dashboard(ctx: Context) -> str | None:
    endpoint = ctx.state.get("endpoint")
    return f"{endpoint}/_dashboards" if endpoint else None


_NOBODY = "nobody signs in to a domain of the twin; use masterUserArn"
_NO_TUNING = "the twin tunes nothing"
_IPV4 = "the twin's networks know IPv4 alone"
_REFUSED = {
    "advancedSecurityOptions.jwtOptions": _NOBODY,
    "advancedSecurityOptions.masterUserOptions.masterUserName": _NOBODY,
    "advancedSecurityOptions.masterUserOptions.masterUserPassword": _NOBODY,
    "aimlOptions": "the twin's domains hold nothing that a model could search",
    "autoTuneOptions.maintenanceSchedules": "deprecated; use useOffPeakWindow",
    "autoTuneOptions.rollbackOnDisable": _NO_TUNING,
    "clusterConfig.nodeOptions": "the twin's domains have no coordinators of their own",
    "cognitoOptions": _NOBODY,
    "deploymentStrategyOptions": "the twin deploys nothing",
    "identityCenterOptions": _NOBODY,
    "ipAddressType": _IPV4,
    "snapshotOptions": "deprecated: OpenSearch takes a snapshot every hour, whatever it says",
}

DOMAIN = ResourceType(
    "aws:opensearch/domain:Domain",
    "opensearch",
    id="=DomainStatus.ARN",
    properties={
        **_CONFIG,
        "arn": Property(output=True),
        "dashboardEndpoint": Property(output=True, derived=_dashboard),
        "domainId": Property(output=True),
        "domainName": Property(replaces=True, autoname=Autoname(limit=28, lower=True)),
        "endpoint": Property(output=True, read="Endpoints.vpc || Endpoint"),
        "engineVersion": Property(computed=True),
        "region": REGION,
        "tags": TAGS["tags"],
        "tagsAll": Property(kind=MapOf(), computed=True, api="TagList"),
    },
    create=Call("create_domain"),
    read=_read,
    states=States("DomainProcessingStatus", ready=("Active",), failed=("Isolated",)),
    facets=(
        Facet(properties=("engineVersion",), put=_upgrade, created=True),
        tag_facet(Call("list_tags", {"ARN": "{arn}"}), "add_tags", "remove_tags", {"ARN": "{arn}"}, tags="TagList"),
        Facet(properties=tuple(_CONFIG), put=_configure, created=True),
    ),
    delete=Call("delete_domain", _NAME, missing=_GONE),
    find=_find,
    refused=_REFUSED,
    absent={
        **{name: why for name, why in _REFUSED.items() if "." not in name},
        **dict.fromkeys(("dashboardEndpointV2", "domainEndpointV2HostedZoneId", "endpointV2"), _IPV4),
    },
    create_minutes=60,
    delete_minutes=90,
)


TYPES = (DOMAIN,)
