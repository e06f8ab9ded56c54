"""As `encryption`, for MLG."""

from tests.policies.spec import Spec
from tests.policies.specs.governance import sagemaker, tags

SPECS: dict[str, Spec] = tags.SPECS | sagemaker.SPECS
