"""Decides when what has failed is tried again."""

from twin.kubernetes.controllers.backoff import Backoff


def test_each_failure_in_a_row_doubles_the_wait_up_to_a_limit() -> None:
    now = 0.0
    backoff = Backoff(first_seconds=1, most_seconds=3, clock=lambda: now)
    waits = []
    for _ in range(4):
        assert backoff.may_try("x")
        backoff.failed("x")
        began = now
        while not backoff.may_try("x"):
            now += 0.5
        waits.append(now - began)
    assert waits == [1, 2, 3, 3]


def test_success_ends_the_wait_and_others_never_wait() -> None:
    backoff = Backoff(clock=lambda: 0.0)
    backoff.failed("x")
    assert backoff.may_try("y")
    assert not backoff.may_try("x")
    backoff.succeeded("x")
    assert backoff.may_try("x")
