"""The contracts of every component and all policies, held against one with a search domain, which no stack file has."""

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from tests.contracts import test_components as contracts
from tests.support.program import record
from tests.support.program import recorded as without_search_domain
from tests.support.recorder import Recorder
from tests.support.search_domains import with_search_domain
from tests.support.stack_files import ENVIRONMENTS


@cache
def recorded(environment: str, *, preview: bool = False) -> Recorder:
    return record(environment, with_search_domain(environment), preview=preview)


@pytest.mark.parametrize("contract", contracts.HELD_BY_ANY_PROGRAM, ids=lambda contract: str(contract.__name__))
def test_the_contracts_hold_with_a_search_domain(
    contract: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contracts, "recorded", recorded)
    monkeypatch.setattr(contracts, "record", recorded)
    contract("dev")


def grants_to_domains(made: Recorder) -> set[str]:
    """The keys whose policy lets a search domain have a grant."""
    keys = made.of_type("aws:kms/key:Key")
    return {key.name for key in keys if "GrantToSearchDomains" in key.inputs["policy"]}


def test_the_key_of_its_class_lets_it_have_a_grant_and_no_other_does() -> None:
    made = recorded("dev")
    (domain,) = made.of_type("aws:opensearch/domain:Domain")
    (key,) = grants_to_domains(made)
    assert domain.inputs["encryptAtRest"]["kmsKeyId"] == made.state[key]["arn"]
    assert not grants_to_domains(without_search_domain("dev"))


def alarms_of(made: Recorder) -> dict[str, Any]:
    """What CloudWatch looks at of a search domain, by the alarm's name."""
    alarms = [one.inputs for one in made.of_type("aws:cloudwatch/metricAlarm:MetricAlarm")]
    return {one["name"]: one for one in alarms if one["namespace"] == "AWS/ES"}


def test_somebody_is_told_when_it_fails_and_of_no_domain_where_there_is_none() -> None:
    made = recorded("dev")
    (domain,) = made.of_type("aws:opensearch/domain:Domain")
    watched = alarms_of(made)
    assert watched.keys() == {
        f"groundwork-dev-search-{one}"
        for one in ("red", "storage", "writes-blocked", "memory", "key-error", "key-inaccessible")
    }
    assert {one["dimensions"]["DomainName"] for one in watched.values()} == {domain.inputs["domainName"]}
    assert all(one["alarmActions"] == one["okActions"] and one["alarmActions"] for one in watched.values())
    assert not alarms_of(without_search_domain("dev"))


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_it_is_there_and_fluent_bit_writes_as_the_role_that_it_lets_in(environment: str) -> None:
    made = recorded(environment)
    assert len(made.of_type("aws:opensearch/domain:Domain")) == 1
    (wanted,) = (
        one.inputs["data"]["wanted.json"]
        for one in made.of_type("kubernetes:core/v1:ConfigMap")
        if "wanted.json" in one.inputs["data"]
    )
    names = {one.inputs["name"] for one in made.of_type("aws:iam/role:Role")}
    let_in = set(re.findall(r"role/(groundwork-[a-z0-9-]+)", wanted))
    assert f"groundwork-{environment}-logs-identity" in let_in
    assert let_in <= names
