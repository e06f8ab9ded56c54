"""Decides the physical names that something outside the program refers to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.naming import BUCKET_NAME_LIMIT, bucket_name, physical_name

PART = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=80)


def test_a_short_name_is_project_environment_and_role() -> None:
    assert physical_name("dev", "tracking", "server", limit=64) == "groundwork-dev-tracking-server"


def test_a_bucket_name_holds_account_and_region_because_it_is_global() -> None:
    assert bucket_name("dev", "audit", "111122223333", "eu-west-1") == "groundwork-dev-audit-111122223333-eu-west-1"


def test_a_long_name_keeps_its_beginning_and_ends_in_a_hash_that_never_changes() -> None:
    name = bucket_name("staging-west", "access-logs-replica", "111122223333", "ap-southeast-2")
    assert name == "groundwork-staging-west-access-logs-replica-1111222233-" + name[-8:]
    assert len(name) == BUCKET_NAME_LIMIT
    assert name[-8:] == "fbc5699a", "sha256 of the whole name"


@given(PART, PART, st.integers(min_value=20, max_value=80))
def test_a_name_never_exceeds_the_limit(environment: str, role: str, limit: int) -> None:
    assert len(physical_name(environment, role, limit=limit)) <= limit


@given(st.lists(PART, min_size=2, max_size=2, unique=True))
def test_two_roles_never_share_a_name(roles: list[str]) -> None:
    assert physical_name("dev", roles[0], limit=40) != physical_name("dev", roles[1], limit=40)


@pytest.mark.parametrize("parts", [("",), ("a", "")])
def test_an_empty_part_is_refused(parts: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="no empty part"):
        physical_name("dev", *parts, limit=64)


def test_a_limit_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="limit of 9"):
        physical_name("dev", "role", limit=9)
