"""Decides whether each alert fires when it should, and only then; Prometheus' own promtool is the judge."""

from pathlib import Path

import pytest
import yaml

from components.monitoring.rules import rule_files
from tests.support.monitoring import promtool
from tests.unit.monitoring.cases import FOLDER, OBJECTIVES, RUNBOOKS, promtool_test, rules_of

FILES = sorted(path.stem for path in FOLDER.iterdir())


def test_promtool_takes_every_rule_file(tmp_path: Path) -> None:
    for name, text in rule_files(RUNBOOKS, 100).items():
        (tmp_path / name).write_text(text)
    files = [str(path) for path in sorted(tmp_path.iterdir())]
    done = promtool("check", "rules", "--lint=all", "--lint-fatal", *files)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", FILES)
def test_alerts_fire_when_they_should_and_only_then(name: str, tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rules_of(name)))
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(promtool_test(name), sort_keys=False))
    done = promtool("test", "rules", str(tmp_path / "test.yaml"))
    assert done.returncode == 0, done.stdout


def test_without_an_error_the_share_of_errors_is_nought_and_not_unknown(tmp_path: Path) -> None:
    slo = "tracking-server-availability"
    given = {"series": 'mlflow_http_request_total{status="200"}', "values": "0+60x70"}
    expected = {
        "expr": f'slo:error_ratio:rate1h{{slo="{slo}"}}',
        "eval_time": "65m",
        "exp_samples": [
            {"labels": f'slo:error_ratio:rate1h{{slo="{slo}", service="tracking-server"}}', "value": 0},
        ],
    }
    test = {"input_series": [given], "interval": "1m", "promql_expr_test": [expected]}
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rules_of(OBJECTIVES)))
    (tmp_path / "test.yaml").write_text(yaml.safe_dump({"rule_files": ["rules.yaml"], "tests": [test]}))
    done = promtool("test", "rules", str(tmp_path / "test.yaml"))
    assert done.returncode == 0, done.stdout
