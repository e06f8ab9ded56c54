"""EC2: launch templates. A change makes a new version; older versions stay until the template goes.

Source: Amazon EC2 API reference, CreateLaunchTemplate, CreateLaunchTemplateVersion, RequestLaunchTemplateData.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from typing_extensions import override

from twin.providers.aws.context import Context
from twin.providers.aws.kinds import BOOLEAN, INTEGER, STRING, Block, Kind, ListOf, MapOf, Problem
from twin.providers.aws.schema import REGION, Autoname, Call, Facet, Property, ResourceType
from twin.providers.aws.types._ec2_common import (
    IPV4_ALONE,
    NO_OUTPOSTS,
    TAG_FACET,
    TAGGED,
    arn,
    tag_specification,
)


class Flag(Kind):
    """A boolean that the official provider takes and shows as a string, because absent is a third value."""

    @override
    def problems(self, value: Any, path: str) -> Iterator[Problem]:
        if isinstance(value, str) and value not in ("", "true", "false"):
            yield path, f'expected "true" or "false", got "{value}"'
        elif not isinstance(value, str | bool):
            yield from STRING.problems(value, path)

    @override
    def to_api(self, value: Any, shape: Any) -> Any:
        return value in (True, "true")

    @override
    def from_api(self, value: Any) -> Any:
        return None if value is None else str(value).lower()

    @override
    def same(self, one: Any, other: Any) -> bool:
        one, other = (str(value).lower() if isinstance(value, bool) else value for value in (one, other))
        return super().same(one, other)


_FLAG = Property(kind=Flag())
_BOOLEAN = Property(kind=BOOLEAN)
_INTEGER = Property(kind=INTEGER)
_TEXT = Property()
_TEXTS = ListOf(STRING, ordered=False)

_DISK = Block(
    {
        "deviceName": _TEXT,
        "ebs": Property(
            kind=Block(
                {
                    "deleteOnTermination": _FLAG,
                    "encrypted": _FLAG,
                    "iops": Property(kind=INTEGER, computed=True),
                    "kmsKeyId": _TEXT,
                    "snapshotId": _TEXT,
                    "throughput": Property(kind=INTEGER, computed=True),
                    "volumeInitializationRate": _INTEGER,
                    "volumeSize": Property(kind=INTEGER, computed=True),
                    "volumeType": Property(computed=True),
                }
            )
        ),
        "noDevice": _TEXT,
        "virtualName": _TEXT,
    }
)
_INTERFACE = Block(
    {
        "associatePublicIpAddress": _FLAG,
        "connectionTrackingSpecification": Property(
            kind=Block({"tcpEstablishedTimeout": _INTEGER, "udpStreamTimeout": _INTEGER, "udpTimeout": _INTEGER})
        ),
        "deleteOnTermination": _FLAG,
        "description": _TEXT,
        "deviceIndex": _INTEGER,
        "enaQueueCount": _INTEGER,
        "interfaceType": _TEXT,
        "ipv4AddressCount": Property(kind=INTEGER, api="SecondaryPrivateIpAddressCount"),
        "ipv4PrefixCount": _INTEGER,
        "networkCardIndex": _INTEGER,
        "networkInterfaceId": _TEXT,
        "privateIpAddress": _TEXT,
        "securityGroups": Property(kind=_TEXTS, api="Groups"),
        "subnetId": _TEXT,
    }
)
_DATA: dict[str, Property] = {
    "blockDeviceMappings": Property(kind=ListOf(_DISK)),
    "capacityReservationSpecification": Property(
        kind=Block(
            {
                "capacityReservationPreference": _TEXT,
                "capacityReservationTarget": Property(
                    kind=Block({"capacityReservationId": _TEXT, "capacityReservationResourceGroupArn": _TEXT})
                ),
            }
        )
    ),
    "cpuOptions": Property(
        kind=Block(
            {"amdSevSnp": _TEXT, "coreCount": _INTEGER, "nestedVirtualization": _TEXT, "threadsPerCore": _INTEGER}
        )
    ),
    "creditSpecification": Property(kind=Block({"cpuCredits": _TEXT})),
    "disableApiStop": _BOOLEAN,
    "disableApiTermination": _BOOLEAN,
    "ebsOptimized": _FLAG,
    "enclaveOptions": Property(kind=Block({"enabled": _BOOLEAN})),
    "hibernationOptions": Property(kind=Block({"configured": Property(kind=BOOLEAN, required=True)})),
    "iamInstanceProfile": Property(kind=Block({"arn": _TEXT, "name": _TEXT})),
    "imageId": _TEXT,
    "instanceInitiatedShutdownBehavior": _TEXT,
    "instanceMarketOptions": Property(
        kind=Block(
            {
                "marketType": _TEXT,
                "spotOptions": Property(
                    kind=Block(
                        {
                            "blockDurationMinutes": _INTEGER,
                            "instanceInterruptionBehavior": _TEXT,
                            "maxPrice": _TEXT,
                            "spotInstanceType": _TEXT,
                            "validUntil": Property(computed=True),
                        }
                    )
                ),
            }
        )
    ),
    "instanceType": _TEXT,
    "keyName": _TEXT,
    "maintenanceOptions": Property(kind=Block({"autoRecovery": _TEXT})),
    "metadataOptions": Property(
        kind=Block(
            {
                "httpEndpoint": Property(computed=True),
                "httpProtocolIpv6": Property(computed=True),
                "httpPutResponseHopLimit": Property(kind=INTEGER, computed=True),
                "httpTokens": Property(computed=True),
                "instanceMetadataTags": Property(computed=True),
            }
        ),
        computed=True,
    ),
    "monitoring": Property(kind=Block({"enabled": _BOOLEAN})),
    "networkInterfaces": Property(kind=ListOf(_INTERFACE)),
    "networkPerformanceOptions": Property(kind=Block({"bandwidthWeighting": _TEXT})),
    "placement": Property(
        kind=Block(
            {
                "affinity": _TEXT,
                "availabilityZone": _TEXT,
                "groupId": _TEXT,
                "groupName": _TEXT,
                "hostId": _TEXT,
                "hostResourceGroupArn": _TEXT,
                "partitionNumber": _INTEGER,
                "spreadDomain": _TEXT,
                "tenancy": _TEXT,
            }
        )
    ),
    "privateDnsNameOptions": Property(
        kind=Block(
            {
                "enableResourceNameDnsAaaaRecord": Property(kind=BOOLEAN, api="EnableResourceNameDnsAAAARecord"),
                "enableResourceNameDnsARecord": _BOOLEAN,
                "hostnameType": _TEXT,
            }
        )
    ),
    "securityGroupNames": Property(kind=_TEXTS, api="SecurityGroups"),
    "tagSpecifications": Property(
        kind=ListOf(Block({"resourceType": _TEXT, "tags": Property(kind=MapOf())})),
    ),
    "userData": _TEXT,
    "vpcSecurityGroupIds": Property(kind=_TEXTS, api="SecurityGroupIds"),
}
"""What a version says of the instances; all of it makes a new version."""

_GONE = (
    "InvalidLaunchTemplateId.NotFound",
    "InvalidLaunchTemplateId.NotFoundException",
    "InvalidLaunchTemplateName.NotFoundException",
)
_TEMPLATE = {"LaunchTemplateId": "{id}"}
_NO_OTHER_VERSION = {"defaultVersion", "tags", "tagsAll", "updateDefaultVersion"}
"""Changes that leave the versions as they are."""


def _read(ctx: Context) -> dict[str, Any] | None:
    """The template, with what its latest version says."""
    named = {"LaunchTemplateIds": ["{id}"]}
    template = ctx.run(Call("describe_launch_templates", named, result="LaunchTemplates[0]", missing=_GONE))
    if template is None:
        return None
    found = ctx.call("describe_launch_template_versions", LaunchTemplateId=ctx.id, Versions=["$Latest"])
    latest: dict[str, Any] = found["LaunchTemplateVersions"][0]
    described = {"VersionDescription": latest.get("VersionDescription")}
    return {**latest["LaunchTemplateData"], **template, **described}


def _make_version(ctx: Context) -> None:
    """A version of its own, not one that adds to an older: what is no longer wanted goes."""
    call = Call(
        "create_launch_template_version",
        {**_TEMPLATE, "VersionDescription": "{description}"},
        into="LaunchTemplateData",
    )
    made = ctx.call(call.operation, **ctx.request(call, _DATA))["LaunchTemplateVersion"]["VersionNumber"]
    if ctx.inputs.get("updateDefaultVersion"):
        ctx.call("modify_launch_template", LaunchTemplateId=ctx.id, DefaultVersion=str(made))


def _set_default(ctx: Context) -> None:
    """To the version that is wanted, or to the latest one."""
    wanted = ctx.inputs.get("defaultVersion") or ctx.old["latestVersion"]
    ctx.call("modify_launch_template", LaunchTemplateId=ctx.id, DefaultVersion=str(wanted))


def _find(ctx: Context) -> str | None:
    named = {"LaunchTemplateNames": ["{name}"]}
    call = Call("describe_launch_templates", named, result="LaunchTemplates[0].LaunchTemplateId", missing=_GONE)
    found = ctx.run(call)
    return str(found) if found else None


def _new_version(_: Mapping[str, Any], changed: set[str]) -> bool:
    return bool(changed - _NO_OTHER_VERSION)


def _new_default(inputs: Mapping[str, Any], changed: set[str]) -> bool:
    return bool(inputs.get("updateDefaultVersion")) and bool(
        _new_version(inputs, changed) or "updateDefaultVersion" in changed
    )


_REFUSED = {
    "instanceRequirements": "give the instance types themselves; node groups take several",
    "kernelId": "for paravirtual instances, which AWS no longer starts",
    "licenseSpecifications": "the twin has no License Manager",
    "networkInterfaces.associateCarrierIpAddress": "the twin has no Wavelength zones",
    "networkInterfaces.enaSrdSpecification": "the twin sends no packets",
    "networkInterfaces.ipv4Addresses": "a template that names addresses starts one instance; let AWS choose them",
    "networkInterfaces.ipv4Prefixes": "a template that names addresses starts one instance; use ipv4PrefixCount",
    "networkInterfaces.ipv6AddressCount": IPV4_ALONE,
    "networkInterfaces.ipv6Addresses": IPV4_ALONE,
    "networkInterfaces.ipv6PrefixCount": IPV4_ALONE,
    "networkInterfaces.ipv6Prefixes": IPV4_ALONE,
    "networkInterfaces.primaryIpv6": IPV4_ALONE,
    "ramDiskId": "for paravirtual instances, which AWS no longer starts",
    "secondaryInterfaces": NO_OUTPOSTS,
}

LAUNCH_TEMPLATE = ResourceType(
    "aws:ec2/launchTemplate:LaunchTemplate",
    "ec2",
    id="=LaunchTemplate.LaunchTemplateId",
    properties={
        **_DATA,
        "arn": arn("launch-template"),
        "defaultVersion": Property(kind=INTEGER, computed=True, sent=False, api="DefaultVersionNumber"),
        "description": Property(sent=False, api="VersionDescription"),
        "latestVersion": Property(kind=INTEGER, output=True, api="LatestVersionNumber"),
        "name": Property(replaces=True, autoname=Autoname(limit=128), api="LaunchTemplateName"),
        "namePrefix": Property(computed=True, replaces=True, sent=False, returned=False),
        "updateDefaultVersion": Property(kind=BOOLEAN, sent=False, returned=False),
        "region": REGION,
        **TAGGED,
    },
    create=Call(
        "create_launch_template",
        {
            "LaunchTemplateName": "{name}",
            "VersionDescription": "{description}",
            "TagSpecifications": tag_specification("launch-template"),
        },
        into="LaunchTemplateData",
    ),
    read=_read,
    facets=(
        TAG_FACET,
        Facet(properties=("description", *_DATA), put=_make_version, created=True),
        Facet(properties=("defaultVersion",), put=_set_default, created=True),
        Facet(properties=("updateDefaultVersion",), put=_set_default, created=True),
    ),
    delete=Call("delete_launch_template", _TEMPLATE, missing=_GONE),
    find=_find,
    refused=_REFUSED,
    absent={name: why for name, why in _REFUSED.items() if "." not in name},
    recomputed={"latestVersion": _new_version, "defaultVersion": _new_default},
)
