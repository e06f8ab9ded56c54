"""Decides what an objective becomes; whether its alerts fire when they should is tried in test_rules.py."""

import pytest
from pydantic import ValidationError

from components.monitoring.objectives import SECONDS, URGENCIES, Objective, group_of, objectives


def objective(**changed: object) -> Objective:
    return Objective.model_validate(
        {
            "name": "api",
            "alert": "ApiErrorBudgetBurn",
            "service": "api",
            "objective": 0.99,
            "minimum_requests": 10,
            "errors": "sum(rate(errors_total[$window]))",
            "total": "sum(rate(requests_total[$window]))",
            "summary": "Too many errors",
        }
        | changed
    )


def test_both_shares_are_recorded_in_every_window() -> None:
    rules = {rule["record"]: rule for rule in group_of(objective())["rules"] if "record" in rule}
    for window, seconds in SECONDS.items():
        ratio = rules[f"slo:error_ratio:rate{window}"]
        total = f"(sum(rate(requests_total[{window}])))"
        assert ratio["expr"] == f"((sum(rate(errors_total[{window}]))) or 0 * {total})\n/\n{total}"
        assert ratio["labels"] == {"slo": "api", "service": "api"}
        requests = rules[f"slo:requests:increase{window}"]
        assert requests["expr"] == f"(sum(rate(requests_total[{window}]))) * {seconds}"


def test_an_alert_asks_for_both_windows_and_for_enough_requests() -> None:
    critical, _ = (rule for rule in group_of(objective())["rules"] if "alert" in rule)
    assert critical["labels"] == {"severity": "critical"}
    first = critical["expr"].split("\nor\n")[0]
    assert 'slo:error_ratio:rate1h{slo="api"} > 14.4 * 0.01' in first
    assert 'and slo:error_ratio:rate5m{slo="api"} > 14.4 * 0.01' in first
    assert 'and slo:requests:increase1h{slo="api"} >= 10' in first


def test_every_window_of_an_alert_is_recorded() -> None:
    assert {window for urgency in URGENCIES for burn in urgency.burns for window in burn[:2]} == set(SECONDS)


def test_a_short_window_is_a_twelfth_of_the_long_one() -> None:
    for urgency in URGENCIES:
        for burn in urgency.burns:
            assert SECONDS[burn.long] == 12 * SECONDS[burn.short]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"objective": 0.9}, "objective"),  # 14.4 times a tenth is more than all
        ({"objective": 1}, "objective"),
        ({"errors": "sum(rate(errors_total[5m]))"}, "errors"),
        ({"minimum_requests": 0}, "minimum_requests"),
        ({"name": "Api"}, "name"),
        ({"window": "30d"}, "window"),
    ],
)
def test_an_objective_that_could_not_be_met_or_told_of_is_refused(changed: dict[str, object], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        objective(**changed)
    assert [error["loc"] for error in refused.value.errors()] == [(field,)]


def test_the_platform_promises_that_its_server_answers_and_that_it_answers_soon() -> None:
    assert {found.name for found in objectives()} == {"tracking-server-availability", "tracking-server-latency"}
