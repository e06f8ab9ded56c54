"""As `encryption`, for CST."""

from tests.policies.spec import Spec

SPECS: dict[str, Spec] = {}
