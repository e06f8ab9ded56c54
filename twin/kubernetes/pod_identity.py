"""The credentials of a workload, by the way that they take on EKS: the agent on the pod's node asks EKS Auth for them.

Source: EKS user guide, "How EKS Pod Identity works".
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from twin.account import Account
from twin.kubernetes import service_accounts, service_roles
from twin.kubernetes.client import Client
from twin.kubernetes.controllers.loop import World

AUDIENCE = "pods.eks.amazonaws.com"
AGENT = "app.kubernetes.io/name=eks-pod-identity-agent"
_NODE_GROUP = "eks.amazonaws.com/nodegroup"


class PodIdentityError(Exception):
    """A pod gets no credentials: why, before EKS Auth is even asked."""


def credentials(world: World, namespace: str, service_account: str) -> Account:
    """The account as a running pod of this service account sees it.

    Raises:
        PodIdentityError: no pod of it runs, or no agent on its node.
        botocore.exceptions.ClientError: EKS Auth refuses, in its own words: no association, no trust, no right of the
            node's role to ask.
    """
    pods = _running(world.api, namespace, f"spec.serviceAccountName={service_account}")
    if not pods:
        raise PodIdentityError(f"No pod of service account {namespace}/{service_account} is running.")
    agents = _nodes_with_agent(world.api)
    served = [pod for pod in pods if pod["spec"]["nodeName"] in agents]
    if not served:
        nodes = ", ".join(sorted({pod["spec"]["nodeName"] for pod in pods}))
        raise PodIdentityError(f"The add-on eks-pod-identity-agent does not run on {nodes}.")
    pod = served[0]
    token = service_accounts.token(world.api, namespace, service_account, audience=AUDIENCE, pod=pod)
    return exchange(_agent(world, pod["spec"]["nodeName"]), world.cluster, token)


def exchange(agent: Account, cluster: str, token: str) -> Account:
    """What EKS Auth gives `agent` for the token of a pod. Raises botocore.exceptions.ClientError as it refuses."""
    return account_of(agent, agent.client("eks-auth").assume_role_for_pod_identity(clusterName=cluster, token=token))


def account_of(agent: Account, answer: Mapping[str, Any]) -> Account:
    """The account as the pod sees it that EKS Auth has answered for."""
    given = answer["credentials"]
    return replace(
        agent,
        access_key_id=given["accessKeyId"],
        secret_access_key=given["secretAccessKey"],
        session_token=given["sessionToken"],
    )


def agent_of(world: World, pod: Mapping[str, Any]) -> Account:
    """The account as the agent on the node of this pod sees it. Raises PodIdentityError when there is none."""
    node = pod["spec"].get("nodeName", "")
    if node not in _nodes_with_agent(world.api):
        raise PodIdentityError(f"The add-on eks-pod-identity-agent does not run on {node or 'no node'}.")
    return _agent(world, node)


def _nodes_with_agent(api: Client) -> set[str]:
    return {agent["spec"]["nodeName"] for agent in _running(api, "kube-system", "", AGENT)}


def _running(api: Client, namespace: str, fields: str, labels: str = "") -> list[dict[str, Any]]:
    selector = ",".join(filter(None, ["status.phase=Running", fields]))
    return api.list("v1", "Pod", namespace, labels, fieldSelector=selector)


def _agent(world: World, node: str) -> Account:
    """The account as the agent sees it: with the role of the node's group."""
    found = world.api.get("v1", "Node", node)
    group = (found or {}).get("metadata", {}).get("labels", {}).get(_NODE_GROUP)
    if group is None:
        raise PodIdentityError(f"Node {node} is of no managed node group, so its agent has no role.")
    described = world.aws.client("eks").describe_nodegroup(clusterName=world.cluster, nodegroupName=group)
    return service_roles.assumed(world.aws, described["nodegroup"]["nodeRole"], "ec2.amazonaws.com", node)
