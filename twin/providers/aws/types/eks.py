"""EKS, by area."""

from twin.providers.aws.types import _eks_access
from twin.providers.aws.types._eks_addon import ADDON
from twin.providers.aws.types._eks_cluster import CLUSTER
from twin.providers.aws.types._eks_node_group import NODE_GROUP

TYPES = (CLUSTER, NODE_GROUP, ADDON, *_eks_access.TYPES)
