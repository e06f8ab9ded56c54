"""As `encryption`, for LOG."""

from tests.policies.spec import Spec

SPECS: dict[str, Spec] = {}
