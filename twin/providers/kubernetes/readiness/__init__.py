"""When an object counts as ready, as the official provider has it, and how it is waited for."""

from twin.providers.kubernetes.readiness.waiting import (
    NOT_AWAITED_GONE,
    NotReadyError,
    problem_now,
    wait,
    wait_until_gone,
)

__all__ = ["NOT_AWAITED_GONE", "NotReadyError", "problem_now", "wait", "wait_until_gone"]
