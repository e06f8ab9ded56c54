from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.twin.conftest import ACCOUNT_ID, REGION, SETTINGS, Clone
from twin import places
from twin.environment import Target, environment, target
from twin.errors import TwinError
from twin.state import TwinState


def test_the_variables_point_at_the_twin_and_nowhere_else(clone: Clone) -> None:
    held = TwinState.new(20001, 20002)
    found = clone.variables(held)
    root = str(clone.places.root)
    assert found["AWS_ENDPOINT_URL"] == "https://127.0.0.1:20001"
    assert (found["AWS_ACCESS_KEY_ID"], found["AWS_SECRET_ACCESS_KEY"]) == (ACCOUNT_ID, held.root_secret)
    assert (found["AWS_REGION"], found["AWS_DEFAULT_REGION"]) == (REGION, REGION)
    assert found["AWS_CONFIG_FILE"] == f"{root}/aws/config"
    assert found["AWS_SHARED_CREDENTIALS_FILE"] == f"{root}/aws/credentials"
    assert found["AWS_CA_BUNDLE"] == found["PGSSLROOTCERT"] == f"{root}/certificates/ca.pem"
    assert found["PULUMI_BACKEND_URL"] == f"file://{root}/pulumi/state?metadata=skip"
    assert found["PULUMI_CONFIG_PASSPHRASE"] == held.passphrase


def test_the_twins_pulumi_comes_first_and_a_second_eval_adds_nothing(clone: Clone) -> None:
    held = TwinState.new(20001, 20002)
    arguments = (clone.places, clone.tools, held, ACCOUNT_ID, REGION)
    once = environment(*arguments, path="/usr/bin")["PATH"]
    tools = clone.tools
    ours, fallback = f"{clone.places.bin}:{tools.engine_bin}", f"{tools.kubernetes_bin}:{tools.python.parent}"
    assert once == f"{ours}:/usr/bin:{fallback}"
    assert environment(*arguments, path=once)["PATH"] == once


def test_account_and_region_are_read_from_the_settings_file(clone: Clone) -> None:
    assert target(clone.places.clone, "dev") == Target(ACCOUNT_ID, REGION)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("config: {}", "must hold config, in it groundwork:settings, in that", id="absent"),
        pytest.param("a: [", r"is no valid YAML: (.|\n)*line 1", id="no yaml"),
        pytest.param("", "must hold config", id="empty"),
        pytest.param(SETTINGS.replace(f'"{ACCOUNT_ID}"', ACCOUNT_ID), "12 digits in quotes", id="number"),
        pytest.param(SETTINGS.replace(ACCOUNT_ID, "1234"), "account_id is '1234'", id="too short"),
        pytest.param(SETTINGS.replace(REGION, "Ireland"), "region is 'Ireland'", id="region"),
    ],
)
def test_a_file_that_does_not_say_whose_account_is_an_error_that_names_it(clone: Clone, text: str, said: str) -> None:
    (clone.places.clone / "Pulumi.dev.yaml").write_text(text)
    with pytest.raises(TwinError, match=said) as raised:
        target(clone.places.clone, "dev")
    assert "Pulumi.dev.yaml" in str(raised.value)


def test_an_unknown_environment_is_told_the_known_ones(clone: Clone) -> None:
    with pytest.raises(TwinError, match=r"no environment 'staging'.* has dev"):
        target(clone.places.clone, "staging")


def test_the_twin_belongs_to_the_clone_above_the_working_directory(
    clone: Clone, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(places.OVERRIDE, raising=False)
    assert places.find(clone.places.clone / "stacks") == clone.places
    monkeypatch.setenv(places.OVERRIDE, str(tmp_path))
    assert places.find(clone.places.clone) == replace(clone.places, root=tmp_path)
