"""The Job that sets a search domain up, against OpenSearch's API of objects behind a real HTTP server."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.credentials import Credentials
from groundwork_opensearch_setup import __main__ as command
from groundwork_opensearch_setup.apply import apply, says
from groundwork_opensearch_setup.errors import SetupError
from groundwork_opensearch_setup.signed import Domain
from groundwork_opensearch_setup.wanted import Wanted, read

from components.monitoring.search_objects import wanted
from tests.support.opensearch_api import AUDIT_OF_AWS, POLICIES, SECURITY, FakeOpenSearch, serving

ROLE = "arn:aws:iam::111122223333:role/groundwork-dev"
TEAMS = {"vision": [f"{ROLE}-vision-ml-engineer"], "vision-lab": [f"{ROLE}-vision-lab-ml-engineer"]}
LIFE = f"{POLICIES}/groundwork-pods-internal"


def file_of(days: int = 7, teams: dict[str, list[str]] | None = None) -> str:
    return wanted(
        {"internal": days},
        writer_arn=f"{ROLE}-logs-identity",
        everything_arns=[f"{ROLE}-auditor"],
        team_arns=TEAMS if teams is None else teams,
    )


def objects(text: str) -> Wanted:
    return Wanted(json.loads(text))


@pytest.fixture
def api() -> Iterator[FakeOpenSearch]:
    with serving() as fake:
        yield fake


class Clock:
    """Time that passes by waiting alone."""

    def __init__(self) -> None:
        self.waited: list[float] = []

    def now(self) -> float:
        return sum(self.waited)


def domain(api: FakeOpenSearch, clock: Clock | None = None) -> Domain:
    clock = clock or Clock()
    keys = Credentials("AKIDEXAMPLE", "example", "session")
    return Domain(api.url, "eu-west-1", keys, 100.0, clock.waited.append, clock.now)


def run(api: FakeOpenSearch, text: str) -> list[str]:
    api.requests.clear()
    return list(apply(domain(api), objects(text)))


def test_an_empty_domain_gets_all_of_it(api: FakeOpenSearch) -> None:
    said = run(api, file_of())
    assert said.pop() == "audit/config: changed"
    assert said
    assert all(line.endswith(": made") for line in said)
    for kind, path in (("roles", f"{SECURITY}roles"), ("mappings", f"{SECURITY}rolesmapping"), ("policies", POLICIES)):
        for name, body in json.loads(file_of())[kind].items():
            assert api.objects[f"{path}/{name}"] == body


def test_a_second_run_writes_nothing(api: FakeOpenSearch) -> None:
    run(api, file_of())
    assert run(api, file_of()) == []
    assert api.writes == []


def test_audit_is_switched_on_and_what_is_of_aws_stays(api: FakeOpenSearch) -> None:
    run(api, file_of())
    assert api.audited["enabled"] is True
    assert api.audited["audit"]["disabled_rest_categories"] == ["AUTHENTICATED"], "who searched for what is told"
    assert f"{ROLE}-logs-identity" in api.audited["audit"]["ignore_users"]
    assert api.audited["audit"]["exclude_sensitive_headers"] is True
    assert api.audited["compliance"] == AUDIT_OF_AWS["compliance"]


def test_audit_that_somebody_switched_off_is_on_again(api: FakeOpenSearch) -> None:
    run(api, file_of())
    api.audited = api.audited | {"enabled": False}
    assert run(api, file_of()) == ["audit/config: changed"]
    assert api.audited["enabled"] is True


def test_a_role_is_there_before_its_mapping(api: FakeOpenSearch) -> None:
    run(api, file_of())
    made = [path for _, path in api.writes]
    assert made.index(f"{SECURITY}roles/groundwork-team-vision") < made.index(
        f"{SECURITY}rolesmapping/groundwork-team-vision"
    )


def test_a_team_that_is_gone_takes_its_role_mapping_and_tenant_along_and_nobody_elses(api: FakeOpenSearch) -> None:
    run(api, file_of())
    api.objects[f"{SECURITY}roles/by-hand"] = {"cluster_permissions": ["*"]}
    run(api, file_of(teams={"vision": TEAMS["vision"]}))
    assert api.writes[-3:] == [
        ("DELETE", f"{SECURITY}rolesmapping/groundwork-team-vision-lab"),
        ("DELETE", f"{SECURITY}roles/groundwork-team-vision-lab"),
        ("DELETE", f"{SECURITY}tenants/groundwork-team-vision-lab"),
    ]
    assert f"{SECURITY}roles/by-hand" in api.objects
    assert f"{SECURITY}roles/groundwork-team-vision" in api.objects


def test_indices_that_are_there_follow_a_life_that_changed(api: FakeOpenSearch) -> None:
    run(api, file_of(days=7))
    assert run(api, file_of(days=30)) == ["policies/groundwork-pods-internal: changed"]
    assert api.writes == [
        ("PUT", f"{LIFE}?if_seq_no=0&if_primary_term=1"),
        ("POST", "/_plugins/_ism/change_policy/pods.internal.*"),
    ]
    conditions = api.objects[LIFE]["policy"]["states"][0]["transitions"][0]["conditions"]
    assert conditions == {"min_index_age": "30d"}


def test_indices_that_do_not_follow_are_told_of(api: FakeOpenSearch) -> None:
    run(api, file_of(days=7))
    api.unfollowed.append("pods.internal.vision.2026.01.01")
    with pytest.raises(SetupError, match=r"pods\.internal\.vision\.2026\.01\.01"):
        run(api, file_of(days=30))


def test_a_right_that_somebody_added_by_hand_is_taken_away(api: FakeOpenSearch) -> None:
    run(api, file_of())
    role = f"{SECURITY}roles/groundwork-team-vision"
    api.objects[role]["index_permissions"][0]["allowed_actions"].append("delete")
    assert run(api, file_of()) == ["roles/groundwork-team-vision: changed"]
    assert "delete" not in api.objects[role]["index_permissions"][0]["allowed_actions"]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_domain_that_is_busy_or_starting_is_asked_again(api: FakeOpenSearch, status: int) -> None:
    api.failures = [status] * 3
    clock = Clock()
    assert list(apply(domain(api, clock), objects(file_of())))
    assert clock.waited == [1.0, 2.0, 4.0]


def test_a_domain_that_never_comes_is_given_up_and_said_so(api: FakeOpenSearch) -> None:
    api.failures = [503] * 100
    clock = Clock()
    with pytest.raises(SetupError, match=r"no answer within 100 seconds, at last status 503"):
        list(apply(domain(api, clock), objects(file_of())))
    assert sum(clock.waited) <= 100


def test_somebody_elses_change_in_between_is_looked_at_again(api: FakeOpenSearch) -> None:
    run(api, file_of(days=7))
    api.racers = 1
    assert run(api, file_of(days=30)) == ["policies/groundwork-pods-internal: changed"]
    assert [path for method, path in api.writes if method == "PUT"] == [
        f"{LIFE}?if_seq_no=0&if_primary_term=1",
        f"{LIFE}?if_seq_no=1&if_primary_term=1",
    ]


def test_somebody_who_is_always_quicker_ends_it(api: FakeOpenSearch) -> None:
    run(api, file_of(days=7))
    api.racers = 100
    with pytest.raises(SetupError, match=r"changed by somebody else 3 times"):
        run(api, file_of(days=30))


def test_a_refusal_says_what_to_look_at(api: FakeOpenSearch) -> None:
    api.failures = [403]
    with pytest.raises(SetupError, match=r"status 403; is this pod's role the domain's master"):
        run(api, file_of())


def test_lists_of_names_are_sets_and_others_have_an_order() -> None:
    assert says({"a": ["x", "y"], "more": 1}, {"a": ["y", "x"]})
    assert not says({"a": ["x", "y"]}, {"a": ["x"]})
    assert not says({"a": [{"n": 1}, {"n": 2}]}, {"a": [{"n": 2}, {"n": 1}]})
    assert says({"n": "1", "flag": "false"}, {"n": 1, "flag": False})
    assert not says({}, {"a": {}})


@pytest.mark.parametrize(
    ("text", "what"), [("{", "is no JSON"), ("[]", "must be an object"), ('{"roles": {}}', "must be an object of")]
)
def test_a_file_that_cannot_be_it_is_refused(tmp_path: Path, text: str, what: str) -> None:
    path = tmp_path / "wanted.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SetupError, match=what):
        read(path)


def test_the_command_says_what_it_changed(
    api: FakeOpenSearch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "wanted.json"
    path.write_text(file_of(), encoding="utf-8")
    for name, value in {
        "WANTED_FILE": str(path),
        "OPENSEARCH_ADDRESS": api.url,
        "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "example",
    }.items():
        monkeypatch.setenv(name, value)
    command.main()
    assert "roles/groundwork-team-vision: made" in capsys.readouterr().out
    command.main()
    assert capsys.readouterr().out == "0 objects changed\n"
    monkeypatch.delenv("WANTED_FILE")
    with pytest.raises(SystemExit, match="WANTED_FILE is missing"):
        command.main()
