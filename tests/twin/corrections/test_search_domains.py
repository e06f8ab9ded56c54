"""Search domains as the API reference and the developer guide of Amazon OpenSearch Service describe them."""

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.waiting import eventually
from tests.twin.corrections.alarms import name, policy
from tests.twin.corrections.server import ACCOUNT, REGION, TRUST, Twin, allow

SERVICE = "es.amazonaws.com"
MASTER = f"arn:aws:iam::{ACCOUNT}:role/search-master"
SAFE: dict[str, Any] = {
    "EncryptionAtRestOptions": {"Enabled": True},
    "NodeToNodeEncryptionOptions": {"Enabled": True},
    "DomainEndpointOptions": {"EnforceHTTPS": True, "TLSSecurityPolicy": "Policy-Min-TLS-1-2-PFS-2023-10"},
    "AdvancedSecurityOptions": {"Enabled": True, "MasterUserOptions": {"MasterUserARN": MASTER}},
}
GROUPS = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group"
DOMAINS = f"arn:aws:es:{REGION}:{ACCOUNT}:domain"


def active(client: Any, domain: str) -> dict[str, Any]:
    """The domain once nothing is under way."""
    deadline = time.monotonic() + 60
    while True:
        found: dict[str, Any] = client.describe_domain(DomainName=domain)["DomainStatus"]
        if not found["Processing"]:
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.2)


def made(client: Any, **options: Any) -> dict[str, Any]:
    domain = name("logs")
    client.create_domain(DomainName=domain, **options)
    return active(client, domain)


def refusal(call: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as found:
        call(**parameters)
    return f"{found.value.response['Error']['Code']}: {found.value.response['Error']['Message']}"


@pytest.fixture(scope="module")
def search(twin: Twin) -> Any:
    return twin.client("opensearch")


@pytest.fixture(scope="module")
def place(twin: Twin) -> dict[str, list[str]]:
    """Subnets in three zones, and a group."""
    ec2 = twin.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{i}.0/24", AvailabilityZone=REGION + zone)["Subnet"]["SubnetId"]
        for i, zone in enumerate("abc")
    ]
    group = ec2.create_security_group(GroupName=name("search"), Description="it", VpcId=vpc)["GroupId"]
    return {"SubnetIds": subnets, "SecurityGroupIds": [group]}


def zones(count: int, nodes: int) -> dict[str, Any]:
    return {
        "InstanceType": "m7g.large.search",
        "InstanceCount": nodes,
        "ZoneAwarenessEnabled": True,
        "ZoneAwarenessConfig": {"AvailabilityZoneCount": count},
    }


def log_group(twin: Twin) -> str:
    called = f"/search/{name('group')}"
    twin.client("logs").create_log_group(logGroupName=called)
    return called


def let_write(twin: Twin, group: str, source: str) -> None:
    writes = {
        "Effect": "Allow",
        "Principal": {"Service": SERVICE},
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": f"{GROUPS}:{group}:*",
        "Condition": {"ArnLike": {"aws:SourceArn": source}, "StringEquals": {"aws:SourceAccount": ACCOUNT}},
    }
    twin.client("logs").put_resource_policy(policyName=name("search"), policyDocument=policy(writes))


def published(group: str, kind: str = "INDEX_SLOW_LOGS") -> dict[str, Any]:
    return {kind: {"CloudWatchLogsLogGroupArn": f"{GROUPS}:{group}", "Enabled": True}}


def test_it_is_processed_before_it_is_active_and_has_no_endpoint_till_then(search: Any) -> None:
    domain = name("logs")
    first = search.create_domain(DomainName=domain)["DomainStatus"]
    assert (first["Processing"], first["DomainProcessingStatus"]) == (True, "Creating")
    assert "Endpoint" not in first
    found = active(search, domain)
    assert found["DomainProcessingStatus"] == "Active"
    assert found["Endpoint"].startswith(f"search-{domain}-")
    assert found["Endpoint"].endswith(f".{REGION}.es.amazonaws.com")

    def changing() -> tuple[dict[str, Any], str] | None:
        """What it tells during a change, and why another is refused: a second may pass before anybody asks."""
        active(search, domain)
        search.update_domain_config(DomainName=domain, EBSOptions={"EBSEnabled": True, "VolumeSize": 20})
        told: dict[str, Any] = search.describe_domain(DomainName=domain)["DomainStatus"]
        try:
            search.update_domain_config(DomainName=domain, EBSOptions={"EBSEnabled": True})
        except ClientError as error:
            return told, f"{error.response['Error']['Code']}: {error.response['Error']['Message']}"
        return None

    told, refused = eventually(changing, "a change that is still under way when another is asked for")
    assert (told["Processing"], told["Endpoint"]) == (True, found["Endpoint"])
    assert refused.startswith("ValidationException: A change/update is in progress")


def test_it_is_where_its_subnets_are(twin: Twin, search: Any, place: dict[str, list[str]]) -> None:
    found = made(search, VPCOptions=place, ClusterConfig=zones(3, 3))
    (subnet, *_) = twin.client("ec2").describe_subnets(SubnetIds=place["SubnetIds"])["Subnets"]
    told = found["VPCOptions"]
    assert told["VPCId"] == subnet["VpcId"]
    assert told["AvailabilityZones"] == [f"{REGION}{zone}" for zone in "abc"]
    assert sorted(told["SubnetIds"]) == sorted(place["SubnetIds"])
    assert "Endpoint" not in found
    assert found["Endpoints"]["vpc"].startswith(f"vpc-{found['DomainName']}-")
    roles = twin.client("iam").list_roles(PathPrefix="/aws-service-role/opensearchservice.amazonaws.com/")["Roles"]
    assert len(roles) == 1


@pytest.mark.parametrize(
    ("cluster", "subnets", "says"),
    [
        (zones(3, 3), slice(0, 2), "exactly 3 subnets"),
        (zones(3, 2), slice(0, 3), "minimum of 3 data nodes"),
        ({"InstanceCount": 1}, slice(0, 2), "exactly 1 subnets"),
    ],
)
def test_zones_nodes_and_subnets_go_together(
    search: Any, place: dict[str, list[str]], cluster: dict[str, Any], subnets: slice, says: str
) -> None:
    where = place | {"SubnetIds": place["SubnetIds"][subnets]}
    assert says in refusal(search.create_domain, DomainName=name("logs"), VPCOptions=where, ClusterConfig=cluster)


def test_a_subnet_or_group_that_is_not_there_is_refused(search: Any, place: dict[str, list[str]]) -> None:
    for where in (
        place | {"SubnetIds": [*place["SubnetIds"][:2], "subnet-0123456789abcdef0"]},
        place | {"SecurityGroupIds": ["sg-0123456789abcdef0"]},
    ):
        told = refusal(search.create_domain, DomainName=name("logs"), VPCOptions=where, ClusterConfig=zones(3, 3))
        assert told.startswith("ValidationException")


@pytest.mark.parametrize("without", [option for option in SAFE if option != "AdvancedSecurityOptions"])
def test_fine_grained_access_needs_encryption_everywhere(search: Any, without: str) -> None:
    options = {option: value for option, value in SAFE.items() if option != without}
    told = refusal(search.create_domain, DomainName=name("logs"), **options)
    assert told.endswith("to use fine-grained access control.")


def test_who_the_master_is_is_told_to_nobody(search: Any) -> None:
    found = made(search, **SAFE)
    assert found["AdvancedSecurityOptions"]["Enabled"]
    config = search.describe_domain_config(DomainName=found["DomainName"])["DomainConfig"]
    for told in (found, config):
        assert MASTER not in json.dumps(told, default=str)
    assert config["DomainEndpointOptions"]["Options"]["TLSSecurityPolicy"] == "Policy-Min-TLS-1-2-PFS-2023-10"
    bare = SAFE | {"AdvancedSecurityOptions": {"Enabled": True}}
    assert "master user" in refusal(search.create_domain, DomainName=name("logs"), **bare)


def test_a_change_names_a_part_and_the_rest_stays(search: Any) -> None:
    domain = made(search, ClusterConfig={"InstanceType": "m7g.large.search", "InstanceCount": 2})["DomainName"]
    search.update_domain_config(DomainName=domain, ClusterConfig={"InstanceCount": 4})
    found = active(search, domain)["ClusterConfig"]
    assert (found["InstanceType"], found["InstanceCount"]) == ("m7g.large.search", 4)
    tuned = search.describe_domain_config(DomainName=domain)["DomainConfig"]["AutoTuneOptions"]
    assert (tuned["Options"]["DesiredState"], tuned["Status"]["State"]) == ("ENABLED", "ENABLED")


def test_it_goes_up_in_version_and_never_down(search: Any) -> None:
    domain = made(search, EngineVersion="OpenSearch_2.17")["DomainName"]
    for target in ("OpenSearch_2.15", "OpenSearch_2.9", "Elasticsearch_7.10"):
        assert "is not supported" in refusal(search.upgrade_domain, DomainName=domain, TargetVersion=target)

    def on_its_way_up() -> str | None:
        """A domain that says so: it is for a second, which may pass before anybody asks."""
        domain = str(made(search, EngineVersion="OpenSearch_2.17")["DomainName"])
        search.upgrade_domain(DomainName=domain, TargetVersion="OpenSearch_2.19")
        return domain if search.describe_domain(DomainName=domain)["DomainStatus"]["UpgradeProcessing"] else None

    upgraded = eventually(on_its_way_up, "a domain that is seen on its way up")
    assert active(search, upgraded)["EngineVersion"] == "OpenSearch_2.19"


def test_logs_need_a_policy_that_lets_this_domain_write(twin: Twin, search: Any) -> None:
    domain, group = name("logs"), log_group(twin)
    asked = {"DomainName": domain, "LogPublishingOptions": published(group)}
    assert "Please check the Resource Access Policy" in refusal(search.create_domain, **asked)
    let_write(twin, group, f"{DOMAINS}/another")
    assert "Please check the Resource Access Policy" in refusal(search.create_domain, **asked)
    let_write(twin, group, f"{DOMAINS}/{domain}")
    search.create_domain(**asked)
    assert active(search, domain)["LogPublishingOptions"] == published(group)
    missing = asked | {"DomainName": name("logs"), "LogPublishingOptions": published("/nowhere")}
    assert "does not exist" in refusal(search.create_domain, **missing)
    audited = asked | {"DomainName": name("logs"), "LogPublishingOptions": published(group, "AUDIT_LOGS")}
    assert "Audit logs need fine-grained access control" in refusal(search.create_domain, **audited)


def test_a_role_that_its_policy_names_has_to_be_there(twin: Twin, search: Any) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:role/{name('reader')}"
    asks = {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "es:ESHttpGet", "Resource": "*"}
    told = refusal(search.create_domain, DomainName=name("logs"), AccessPolicies=policy(asks))
    assert told.startswith("InvalidTypeException: Error setting policy")
    twin.client("iam").create_role(RoleName=arn.rpartition("/")[2], AssumeRolePolicyDocument=json.dumps(TRUST))
    assert json.loads(made(search, AccessPolicies=policy(asks))["AccessPolicies"])["Statement"] == [asks]


def test_a_policy_may_name_a_domain(twin: Twin, search: Any) -> None:
    found = made(search, TagList=[{"Key": "a", "Value": "1"}])
    domain, arn = found["DomainName"], found["ARN"]
    mine = twin.client("opensearch", twin.role(name("reader"), allow(arn, "es:*")))
    assert mine.describe_domain(DomainName=domain)["DomainStatus"]["ARN"] == arn
    assert mine.describe_domain_config(DomainName=domain)["DomainConfig"]
    assert mine.list_tags(ARN=arn)["TagList"] == [{"Key": "a", "Value": "1"}]
    mine.add_tags(ARN=arn, TagList=[{"Key": "b", "Value": "2"}])
    mine.remove_tags(ARN=arn, TagKeys=["a"])
    assert mine.get_compatible_versions(DomainName=domain)["CompatibleVersions"]
    other = made(search)
    for call, asked in (
        (mine.describe_domain, {"DomainName": other["DomainName"]}),
        (mine.update_domain_config, {"DomainName": other["DomainName"]}),
        (mine.delete_domain, {"DomainName": other["DomainName"]}),
        (mine.list_tags, {"ARN": other["ARN"]}),
        (mine.create_domain, {"DomainName": name("logs")}),
    ):
        assert "AccessDenied" in refusal(call, **asked)


def test_who_makes_one_needs_the_right_to_tag_it_a_grant_of_the_key_and_the_linked_role(
    twin: Twin, place: dict[str, list[str]]
) -> None:
    key = twin.client("kms").create_key(Policy=policy(root_administers()))["KeyMetadata"]["Arn"]
    makes = allow(f"{DOMAINS}/*", "es:CreateDomain")

    def maker(*more: dict[str, Any]) -> Any:
        return twin.client("opensearch", twin.role(name("maker"), makes, *more))

    tags = {"TagList": [{"Key": "a", "Value": "1"}]}
    assert "es:AddTags" in refusal(maker().create_domain, DomainName=name("logs"), **tags)
    maker(allow(f"{DOMAINS}/*", "es:AddTags")).create_domain(DomainName=name("logs"), **tags)

    rest = {"EncryptionAtRestOptions": {"Enabled": True, "KmsKeyId": key}}
    assert "kms:CreateGrant" in refusal(maker().create_domain, DomainName=name("logs"), **rest)
    through = {"StringEquals": {"kms:ViaService": f"es.{REGION}.amazonaws.com"}}
    grants = allow(key, "kms:CreateGrant") | {"Condition": through}
    maker(grants).create_domain(DomainName=name("logs"), **rest)
    elsewhere = grants | {"Condition": {"StringEquals": {"kms:ViaService": f"rds.{REGION}.amazonaws.com"}}}
    assert "kms:CreateGrant" in refusal(maker(elsewhere).create_domain, DomainName=name("logs"), **rest)

    iam = twin.client("iam")
    for role in iam.list_roles(PathPrefix="/aws-service-role/opensearchservice.amazonaws.com/")["Roles"]:
        iam.delete_service_linked_role(RoleName=role["RoleName"])
    within = {"VPCOptions": place, "ClusterConfig": zones(3, 3)}
    assert "service-linked role" in refusal(maker().create_domain, DomainName=name("logs"), **within)
    linked = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/opensearchservice.amazonaws.com/*"
    of_this = {"StringEquals": {"iam:AWSServiceName": "opensearchservice.amazonaws.com"}}
    maker(allow(linked, "iam:CreateServiceLinkedRole") | {"Condition": of_this}).create_domain(
        DomainName=name("logs"), **within
    )


def root_administers() -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }


def test_a_name_that_was_deleted_is_a_new_domain(search: Any) -> None:
    domain = made(search, ClusterConfig={"InstanceCount": 2})["DomainName"]
    search.delete_domain(DomainName=domain)
    assert "ResourceNotFound" in refusal(search.describe_domain, DomainName=domain)
    search.create_domain(DomainName=domain)
    assert active(search, domain)["ClusterConfig"]["InstanceCount"] == 1
    assert domain in [one["DomainName"] for one in search.list_domain_names()["DomainNames"]]
    (listed,) = search.describe_domains(DomainNames=[domain, "nowhere"])["DomainStatusList"]
    assert listed["ClusterConfig"]["InstanceCount"] == 1
