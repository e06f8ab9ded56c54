"""A search domain that an environment gets, keeps and loses: in AWS, in the cluster, and with the pipeline's rights.

Nothing answers at a domain's address on the twin. What is written into one is in
tests/unit/images/test_opensearch_setup.py, and in tests/unit/monitoring/test_redaction.py what Fluent Bit sends.
"""

import json
import re
from typing import Any

import pytest

from components.monitoring.search_domain import LOG_TYPES, TLS_POLICY
from stacks.identities import PREVIEWS, identities
from stacks.settings import parse_settings
from tests.support.cluster_objects import administrator
from tests.support.project import Project
from tests.support.search_domains import with_search_domain
from tests.support.stack_files import written
from tests.support.world import assert_state_and_world_agree, held, state_text
from tests.twin.actors import pipeline, variables_of
from twin.account import Account
from twin.kubernetes.client import Client

DOMAIN = "groundwork-dev-logs"
ROLE = "groundwork-dev-search-setup-identity"
REPOSITORY = "opensearch-setup"
CEILING = 2000
LOGS = f"/aws/OpenSearchService/domains/{DOMAIN}"
WIDER = "Policy-Min-TLS-1-0-2019-07"


def wanted(volume_gib: int) -> dict[str, Any]:
    """The settings of a domain that may be deleted again."""
    found: dict[str, Any] = with_search_domain("dev")["monitoring"]["logs"]["opensearch"]
    return found | {"protect": False, "volume_gib": volume_gib}


def change(project: Project, volume_gib: int | None) -> None:
    """Change the settings to a domain with disks of that size, or to none."""

    def edit(settings: dict[str, Any]) -> None:
        logs, repositories = settings["monitoring"]["logs"], settings["container_registry"]["repositories"]
        repositories[:] = [name for name in repositories if name != REPOSITORY]
        if volume_gib is None:
            logs.pop("opensearch", None)
            settings["budget"]["monthly_usd"] = written("dev")["budget"]["monthly_usd"]
        else:
            settings["budget"]["monthly_usd"] = CEILING  # it costs more than all the rest: else nothing is changed
            logs["opensearch"] = wanted(volume_gib)
            repositories.append(REPOSITORY)

    project.change(edit)


def update(project: Project) -> None:
    """Run `pulumi up` without the preview before it, which the first one has had."""
    project.pulumi("up", "--yes", "--skip-preview", "--non-interactive", "-s", "dev")


def described(account: Account) -> dict[str, Any]:
    found: dict[str, Any] = account.client("opensearch").describe_domain(DomainName=DOMAIN)["DomainStatus"]
    return found


def resource(project: Project, name: str) -> dict[str, Any]:
    """What the engine's state holds of a resource."""
    found = json.loads(state_text(project))["deployment"]["resources"]
    (one,) = (each for each in found if each["urn"].endswith(f"::{name}"))
    return dict(one)


@pytest.fixture(scope="module")
def api(changed: Project) -> Client:
    return administrator(changed)


def holds_in_aws(project: Project, account: Account) -> None:
    """It is encrypted with the key of its class, closed in, told apart by role, and says what it does."""
    found, ec2, kms = described(account), account.client("ec2"), account.client("kms")
    key = kms.describe_key(KeyId="alias/groundwork-dev-regulated")["KeyMetadata"]["Arn"]
    assert found["EncryptionAtRestOptions"] == {"Enabled": True, "KmsKeyId": key}
    assert found["NodeToNodeEncryptionOptions"] == {"Enabled": True}
    endpoint = found["DomainEndpointOptions"]
    assert (endpoint["EnforceHTTPS"], endpoint["TLSSecurityPolicy"]) == (True, TLS_POLICY)
    security = found["AdvancedSecurityOptions"]
    assert (security["Enabled"], security["InternalUserDatabaseEnabled"]) == (True, False)
    # AWS tells nobody who the master is: it is what it was sent.
    inputs = resource(project, "search-domain")["inputs"]
    master = inputs["advancedSecurityOptions"]["masterUserOptions"]["masterUserArn"]
    assert master == account.client("iam").get_role(RoleName=ROLE)["Role"]["Arn"]

    place = found["VPCOptions"]
    subnets = ec2.describe_subnets(SubnetIds=place["SubnetIds"])["Subnets"]
    assert len(subnets) == len({subnet["AvailabilityZone"] for subnet in subnets}) == 2
    for subnet in subnets:
        of_subnet = {"Name": "association.subnet-id", "Values": [subnet["SubnetId"]]}
        (table,) = ec2.describe_route_tables(Filters=[of_subnet])["RouteTables"]
        assert not [route for route in table["Routes"] if route.get("DestinationCidrBlock") == "0.0.0.0/0"]
    (group,) = ec2.describe_security_groups(GroupIds=place["SecurityGroupIds"])["SecurityGroups"]
    rules = group["IpPermissions"]
    cluster = account.client("eks").describe_cluster(name="groundwork-dev")["cluster"]["resourcesVpcConfig"]
    assert group["IpPermissionsEgress"] == []
    assert {(rule["FromPort"], rule["ToPort"]) for rule in rules} == {(443, 443)}
    groups = [pair["GroupId"] for rule in rules for pair in rule["UserIdGroupPairs"]]
    assert groups == [cluster["clusterSecurityGroupId"]]
    assert [one["CidrIp"] for rule in rules for one in rule["IpRanges"]] == ["10.0.0.0/8"]
    alarms = account.client("cloudwatch").describe_alarms(AlarmNamePrefix="groundwork-dev-search-")["MetricAlarms"]
    assert len(alarms) == 6
    assert {dimension["Value"] for one in alarms for dimension in one["Dimensions"]} >= {DOMAIN}

    published = found["LogPublishingOptions"]
    assert {kind: one["Enabled"] for kind, one in published.items()} == dict.fromkeys(LOG_TYPES, True)
    names = [one["CloudWatchLogsLogGroupArn"].partition(":log-group:")[2] for one in published.values()]
    assert sorted(names) == sorted(f"{LOGS}/{end}" for end in LOG_TYPES.values())
    readers = re.findall(r"role/(groundwork-dev-[a-z0-9-]+)", found["AccessPolicies"])
    assert "groundwork-dev-vision-data-scientist" in readers
    assert ROLE not in readers


def holds_in_the_cluster(account: Account, api: Client) -> None:
    """The Job has done its work, and Fluent Bit knows where to send what."""
    host = described(account)["Endpoints"]["vpc"]
    (job,) = (one for one in api.list("batch/v1", "Job", "monitoring") if one["metadata"]["name"].startswith("opens"))
    assert job["status"].get("succeeded") == 1
    spec = job["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    assert {"name": "OPENSEARCH_ADDRESS", "value": f"https://{host}"} in container["env"]
    (volume,) = spec["volumes"]
    told = (api.get("v1", "ConfigMap", volume["configMap"]["name"], "monitoring") or {})["data"]["wanted.json"]
    assert "groundwork-team-vision" in json.loads(told)["roles"]
    configuration = (api.get("v1", "ConfigMap", "fluent-bit", "kube-system") or {})["data"]
    assert any("opensearch" in text for text in configuration.values())
    daemon = api.get("apps/v1", "DaemonSet", "fluent-bit", "kube-system") or {}
    (sender,) = daemon["spec"]["template"]["spec"]["containers"]
    assert {"name": "OPENSEARCH_HOST", "value": host} in sender["env"]
    associations = account.client("eks").list_pod_identity_associations(
        clusterName="groundwork-dev", namespace="monitoring", serviceAccount="opensearch-setup"
    )
    assert len(associations["associations"]) == 1


def test_an_environment_gets_a_search_domain_changes_it_and_loses_it(changed: Project, api: Client) -> None:
    account = changed.account()
    try:
        change(changed, 100)
        changed.groundwork("up", "dev")
        holds_in_aws(changed, account)
        holds_in_the_cluster(account, api)
        assert_state_and_world_agree(changed)
        nothing_is_left_to_do_in_the_eyes_of_the_pipeline(changed, account)
        a_hole_made_by_hand_is_seen_and_mended_with_the_next_change(changed, account)
    finally:
        change(changed, None)
        update(changed)
    nothing_of_it_is_left(changed, account, api)


def nothing_is_left_to_do_in_the_eyes_of_the_pipeline(project: Project, account: Account) -> None:
    settings = parse_settings(json.dumps(project.settings()), stack="dev", allow_placeholders=True)
    (identity,) = (each for each in identities(settings) if each.name == PREVIEWS)
    reviewer = pipeline(project, account, project.outputs()["kubeconfig"], identity)
    asked = ("preview", "--refresh", "--expect-no-changes", "--non-interactive", "-s", "dev")
    done = project.run("pulumi", *asked, variables=variables_of(project, reviewer.aws), check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def a_hole_made_by_hand_is_seen_and_mended_with_the_next_change(project: Project, account: Account) -> None:
    client, before = account.client("opensearch"), resource(project, "search-domain")
    client.update_domain_config(DomainName=DOMAIN, DomainEndpointOptions={"TLSSecurityPolicy": WIDER})
    # Of this one alone: reading all the others takes half a minute.
    asked = ("refresh", "--preview-only", "--diff", "--non-interactive", "-s", "dev", "--target", before["urn"])
    said = project.pulumi(*asked).stdout
    assert WIDER in said, said
    change(project, 120)
    update(project)
    found = described(account)
    assert found["DomainEndpointOptions"]["TLSSecurityPolicy"] == TLS_POLICY
    assert found["EBSOptions"]["VolumeSize"] == 120
    after = resource(project, "search-domain")
    assert after["created"] == before["created"], "it was replaced"


def nothing_of_it_is_left(project: Project, account: Account, api: Client) -> None:
    assert_state_and_world_agree(project)
    assert not {"search-domain", "log-policy"} & held(project).keys()
    assert not [name for name in held(project)["log-group"] if name.startswith(LOGS)]
    assert ROLE not in held(project)["role"]
    assert not [one for one in api.list("batch/v1", "Job", "monitoring") if "opensearch" in one["metadata"]["name"]]
    configuration = (api.get("v1", "ConfigMap", "fluent-bit", "kube-system") or {})["data"]
    assert not any("opensearch" in text for text in configuration.values())
    policy = account.client("kms").get_key_policy(KeyId=_key(account), PolicyName="default")["Policy"]
    assert "GrantToSearchDomains" not in policy


def _key(account: Account) -> str:
    return str(account.client("kms").describe_key(KeyId="alias/groundwork-dev-regulated")["KeyMetadata"]["KeyId"])
