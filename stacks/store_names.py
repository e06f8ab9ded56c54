"""What the stores and their buckets are called, known before any of them exists."""

from components.naming import bucket_name
from stacks.settings import StackSettings


def store_bucket_name(settings: StackSettings, name: str) -> str:
    """Return the name of a store's bucket, known before it exists, so that a policy which names it is known as well."""
    return bucket_name(settings.environment, store_role(name), settings.account_id, settings.region)


def replica_bucket_name(settings: StackSettings, name: str, region: str) -> str:
    """Return the name of the bucket in `region` that replicates a store."""
    return bucket_name(settings.environment, f"{store_role(name)}-replica", settings.account_id, region)


def store_role(name: str) -> str:
    """Return a store's component name: `access-logs` for the setting `access_logs`."""
    return name.replace("_", "-")
