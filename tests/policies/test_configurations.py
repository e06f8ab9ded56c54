"""The named configurations, those of the environments, and the files that follow from the rules."""

import itertools
import json
from dataclasses import replace
from pathlib import Path

import pytest
from pulumi_policy import EnforcementLevel, Severity

from policies.config.pack_config import ALL, PACK_LEVELS, PackConfig, PackConfigError, load, parse
from policies.ladder import FOLDER, LADDER, configuration
from policies.rules import RULES
from tests.policies import generated
from tests.policies.harness import BY_ID
from tests.support.pack import POLICIES
from tests.support.stack_files import ENVIRONMENTS

IDS = frozenset(BY_ID)
STRICTNESS = [EnforcementLevel.DISABLED, EnforcementLevel.ADVISORY, EnforcementLevel.MANDATORY]


def levels(config: PackConfig) -> dict[str, EnforcementLevel]:
    own = {rule.id: rule.default_level for rule in RULES} | dict(PACK_LEVELS)
    return {name: config.level(name, level) for name, level in own.items()}


def test_what_is_generated_from_the_rules_is_current() -> None:
    stale = [str(path) for path, text in generated.files().items() if path.read_text(encoding="utf-8") != text]
    assert not stale, "run: python -m tests.policies.generated"


def test_each_configuration_is_at_least_as_strict_as_the_one_before_and_none_is_silent() -> None:
    steps = [levels(load(FOLDER / f"{name}.json", IDS)) for name in LADDER]
    for lower, higher in itertools.pairwise(steps):
        assert lower != higher
        assert all(STRICTNESS.index(lower[name]) <= STRICTNESS.index(higher[name]) for name in lower)
    assert EnforcementLevel.DISABLED not in steps[0].values()


def test_standard_is_what_the_pack_does_without_a_config() -> None:
    assert levels(load(FOLDER / "standard.json", IDS)) == levels(PackConfig())


def test_baseline_stops_what_is_critical_and_regulated_stops_everything() -> None:
    baseline, _, regulated = (levels(load(FOLDER / f"{name}.json", IDS)) for name in LADDER)
    for rule in RULES:
        assert (baseline[rule.id] is EnforcementLevel.MANDATORY) == (rule.severity is Severity.CRITICAL), rule.id
        assert regulated[rule.id] is EnforcementLevel.MANDATORY, rule.id
    for config in (baseline, regulated):
        assert {name: config[name] for name in PACK_LEVELS} == PACK_LEVELS, "advice must not stop anybody"


def test_a_rule_that_is_new_to_an_older_file_is_not_lost() -> None:
    newer = replace(BY_ID["ENC-04"], id="ENC-99")
    assert load(FOLDER / "regulated.json", IDS).level(newer.id, newer.default_level) is EnforcementLevel.MANDATORY
    assert configuration("baseline", [newer])["ENC-99"] == "mandatory"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_environment_of_the_project_is_held_to_regulated(environment: str) -> None:
    config = load(POLICIES / "environments" / f"{environment}.json", IDS)
    assert levels(config) == levels(load(FOLDER / "regulated.json", IDS))
    assert config.settings.production == (environment == "prod")
    assert not config.settings.waivers


def test_there_is_no_configuration_for_an_environment_that_does_not_exist() -> None:
    assert {path.stem for path in (POLICIES / "environments").glob("*.json")} == set(ENVIRONMENTS)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is no JSON"),
        ("[]", "expected a map"),
        ('{"ENC-004": "mandatory"}', "ENC-004: there is no such policy; did you mean ENC-04?"),
        ('{"nothing": "mandatory"}', "nothing: there is no such policy\n"),
        ('{"ENC-04": "strict"}', "ENC-04: expected a level: "),
        ('{"ENC-04": 3}', "ENC-04: expected a level ("),
        ('{"ENC-04": {"enforcementLevel": 3}}', "ENC-04: expected a level: "),
        ('{"ENC-04": {"production": true}}', "ENC-04: takes a level only; settings belong to pack-settings"),
        ('{"pack-settings": {"production": "yes"}}', "pack-settings.production: expected true or false"),
    ],
)
def test_what_is_wrong_in_a_file_is_named_with_its_place(text: str, said: str) -> None:
    with pytest.raises(PackConfigError) as refused:
        parse(text, "here.json", IDS)
    assert str(refused.value).startswith("here.json: ")
    assert said in f"{refused.value}\n"


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(PackConfigError) as refused:
        parse(json.dumps({"ENC-98": "mandatory", "ACC-01": "no"}), "here.json", IDS)
    assert len(str(refused.value).splitlines()) == 2


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(PackConfigError, match=r"missing\.json: cannot be read: No such file"):
        load(tmp_path / "missing.json", IDS)
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PackConfigError, match="it is no text"):
        load(tmp_path / "binary.json", IDS)


def test_levels_are_taken_as_the_engine_takes_them() -> None:
    text = '{"all": "advisory", "ENC-04": {"enforcementLevel": "disabled"}, "pack-settings": {"production": true}}'
    config = parse(text, "here.json", IDS)
    assert config.levels[ALL] is EnforcementLevel.ADVISORY
    assert config.level("ENC-04", EnforcementLevel.MANDATORY) is EnforcementLevel.DISABLED
    assert config.level("ACC-01", EnforcementLevel.MANDATORY) is EnforcementLevel.ADVISORY
    assert parse("{}", "x", IDS).level("ACC-01", EnforcementLevel.MANDATORY) is EnforcementLevel.MANDATORY
    assert config.settings.production
