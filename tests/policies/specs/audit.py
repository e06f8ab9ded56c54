"""As `encryption`, for LOG."""

from tests.policies.spec import Spec
from tests.policies.specs import audit_account, audit_logs, audit_traffic, audit_trails

SPECS: dict[str, Spec] = audit_trails.SPECS | audit_traffic.SPECS | audit_logs.SPECS | audit_account.SPECS
