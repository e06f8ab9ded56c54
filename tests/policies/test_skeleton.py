"""What the skeleton promises beside the rules: crashes, settings, bounded memory, repairs, the memo."""

from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import pulumi_policy
import pytest
from pulumi_policy import ResourceValidationArgs

from policies import memo
from policies.config import Settings
from policies.index import Resource
from policies.pack import policies
from policies.rule import Findings, ResourceRule, Undecided
from policies.run import Run
from tests.policies.harness import BY_ID, TODAY, UNKNOWN, R, _options, judge, proxied, secret
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
    memo.uninstall()
    yield
    memo.uninstall()


@pytest.mark.usefixtures("stock_sdk")
class TestMemo:
    """The replacement of three functions of the SDK."""

    def test_it_reads_a_message_once_and_forgets(self) -> None:
        assert memo.install()
        assert memo.is_active()
        message = struct({"a": 1})

        def read() -> Any:
            return SDK["unknown_checking_proxy"](
                SDK["deserialize_properties"](SDK["json_format"].MessageToDict(message))
            )

        first = read()
        assert read() is first
        memo.forget()
        assert read() is not first
        memo.forget()

    def test_answers_that_keep_secrets_are_never_shared(self) -> None:
        memo.install()
        props = {"a": secret("x")}
        assert SDK["deserialize_properties"](props, True) is not SDK["deserialize_properties"](props, True)

    def test_a_full_cache_reads_as_the_sdk_does(self, monkeypatch: pytest.MonkeyPatch) -> None:
        memo.install()
        monkeypatch.setattr(memo, "LIMIT", 0)
        props: dict[str, Any] = {"a": 1}
        assert SDK["deserialize_properties"](props) is not SDK["deserialize_properties"](props)

    def test_another_sdk_stays_as_it_is(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(memo, "version", lambda _: "1.22.0")
        assert not memo.install()
        assert not memo.is_active()

    def test_the_installed_sdk_is_the_one_it_was_written_for(self) -> None:
        assert version("pulumi-policy") == memo.SDK_VERSION
