"""As `encryption`, for MLG."""

from tests.policies.spec import Spec

SPECS: dict[str, Spec] = {}
