"""As `encryption`, for RES."""

from tests.policies.spec import Spec

SPECS: dict[str, Spec] = {}
