"""Search domains."""

import json
from collections.abc import Mapping
from typing import Any

from tests.contracts.providers.aws.examples import ACCOUNT, REGION, Example, World

_LOG_TYPES = ("AUDIT_LOGS", "INDEX_SLOW_LOGS")


def _role(world: World) -> str:
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    made = world.client("iam").create_role(
        RoleName=world.name("search"),
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )
    return str(made["Role"]["Arn"])


def _groups(world: World) -> list[dict[str, Any]]:
    """Log groups into which OpenSearch Service may write."""
    logs, prefix = world.client("logs"), f"/{world.name('search')}"
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "es.amazonaws.com"},
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{prefix}/*",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    logs.put_resource_policy(policyName=world.name("search"), policyDocument=document)
    for kind in _LOG_TYPES:
        logs.create_log_group(logGroupName=f"{prefix}/{kind}")
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{prefix}"
    return [{"logType": kind, "cloudwatchLogGroupArn": f"{arn}/{kind}"} for kind in _LOG_TYPES]


def _place(world: World) -> dict[str, Any]:
    ec2 = world.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{i}.0/24", AvailabilityZone=REGION + zone)["Subnet"]["SubnetId"]
        for i, zone in enumerate("abc")
    ]
    group = ec2.create_security_group(GroupName=world.name("search"), Description="it", VpcId=vpc)["GroupId"]
    return {"subnetIds": subnets, "securityGroupIds": [group]}


def _policy(role: str, *actions: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": role}, "Action": [*actions], "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=1)


def _inputs(world: World) -> dict[str, Any]:
    return {
        "domainName": world.name("logs"),
        "engineVersion": "OpenSearch_2.17",
        "clusterConfig": {
            "instanceType": "m7g.large.search",
            "instanceCount": 3,
            "zoneAwarenessEnabled": True,
            "zoneAwarenessConfig": {"availabilityZoneCount": 3},
        },
        "ebsOptions": {"ebsEnabled": True, "volumeType": "gp3", "volumeSize": 100, "iops": 3000, "throughput": 125},
        "encryptAtRest": {"enabled": True, "kmsKeyId": world.client("kms").create_key()["KeyMetadata"]["Arn"]},
        "nodeToNodeEncryption": {"enabled": True},
        "domainEndpointOptions": {"enforceHttps": True, "tlsSecurityPolicy": "Policy-Min-TLS-1-2-PFS-2023-10"},
        "advancedSecurityOptions": {"enabled": True, "masterUserOptions": {"masterUserArn": _role(world)}},
        "advancedOptions": {"rest.action.multi.allow_explicit_index": "true"},
        "accessPolicies": _policy(_role(world), "es:ESHttpGet"),
        "vpcOptions": _place(world),
        "logPublishingOptions": _groups(world),
        "softwareUpdateOptions": {"autoSoftwareUpdateEnabled": True},
        "offPeakWindowOptions": {"offPeakWindow": {"windowStartTime": {"hours": 1, "minutes": 0}}},
        "autoTuneOptions": {"desiredState": "ENABLED"},
        "tags": {"data-classification": "confidential"},
    }


def _open_inputs(world: World) -> dict[str, Any]:
    return {"domainName": world.name("open")}


def _holds(world: World, arn: str, inputs: Mapping[str, Any]) -> None:
    client, name = world.client("opensearch"), inputs["domainName"]
    there = client.describe_domain(DomainName=name)["DomainStatus"]
    assert there["ARN"] == arn
    assert not there["Processing"]
    cluster, wanted = there["ClusterConfig"], inputs["clusterConfig"]
    assert (cluster["InstanceType"], cluster["InstanceCount"]) == (wanted["instanceType"], wanted["instanceCount"])
    assert there["EngineVersion"] == inputs["engineVersion"]
    assert there["EBSOptions"] == {
        "EBSEnabled": True,
        "VolumeType": "gp3",
        "VolumeSize": inputs["ebsOptions"]["volumeSize"],
        "Iops": 3000,
        "Throughput": 125,
    }
    assert there["EncryptionAtRestOptions"] == {"Enabled": True, "KmsKeyId": inputs["encryptAtRest"]["kmsKeyId"]}
    assert there["NodeToNodeEncryptionOptions"] == {"Enabled": True}
    endpoint = there["DomainEndpointOptions"]
    assert endpoint["EnforceHTTPS"]
    assert endpoint["TLSSecurityPolicy"] == inputs["domainEndpointOptions"]["tlsSecurityPolicy"]
    assert there["AdvancedSecurityOptions"]["Enabled"]
    assert "MasterUserOptions" not in there["AdvancedSecurityOptions"]
    assert json.loads(there["AccessPolicies"]) == json.loads(inputs["accessPolicies"])
    assert there["AdvancedOptions"]["rest.action.multi.allow_explicit_index"] == "true"
    place = there["VPCOptions"]
    assert (sorted(place["SubnetIds"]), place["SecurityGroupIds"]) == (
        sorted(inputs["vpcOptions"]["subnetIds"]),
        inputs["vpcOptions"]["securityGroupIds"],
    )
    assert place["AvailabilityZones"] == [f"{REGION}{zone}" for zone in "abc"]
    on = {kind: one for kind, one in there.get("LogPublishingOptions", {}).items() if one["Enabled"]}
    assert {kind: one["CloudWatchLogsLogGroupArn"] for kind, one in on.items()} == {
        one["logType"]: one["cloudwatchLogGroupArn"] for one in inputs.get("logPublishingOptions") or ()
    }
    window = there["OffPeakWindowOptions"]["OffPeakWindow"]["WindowStartTime"]
    assert window["Hours"] == inputs["offPeakWindowOptions"]["offPeakWindow"]["windowStartTime"]["hours"]
    tags = client.list_tags(ARN=arn)["TagList"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == inputs["tagsAll"]


def _open_holds(world: World, arn: str, inputs: Mapping[str, Any]) -> None:
    there = world.client("opensearch").describe_domain(DomainName=inputs["domainName"])["DomainStatus"]
    assert there["Endpoint"].startswith(f"search-{inputs['domainName']}-")
    assert there["SoftwareUpdateOptions"]["AutoSoftwareUpdateEnabled"] == bool(inputs.get("softwareUpdateOptions"))


def _another_master(world: World) -> dict[str, Any]:
    return {"advancedSecurityOptions": {"enabled": True, "masterUserOptions": {"masterUserArn": _role(world)}}}


EXAMPLES = (
    Example(
        "aws:opensearch/domain:Domain",
        inputs=_inputs,
        holds=_holds,
        updates=(
            {"ebsOptions": {"ebsEnabled": True, "volumeType": "gp3", "volumeSize": 150}},
            {
                "clusterConfig": {
                    "instanceType": "r7g.large.search",
                    "instanceCount": 6,
                    "zoneAwarenessEnabled": True,
                    "zoneAwarenessConfig": {"availabilityZoneCount": 3},
                },
                "offPeakWindowOptions": {"offPeakWindow": {"windowStartTime": {"hours": 3, "minutes": 0}}},
            },
            {"engineVersion": "OpenSearch_2.19"},
            _another_master,
            lambda world: {"accessPolicies": _policy(_role(world), "es:ESHttpGet", "es:ESHttpPost")},
            lambda world: {"logPublishingOptions": _groups(world)[:1]},
            {"logPublishingOptions": None},
            {"tags": {"more": "1"}},
        ),
        not_imported=frozenset(
            {
                "advancedSecurityOptions.masterUserOptions",
                'advancedOptions["rest.action.multi.allow_explicit_index"]',  # AWS would add the same by itself
            }
        ),
        import_id="{domainName}",
    ),
    Example(
        "aws:opensearch/domain:Domain",
        inputs=_open_inputs,
        holds=_open_holds,
        updates=({"softwareUpdateOptions": {"autoSoftwareUpdateEnabled": True}},),
        import_id="{domainName}",
        case="open",
    ),
)
