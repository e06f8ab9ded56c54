"""`groundwork cost` as it is typed on files: what it prints, for people and for programs, and what it refuses."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from groundwork.__main__ import app
from groundwork.console import console
from groundwork.errors import GroundworkError
from tests.support.saved import export


@pytest.fixture(autouse=True)
def standard_output(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command for programs turns the console to standard error, for as long as its process lives."""
    monkeypatch.setattr(console, "stderr", False)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("saved")
    for environment in ("dev", "prod"):
        (folder / f"{environment}.json").write_text(json.dumps(export(environment)))
    bigger = export("dev")
    for one in bigger["deployment"]["resources"]:
        if one["urn"].endswith("::registry-instance"):
            one["inputs"]["instanceClass"] = "db.m7g.large"
    (folder / "bigger.json").write_text(json.dumps(bigger))
    return {path.stem: str(path) for path in folder.iterdir()}


def typed(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, ["cost", *arguments], input=stdin)


def said(*arguments: str, stdin: str | None = None) -> str:
    result = typed(*arguments, stdin=stdin)
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(*arguments: str, stdin: str | None = None) -> str:
    result = typed(*arguments, stdin=stdin)
    assert isinstance(result.exception, GroundworkError), result.output
    return str(result.exception)


def test_it_says_how_much_and_where_the_money_goes(files: dict[str, str]) -> None:
    text = said(files["dev"])
    document = json.loads(said(files["dev"], "--json"))
    idle, use = document["idle"], document["use"]
    assert f"dev: {idle['usd']:,.2f} USD a month idle, {use['usd']:,.2f} in use; the ceiling is 500" in text
    for sums in (use["components"], use["services"]):
        assert list(sums.values()) == sorted(sums.values(), reverse=True)
    lines = text.splitlines()
    network = next(line for line in lines if line.startswith("network "))
    assert f"{idle['components']['network']:.2f}" in network
    assert f"{use['components']['network']:.2f}" in network
    assert "████" in network
    assert "Prices from: " in text


def test_the_sum_of_the_charges_is_the_sum(files: dict[str, str]) -> None:
    document = json.loads(said(files["prod"], "--json"))
    for found in (document["idle"], document["use"]):
        exact = sum(one["quantity"] * float(one["usd_for_one"]) for one in found["charges"])
        assert round(exact, 2) == pytest.approx(found["usd"], abs=0.011)
        assert sum(found["components"].values()) == pytest.approx(found["usd"], abs=0.2)
        assert {one["component"] for one in found["charges"]} == set(found["components"])


def test_a_change_is_shown_before_and_after_biggest_first(files: dict[str, str]) -> None:
    # db.t4g.micro, 730 x 0.017 = 12.41, gives way to db.m7g.large, 730 x 0.186 = 135.78
    text = said(files["bigger"], "--against", files["dev"], "--idle")
    assert "(+123.37) USD a month idle" in text
    lines = [line.split() for line in text.splitlines()]
    assert ["registry", "15.35", "138.72", "+123.37"] in [words[:4] for words in lines]
    assert text.index("db.m7g.large") < text.index("db.t4g.micro")
    document = json.loads(said(files["bigger"], "--against", files["dev"], "--json"))
    assert (document["idle"]["usd"], document["use"]["usd"]) == (123.37, 123.37)
    assert document["idle"]["components"] == [{"name": "registry", "before": 15.35, "after": 138.72, "usd": 123.37}]


def test_nothing_changed_is_said(files: dict[str, str]) -> None:
    assert "Nothing costs more or less." in said(files["dev"], "--against", files["dev"])


def test_standard_input_is_read(files: dict[str, str]) -> None:
    text = Path(files["dev"]).read_text()
    assert said("-", "--idle", stdin=text) == said(files["dev"], "--idle")


def test_a_persons_use_is_used(files: dict[str, str], tmp_path: Path) -> None:
    own = tmp_path / "own.json"
    before = json.loads(said(files["dev"], "--json"))["use"]["usd"]
    own.write_text(
        '{"node_hours": {"named": {"gpu-node-pool-training-group-nodes": 140, "node-pool-system-group-nodes": 100}}}'
    )
    after = json.loads(said(files["dev"], "--use", str(own), "--json"))["use"]["usd"]
    # 100 hours more of g5.xlarge are 112.30; its volume is there for as long
    assert after - before > 112.30


def test_what_has_no_price_is_shown_and_makes_the_sum_a_least(tmp_path: Path) -> None:
    urn = "urn:pulumi:shop::shop::aws:ec2/instance:Instance::web"
    resource: dict[str, Any] = {"urn": urn, "type": "aws:ec2/instance:Instance", "custom": True, "inputs": {}}
    file = tmp_path / "state.json"
    file.write_text(json.dumps({"version": 3, "deployment": {"resources": [resource]}}))
    text = said(str(file))
    assert "shop: at least 0.00 USD a month idle" in text
    assert "not counted web (aws:ec2/instance:Instance): there is no price for this type" in text
    document = json.loads(said(str(file), "--json"))
    assert document["idle"]["complete"] is False
    assert document["idle"]["unknown"][0]["resource"] == "web"


def test_whether_a_ceiling_holds_cannot_be_said_of_a_sum_that_is_a_least(files: dict[str, str], tmp_path: Path) -> None:
    document = json.loads(Path(files["dev"]).read_text())
    for one in document["deployment"]["resources"]:
        if one["urn"].endswith("::node-pool-system-group-nodes"):
            one["inputs"]["instanceTypes"] = ["t9.large"]
    file = tmp_path / "state.json"
    file.write_text(json.dumps(document))
    assert "the ceiling is 500, and whether that holds cannot be said" in said(str(file))
    assert "cannot be said" not in said(files["dev"])
    text = said(str(file), "--against", files["dev"], "--idle")
    assert "of what is known" in text.splitlines()[0]
    assert text.count("ec2.instance.t9.large") == 1, "a new one is named as new and not again"
    text = said(str(file), "--against", str(file), "--idle")
    assert text.count("not counted node-pool-system-group-nodes (ec2.instance.t9.large)") == 1


def test_mistakes_are_named(files: dict[str, str], tmp_path: Path) -> None:
    own = tmp_path / "own.json"
    own.write_text('{"stored_gb": {"named": {"datasets": 1}}}')
    assert "there is no resource datasets; names are logical names" in refused(files["dev"], "--use", str(own))
    assert "give one of them, not both" in refused(files["dev"], "--idle", "--use", str(own))
    assert "is no file that can be read, and no environment (dev, prod)" in refused("staging")
    assert "name an environment, not a file" in refused(files["dev"], "--against", "running")
    assert "give a file, or running for what prod has on the twin" in refused(files["dev"], "--against", "prod")
    assert "standard input can be read once" in refused("-", "--against", "-", stdin=Path(files["dev"]).read_text())
    assert "own.json: expected the JSON of `pulumi stack export`" in refused(str(own))
    assert "test_commands.py: is no JSON" in refused(files["dev"], "--against", __file__)
