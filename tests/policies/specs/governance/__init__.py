"""As `encryption`, for MLG."""

from tests.policies.spec import Spec
from tests.policies.specs.governance import bedrock, endpoints, namespaces, releases, sagemaker, stores, tags

SPECS: dict[str, Spec] = (
    tags.SPECS | stores.SPECS | releases.SPECS | sagemaker.SPECS | endpoints.SPECS | bedrock.SPECS | namespaces.SPECS
)
