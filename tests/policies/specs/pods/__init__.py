"""As `encryption`, for POD."""

from tests.policies.spec import Spec
from tests.policies.specs.pods import confinement, contents, namespaces, privileges, profiles

SPECS: dict[str, Spec] = privileges.SPECS | confinement.SPECS | profiles.SPECS | contents.SPECS | namespaces.SPECS
