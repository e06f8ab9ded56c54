"""As `encryption`, for POD."""

from tests.policies.spec import Spec

SPECS: dict[str, Spec] = {}
