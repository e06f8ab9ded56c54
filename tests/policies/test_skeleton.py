"""What the skeleton promises beside the rules: crashes, settings, bounded memory, repairs, the servicer."""

from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import pulumi_policy
import pytest
from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import EnforcementLevel, ResourceValidationArgs

from policies import servicer
from policies.config import Settings
from policies.index import Resource
from policies.pack import RulePolicy, policies
from policies.rule import Findings, ResourceRule, Undecided
from policies.run import Run
from tests.policies.harness import BY_ID, TODAY, UNKNOWN, R, _options, judge, proxied
from tests.policies.specs.encryption import BUCKET, DB, ENCRYPTION, GROUPED
from tests.support.pack import struct

SDK = vars(pulumi_policy.policy)


def args_of(item: R) -> ResourceValidationArgs:
    return ResourceValidationArgs(item.type, proxied(item.props), item.urn, item.name, _options(item), None)


def test_a_rule_that_fails_is_reported_by_itself_without_what_it_read() -> None:
    def check(resource: Resource, settings: Settings) -> Findings:
        raise ValueError(f"{resource.inputs} {settings}")

    rule = BY_ID["ENC-04"]
    assert isinstance(rule, ResourceRule)
    broken = replace(rule, check=check)
    pack = policies([broken], TODAY)
    told: list[tuple[str, str]] = []
    for policy in pack:
        item = args_of(R("aws:rds/instance:Instance", {"password": "hunter2"}))
        policy.validate(item, lambda text, _, p=policy: told.append((p.name, text)))  # type: ignore[attr-defined]
    ((name, text),) = told
    assert name == "ENC-04"
    assert "ENC-04 failed (ValueError in check, line" in text
    assert "hunter2" not in text


def test_unknowns_can_be_reported_instead_of_denied() -> None:
    open_point = DB.with_props({"storageEncrypted": True, "kmsKeyId": UNKNOWN})
    assert [name for name, _, _ in judge("ENC-04", open_point).told] == ["ENC-04"]
    assert [name for name, _, _ in judge("ENC-04", open_point, settings={"unknowns": "report"}).told] == [
        "pack-notices"
    ]
    bad = DB.with_props({"storageEncrypted": False})
    assert {name for name, _, _ in judge("ENC-04", bad, settings={"unknowns": "report"}).told} == {"ENC-04"}


def test_a_companion_in_another_stack_is_believed_only_where_it_is_declared() -> None:
    assert [name for name, _, _ in judge("ENC-01", BUCKET).told] == ["ENC-01"]
    declared = {"companions": [{"rule": "ENC-01", "urn": "*::bucket", "stack": "org/data/prod"}]}
    ((name, _, text),) = judge("ENC-01", BUCKET, settings=declared).told
    assert name == "pack-notices"
    assert "org/data/prod" in text
    other = {"companions": [{"rule": "ENC-01", "urn": "*::another", "stack": "org/data/prod"}]}
    assert [name for name, _, _ in judge("ENC-01", BUCKET, settings=other).told] == ["ENC-01"]


def test_a_declared_companion_does_not_excuse_a_bad_one() -> None:
    declared = {"companions": [{"rule": "ENC-01", "urn": "*", "stack": "org/data/prod"}]}
    assert (
        judge("ENC-01", ENCRYPTION.with_props({"bucket": "data", "rules": [{}]}), BUCKET, settings=declared).told[0][0]
        == "ENC-01"
    )


def test_a_targeted_run_takes_a_missing_companion_as_advice_and_no_other_violation() -> None:
    assert [name for name, _, _ in judge("ENC-06", GROUPED, targeted=True).told] == ["pack-notices"]
    default_group = GROUPED.with_props({"engine": "postgres"})
    assert [name for name, _, _ in judge("ENC-06", default_group, targeted=True).told] == ["ENC-06"]


@pytest.mark.parametrize(
    ("settings", "rule", "resource"),
    [
        ({"keyDeletionWindowDays": 7}, "ENC-08", R("aws:kms/key:Key", {"deletionWindowInDays": 7}, protect=True)),
        ({"defaultTier": "internal"}, "ENC-04", R("aws:rds/instance:Instance", {"storageEncrypted": True})),
        (
            {"tierTag": "class"},
            "ENC-04",
            R("aws:rds/instance:Instance", {"storageEncrypted": True, "tags": {"class": "public"}}),
        ),
        (
            {"exemptServices": ["x.amazonaws.com"]},
            "ACC-05",
            R(
                "aws:iam/role:Role",
                {
                    "assumeRolePolicy": {
                        "Statement": [
                            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "x.amazonaws.com"}}
                        ]
                    }
                },
            ),
        ),
        (
            {"readOnlyActions": ["s3:Get*"]},
            "ACC-03",
            R(
                "aws:iam/policy:Policy",
                {"policy": {"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}},
            ),
        ),
        (
            {"escalationSets": []},
            "ACC-02",
            R(
                "aws:iam/policy:Policy",
                {"policy": {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}},
            ),
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_a_setting_is_obeyed(settings: dict[str, Any], rule: str, resource: R) -> None:
    assert judge(rule, resource).verdict == "deny"
    assert judge(rule, resource, settings=settings).verdict == "pass"


def test_listed_ports_of_load_balancers_are_a_setting() -> None:
    rule = {"protocol": "tcp", "fromPort": 80, "toPort": 80, "cidrBlocks": ["0.0.0.0/0"]}
    group = R("aws:ec2/securityGroup:SecurityGroup", {"ingress": [rule]}, "g", outputs={"id": "sg-1"})
    balancer = R("aws:lb/loadBalancer:LoadBalancer", {"securityGroups": ["sg-1"]}, "b")
    assert judge("NET-01", group, balancer).verdict == "deny"
    assert judge("NET-01", group, balancer, settings={"loadBalancerPorts": [80, 443]}).verdict == "pass"


def test_memory_is_bounded_and_a_full_one_answers_at_once() -> None:
    run = Run(frozenset(), frozenset(), TODAY, limit=2)
    seen = [run.see(args_of(replace(DB, name=f"db{number}"))) for number in range(3)]
    stack = run.begin_stack([])
    assert not stack.resources
    assert [run.defer("ENC-04", resource, (Undecided("kmsKeyId"),)) for resource in seen] == [True, True, False]


@pytest.fixture
def stock_sdk() -> Iterator[None]:
    servicer.uninstall()
    yield
    servicer.uninstall()


@pytest.mark.usefixtures("stock_sdk")
class TestServicer:
    """What takes the place of the SDK's servicer; test_wire.py compares what both say."""

    @staticmethod
    def made(*rules: str) -> Any:
        pack = policies([BY_ID[rule] for rule in rules], TODAY)
        return SDK["_PolicyAnalyzerServicer"]("groundwork", "0.0.1", pack, EnforcementLevel.ADVISORY)

    @staticmethod
    def request(item: R) -> analyzer_pb2.AnalyzeRequest:
        return analyzer_pb2.AnalyzeRequest(type=item.type, urn=item.urn, name=item.name, properties=struct(item.props))

    def test_it_reads_a_request_once_for_all_policies(self, monkeypatch: pytest.MonkeyPatch) -> None:
        read: list[Any] = []

        def counted(message: Any) -> Any:
            read.append(message)
            return MessageToDict(message)

        monkeypatch.setattr("policies.servicer.json_format.MessageToDict", counted)
        assert servicer.install()
        quick = self.made(*BY_ID)
        quick.Analyze(self.request(DB), None)
        assert len(read) == 1
        properties = [analyzer_pb2.AnalyzerResource(type=DB.type, urn=f"{DB.urn}{n}", name="x") for n in range(5)]
        quick.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(resources=properties), None)
        assert len(read) == 1 + 5

    def test_it_calls_no_rule_that_a_type_does_not_concern(self, monkeypatch: pytest.MonkeyPatch) -> None:
        servicer.install()
        quick, called = self.made("ENC-04", "ENC-07"), []
        monkeypatch.setattr(RulePolicy, "validate", lambda policy, args, report: called.append(policy.name))
        for _ in range(2):  # who is concerned is remembered
            quick.Analyze(self.request(DB), None)
        assert called == ["ENC-04", "ENC-04"]

    def test_settings_that_come_later_decide_anew_who_is_concerned(self) -> None:
        servicer.install()
        quick = self.made("RES-08")
        item = R("aws:mystery/store:Store", {})
        production = {"production": True}

        def said(settings: dict[str, Any]) -> list[str]:
            config = {
                "pack-settings": analyzer_pb2.PolicyConfig(
                    enforcementLevel=analyzer_pb2.MANDATORY, properties=struct(settings)
                )
            }
            quick.Configure(analyzer_pb2.ConfigureAnalyzerRequest(policyConfig=config), None)
            return [diagnostic.policyName for diagnostic in quick.Analyze(self.request(item), None).diagnostics]

        assert said(production) == []
        assert said(production | {"statefulTypes": [item.type]}) == ["RES-08"]
        assert said(production) == []

    def test_another_sdk_stays_as_it_is(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(servicer, "version", lambda _: "1.22.0")
        assert not servicer.install()
        assert SDK["_PolicyAnalyzerServicer"] is not servicer.QuickServicer

    def test_the_installed_sdk_is_the_one_it_was_written_for(self) -> None:
        assert version("pulumi-policy") == servicer.SDK_VERSION
        assert servicer.install()
        assert SDK["_PolicyAnalyzerServicer"] is servicer.QuickServicer
