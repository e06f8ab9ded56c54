"""Who may come how, by pg_hba.conf, and what the front is told."""

from pathlib import Path

import pytest

from twin.postgres.configuration import Configuration, Tls
from twin.postgres.front_settings import SERVED, VERIFIED, FrontSettings

TLS = Tls(
    *(Path(f"/certificates/{name}") for name in ("server.pem", "server.key", "ca.pem", "f.pem", "f.key", "fca.pem"))
)


def rules(force_tls: bool) -> list[list[str]]:
    return [line.split() for line in Configuration(5432, TLS, force_tls, {}).pg_hba_conf().splitlines()]


@pytest.mark.parametrize("force_tls", [True, False])
def test_only_the_front_comes_in_without_a_password_and_it_proves_that_it_is_the_front(force_tls: bool) -> None:
    trusted = [rule for rule in rules(force_tls) if "trust" in rule]
    (rule,) = trusted
    assert rule[0] == "hostssl"
    assert rule[3].partition("/")[0] == VERIFIED != SERVED
    assert rule[3].partition("/")[2] in ("32", "128")
    assert rule[-1] == "clientcert=verify-ca"


def test_the_administrator_comes_with_his_password_before_any_other_rule() -> None:
    found = rules(force_tls=True)
    assert [rule[2:] for rule in found[:2]] == [
        ["rdsadmin", f"{SERVED}/32", "scram-sha-256"],
        ["rdsadmin", "all", "reject"],
    ]


def test_forced_tls_leaves_no_rule_without_it() -> None:
    assert {rule[0] for rule in rules(force_tls=True) if "reject" not in rule} == {"hostssl"}
    assert {rule[0] for rule in rules(force_tls=False) if "reject" not in rule} == {"hostssl", "hostnossl"}


def test_parameters_are_quoted_and_those_of_tls_reach_the_front() -> None:
    parameters = {"ssl_min_protocol_version": "TLSv1.3", "application_name": "it's \\ this", "ssl_ciphers": ""}
    configuration = Configuration(5432, TLS, True, parameters)
    assert "application_name = 'it''s \\\\ this'\n" in configuration.postgresql_conf()
    settings = configuration.front(5433)
    assert (settings.port, settings.server_port) == (5433, 5432)
    assert settings.tls == {"ssl_min_protocol_version": "TLSv1.3"}
    assert FrontSettings.decoded(settings.encoded()) == settings
