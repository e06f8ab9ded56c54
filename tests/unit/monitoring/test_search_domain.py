"""Decides what the search domain asks for: its limits, who may ask it for anything, and whose Job sets it up."""

import fnmatch
import json
from typing import Any

import pytest
from pydantic import ValidationError

from components.monitoring.log_settings import LogsSettings
from components.monitoring.search_domain import SearchDomain, SearchDomainArgs, domain_arn, setup_rights
from components.monitoring.search_objects import index_prefix, wanted
from components.monitoring.search_settings import SearchSettings
from components.policy_document import document
from tests.support.recorder import ACCOUNT_ID, REGION, Recorder, run_program
from tests.unit.security.evaluator import decision

IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/opensearch-setup@sha256:" + "0" * 64
SETTINGS = SearchSettings(setup_image=IMAGE, protect=False)
ROLES = f"arn:aws:iam::{ACCOUNT_ID}:role/groundwork-dev"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/confidential"
ARN = domain_arn(ACCOUNT_ID, REGION, "dev")
DAY = ".2026.01.31"


def args(**changed: Any) -> SearchDomainArgs:
    given = {
        "settings": SETTINGS,
        "account_id": ACCOUNT_ID,
        "region": REGION,
        "environment": "dev",
        "vpc_id": "vpc-1",
        "subnet_ids": ("subnet-1", "subnet-2", "subnet-3"),
        "key_arn": KEY,
        "logs_key_arn": KEY,
        "client_security_group_ids": {"cluster": "sg-cluster"},
        "master_role_arn": f"{ROLES}-search-setup",
        "reader_role_arns": (f"{ROLES}-auditor",),
    }
    return SearchDomainArgs.model_validate(given | changed)


def built(recorder: Recorder, **changed: Any) -> dict[str, Any]:
    run_program(lambda: SearchDomain("search", args(**changed)))
    (domain,) = recorder.of_type("aws:opensearch/domain:Domain")
    return dict(domain.inputs)


def test_it_is_encrypted_private_and_over_three_zones(recorder: Recorder) -> None:
    domain = built(recorder)
    assert domain["encryptAtRest"] == {"enabled": True, "kmsKeyId": KEY}
    assert domain["nodeToNodeEncryption"] == {"enabled": True}
    assert domain["domainEndpointOptions"]["enforceHttps"] is True
    assert domain["domainEndpointOptions"]["tlsSecurityPolicy"].startswith("Policy-Min-TLS-1-2-PFS")
    assert domain["vpcOptions"]["subnetIds"] == ["subnet-1", "subnet-2", "subnet-3"]
    assert domain["clusterConfig"]["zoneAwarenessEnabled"] is True
    assert (
        domain["clusterConfig"]["instanceCount"]
        % domain["clusterConfig"]["zoneAwarenessConfig"]["availabilityZoneCount"]
        == 0
    )


def test_a_volume_has_what_aws_gives_without_a_surcharge_and_takes_at_every_size(recorder: Recorder) -> None:
    assert built(recorder)["ebsOptions"] | {"volumeSize": 0} == {
        "ebsEnabled": True,
        "volumeType": "gp3",
        "volumeSize": 0,
        "iops": 3000,
        "throughput": 250,
    }
    with pytest.raises(ValidationError, match="volume_gib"):
        SearchSettings(setup_image=IMAGE, volume_gib=1001)


def test_dedicated_masters_are_three_or_none(recorder: Recorder) -> None:
    assert built(recorder)["clusterConfig"]["dedicatedMasterEnabled"] is False
    wanted = SETTINGS.model_copy(update={"master_instance_type": "m7g.large.search"})
    run_program(lambda: SearchDomain("other", args(settings=wanted)))
    config = recorder.of_type("aws:opensearch/domain:Domain")[1].inputs["clusterConfig"]
    assert config["dedicatedMasterEnabled"] is True
    assert (config["dedicatedMasterCount"], config["dedicatedMasterType"]) == (3, "m7g.large.search")


def test_nobody_has_a_password_and_the_job_is_its_master(recorder: Recorder) -> None:
    assert built(recorder)["advancedSecurityOptions"] == {
        "enabled": True,
        "anonymousAuthEnabled": False,
        "internalUserDatabaseEnabled": False,
        "masterUserOptions": {"masterUserArn": f"{ROLES}-search-setup"},
    }


def test_named_people_alone_may_ask_it_and_change_nothing_but_dashboards(recorder: Recorder) -> None:
    statements = json.loads(built(recorder)["accessPolicies"])["Statement"]
    assert all(one["Principal"] == {"AWS": [f"{ROLES}-auditor"]} for one in statements)
    changing = [one["Resource"] for one in statements if {"es:ESHttpPut", "es:ESHttpDelete"} & set(one["Action"])]
    assert changing == [[f"{ARN}/_dashboards/*"]]


def test_without_people_nobody_is_named(recorder: Recorder) -> None:
    assert "accessPolicies" not in built(recorder, reader_role_arns=())


def test_only_its_clients_reach_it_and_it_reaches_nobody(recorder: Recorder) -> None:
    built(recorder)
    (group,) = recorder.of_type("aws:ec2/securityGroup:SecurityGroup")
    assert group.inputs["egress"] == []
    (rule,) = recorder.of_type("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
    assert (rule.inputs["fromPort"], rule.inputs["toPort"]) == (443, 443)
    assert rule.inputs["referencedSecurityGroupId"] == "sg-cluster"


def test_people_reach_it_from_named_networks_alone(recorder: Recorder) -> None:
    wanted = SearchSettings.model_validate(SETTINGS.model_dump() | {"source_ranges": ["10.0.0.0/8", "172.16.0.0/12"]})
    built(recorder, settings=wanted)
    rules = [one.inputs for one in recorder.of_type("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")]
    assert {one.get("cidrIpv4") for one in rules} == {None, "10.0.0.0/8", "172.16.0.0/12"}
    assert {(one["fromPort"], one["toPort"]) for one in rules} == {(443, 443)}
    with pytest.raises(ValidationError, match=r"0\.0\.0\.0/0 is of the internet"):
        SearchSettings.model_validate({"setup_image": IMAGE, "source_ranges": ["0.0.0.0/0"]})


def test_what_it_says_of_itself_is_kept_by_a_group_of_ours(recorder: Recorder) -> None:
    domain = built(recorder)
    assert "AUDIT_LOGS" in {one["logType"] for one in domain["logPublishingOptions"]}
    groups = recorder.of_type("aws:cloudwatch/logGroup:LogGroup")
    assert {(one.inputs["kmsKeyId"], one.inputs["retentionInDays"]) for one in groups} == {(KEY, 365)}
    (policy,) = recorder.of_type("aws:cloudwatch/logResourcePolicy:LogResourcePolicy")
    (statement,) = json.loads(policy.inputs["policyDocument"])["Statement"]
    assert statement["Condition"]["ArnLike"] == {"aws:SourceArn": ARN}
    pattern = statement["Resource"][0]
    for group in groups:
        assert fnmatch.fnmatch(f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:{group.inputs['name']}", pattern)


@pytest.mark.parametrize(
    "changed",
    [{"instance_count": 2}, {"instance_type": "t2.small.search"}, {"master_instance_type": "m3.large.search"}],
)
def test_a_domain_that_would_not_outlive_a_zone_or_be_encrypted_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(changed))):
        SearchSettings.model_validate({"setup_image": IMAGE} | changed)


def test_nodes_that_do_not_go_evenly_into_zones_are_refused() -> None:
    with pytest.raises(ValidationError, match="there are 2 zones: it must be a multiple of that, such as 4"):
        args(subnet_ids=("subnet-1", "subnet-2"))


def test_every_class_that_is_logged_has_a_life_in_the_domain() -> None:
    with pytest.raises(ValidationError, match="name the same classes"):
        LogsSettings(retention_in_days={"confidential": 90}, opensearch=SETTINGS)


def test_a_team_reads_its_own_indices_and_not_those_of_one_whose_name_goes_on() -> None:
    file = json.loads(
        wanted(
            {"internal": 7, "confidential": 7},
            writer_arn=f"{ROLES}-logs-identity",
            everything_arns=[f"{ROLES}-auditor"],
            team_arns={"vision": [f"{ROLES}-vision-ml-engineer"], "vision-lab": [f"{ROLES}-vision-lab-ml-engineer"]},
        )
    )

    def reads(role: str, index: str) -> bool:
        (rights,) = file["roles"][role]["index_permissions"]
        return any(fnmatch.fnmatchcase(index, pattern) for pattern in rights["index_patterns"])

    for log_class in ("internal", "confidential"):
        assert reads("groundwork-team-vision", index_prefix(log_class, "vision") + DAY)
        assert not reads("groundwork-team-vision", index_prefix(log_class, "vision-lab") + DAY)
        assert not reads("groundwork-team-vision-lab", index_prefix(log_class, "vision") + DAY)
        assert not reads("groundwork-team-vision", index_prefix(log_class, "_platform") + DAY)
        assert reads("groundwork-reads-everything", index_prefix(log_class, "_platform") + DAY)
    mapped = {name: one["backend_roles"] for name, one in file["mappings"].items()}
    assert mapped["groundwork-team-vision"] == [f"{ROLES}-vision-ml-engineer"]
    assert mapped["groundwork-writer"] == [f"{ROLES}-logs-identity"]
    assert f"{ROLES}-logs-identity" not in mapped["opensearch_dashboards_user"]


def test_slow_requests_are_told_of_and_a_line_keeps_its_nanoseconds() -> None:
    file = json.loads(wanted({"internal": 7}, writer_arn=ROLES, everything_arns=[], team_arns={}))
    (template,) = file["index_templates"].values()
    index = template["template"]["settings"]["index"]
    assert index["search"]["slowlog"]["threshold"]["query"]["warn"]
    assert index["indexing"]["slowlog"]["threshold"]["index"]["warn"]
    assert template["template"]["mappings"]["properties"]["@timestamp"] == {"type": "date_nanos"}


def test_the_writer_neither_reads_nor_deletes() -> None:
    file = json.loads(wanted({"internal": 7}, writer_arn=ROLES, everything_arns=[], team_arns={}))
    (rights,) = file["roles"]["groundwork-writer"]["index_permissions"]
    assert not {"read", "delete", "write", "crud", "indices_all", "*"} & set(rights["allowed_actions"])
    assert all(
        one == "create_index" or one.split("/")[0] in {"indices:data", "indices:admin"}
        for one in rights["allowed_actions"]
    )


def test_the_role_that_sets_it_up_asks_this_domain_alone_and_changes_nothing_of_it_in_aws() -> None:
    rights = document(setup_rights(ARN))
    for method in ("Get", "Put", "Post", "Delete"):
        assert decision(rights, f"es:ESHttp{method}", f"{ARN}/_plugins/_security/api/roles/x", {}) == "Allow"
        assert decision(rights, f"es:ESHttp{method}", f"{ARN}-other/_cat/indices", {}) == "none"
    for action in ("es:UpdateDomainConfig", "es:DeleteDomain", "es:AddTags"):
        assert decision(rights, action, ARN, {}) == "none"
