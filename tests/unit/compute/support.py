"""What every pool of a test is wired to."""

from typing import Any

from components.compute.managed_node_group import PoolPlace
from tests.support.recorder import ACCOUNT_ID, REGION

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/confidential"


def place(**changes: Any) -> PoolPlace:
    return PoolPlace.model_validate(
        {
            "environment": "dev",
            "cluster_name": "groundwork-dev",
            "known_cluster_name": "groundwork-dev",
            "version": "1.36",
            "node_role_arn": "arn:aws:iam::111122223333:role/groundwork-dev-node",
            "subnet_ids": {"eu-west-1a": "subnet-a", "eu-west-1b": "subnet-b"},
            "key_arn": KEY,
            "instance_tags": {"managed-by": "groundwork"},
        }
        | changes
    )
