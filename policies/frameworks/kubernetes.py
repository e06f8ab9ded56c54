"""CIS EKS 1.8 and the Pod Security Standards."""

from typing import Final

from policies.frameworks.framework import Framework

_NODE: Final = "a setting or file of the node's operating system, which the managed node image brings"

CIS_EKS: Final = Framework(
    key="EKS",
    title="CIS EKS 1.8",
    complete=True,
    note="Ids were assigned by hand and need a second reader. Section 1 (the control plane) is AWS' own part.",
    controls={
        "2.1.1": "the control plane writes audit logs",
        "3.1": "permissions of kubeconfig and kubelet files",
        "3.2": "arguments of the kubelet",
        "3.3": "a container-optimised operating system",
        "4.1.1": "cluster-admin only where it is required",
        "4.1.2": "little access to secrets",
        "4.1.3": "no wildcards in roles",
        "4.1.4": "few may create pods",
        "4.1.5": "default service accounts are not used",
        "4.1.6": "service account tokens are mounted only where needed",
        "4.1.7": "access entries (the API) instead of the aws-auth map",
        "4.1.8": "few may bind, impersonate or escalate",
        "4.1.9": "few may create persistent volumes",
        "4.1.10": "few may reach the proxy of nodes",
        "4.1.11": "few may approve certificate signing requests",
        "4.1.12": "few may change webhook configurations",
        "4.1.13": "few may create service account tokens",
        "4.2.1": "no privileged containers",
        "4.2.2": "no container shares the host's process ids",
        "4.2.3": "no container shares the host's IPC",
        "4.2.4": "no container shares the host's network",
        "4.2.5": "no privilege escalation",
        "4.3.1": "the network plugin enforces network policies",
        "4.3.2": "every namespace has network policies",
        "4.4.1": "secrets as files rather than environment variables",
        "4.4.2": "secrets kept outside of the cluster",
        "4.5.1": "namespaces as administrative boundaries",
        "4.5.2": "the default namespace is not used",
        "5.1.1": "images are scanned",
        "5.1.2": "few people have access to the image registry",
        "5.1.3": "the cluster only reads from the image registry",
        "5.1.4": "only approved registries",
        "5.2.1": "a service account of its own for each workload",
        "5.3.1": "secrets are encrypted with a customer managed key",
        "5.4.1": "access to the control plane's endpoint is restricted",
        "5.4.2": "the endpoint is private",
        "5.4.3": "nodes are private",
        "5.4.4": "network policies are enforced",
        "5.4.5": "load balancers speak TLS",
        "5.5.1": "people are authenticated through IAM",
    },
    outside={"3.1": _NODE, "3.2": _NODE, "3.3": _NODE},
)

POD_SECURITY: Final = Framework(
    key="PSS",
    title="Pod Security Standards",
    complete=True,
    note="Ids were assigned by hand and need a second reader.",
    controls={"B": "baseline: no known way out of a container", "R": "restricted: hardened as is good practice"},
)
