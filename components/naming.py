"""Physical names, for resources that something outside the program refers to by name; the rest is autonamed.

A name is `groundwork-<environment>-<role>`; one that would exceed the service's limit keeps its beginning and ends in a
hash of the whole, so that two long names never meet and a name never changes between runs.
"""

import hashlib

PROJECT = "groundwork"
BUCKET_NAME_LIMIT = 63
ROLE_NAME_LIMIT = 64
CLUSTER_NAME_LIMIT = 100
HASH_LENGTH = 8


def physical_name(environment: str, *parts: str, limit: int) -> str:
    """Join the project, the environment and `parts` with hyphens, in at most `limit` characters.

    Raises `ValueError` where `limit` leaves no room for a hash or a part is empty.
    """
    if not all((environment, *parts)):
        raise ValueError(f"a physical name has no empty part, got {(environment, *parts)!r}")
    return _fit("-".join((PROJECT, environment, *parts)), limit)


def bucket_name(environment: str, role: str, account_id: str, region: str) -> str:
    """Name a bucket: names are global in S3, so the account and the region are part of it (3 to 63 characters).

    Source: S3 user guide, "General purpose bucket naming rules".
    """
    return physical_name(environment, role, account_id, region, limit=BUCKET_NAME_LIMIT)


def cluster_name(environment: str) -> str:
    """Return the name of an environment's EKS cluster, such as `groundwork-dev`: roles and policies name it."""
    return physical_name(environment, limit=CLUSTER_NAME_LIMIT)


def _fit(name: str, limit: int) -> str:
    if len(name) <= limit:
        return name
    kept = limit - HASH_LENGTH - 1
    if kept < 1:
        raise ValueError(f"a limit of {limit} characters leaves no room for a name before its hash")
    digest = hashlib.sha256(name.encode()).hexdigest()[:HASH_LENGTH]
    return f"{name[:kept].rstrip('-')}-{digest}"
