"""The cluster's components with the values that every test of them needs."""

from typing import Any

from components.cluster.cluster import Cluster, ClusterArgs, ClusterSettings
from tests.support.recorder import ACCOUNT_ID, REGION, run_program

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/confidential"
LOGS_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/logs"
BOUNDARY = f"arn:aws:iam::{ACCOUNT_ID}:policy/groundwork-dev-boundary"
ADMINISTRATOR = f"arn:aws:iam::{ACCOUNT_ID}:role/platform-admin"
CLUSTER_ARN = f"arn:aws:eks:{REGION}:{ACCOUNT_ID}:cluster/groundwork-dev"


def build_cluster(**settings: Any) -> Cluster:
    args = ClusterArgs(
        settings=ClusterSettings.model_validate({"administrators": [ADMINISTRATOR]} | settings),
        account_id=ACCOUNT_ID,
        region=REGION,
        environment="dev",
        vpc_id="vpc-1",
        vpc_cidr="10.20.0.0/16",
        subnet_ids=["subnet-a", "subnet-b"],
        key_arn=KEY,
        logs_key_arn=LOGS_KEY,
        boundary_arn=BOUNDARY,
    )
    return run_program(lambda: Cluster("cluster", args))
