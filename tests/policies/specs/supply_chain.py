"""As `encryption`, for SUP."""

from tests.policies.spec import Spec

SPECS: dict[str, Spec] = {}
