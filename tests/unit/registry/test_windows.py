"""Decides when windows of RDS meet, by arithmetic."""

import pytest

from components.registry.windows import length_minutes, overlap


@pytest.mark.parametrize(
    ("window", "minutes"),
    [("01:00-02:00", 60), ("23:30-00:15", 45), ("sun:03:00-sun:04:00", 60), ("sun:23:30-mon:00:30", 60)],
)
def test_a_window_may_go_over_midnight_and_over_sunday(window: str, minutes: int) -> None:
    assert length_minutes(window) == minutes


@pytest.mark.parametrize(
    ("backup", "maintenance", "meet"),
    [
        pytest.param("01:00-02:00", "sun:03:00-sun:04:00", False, id="apart"),
        pytest.param("01:00-02:00", "sun:02:00-sun:03:00", False, id="one after the other"),
        pytest.param("01:00-02:00", "sun:01:30-sun:02:30", True, id="halfway"),
        pytest.param("23:30-00:30", "mon:00:00-mon:01:00", True, id="over midnight"),
        pytest.param("04:00-05:00", "sun:23:00-mon:06:00", True, id="a long night"),
    ],
)
def test_a_daily_window_meets_a_weekly_one_on_any_day(backup: str, maintenance: str, meet: bool) -> None:
    assert overlap(backup, maintenance) is meet
