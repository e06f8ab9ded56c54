"""What all objects of a scale set's namespace are made with.

Source: Kubernetes documentation, "Using RBAC Authorization".
"""

from collections.abc import Iterable
from typing import Any

import pulumi
from pulumi_kubernetes.rbac import v1 as rbac

from components.cluster.group_rights import API_GROUP, Rule, as_api_writes
from components.labels import labels
from components.runners.scale_set_pods import APPLICATION
from components.sdk_inputs import untyped


def metadata_of(name: str, namespace: str, component: str) -> Any:
    """Return the metadata of an object."""
    return {"name": name, "namespace": namespace, "labels": labels(APPLICATION, component)}


def after(options: pulumi.ResourceOptions, *before: pulumi.Resource) -> pulumi.ResourceOptions:
    """Return the options of what is made after some more."""
    return pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=list(before)))


def rights_of(
    name: str, account: str, rules: Iterable[Rule], inside: pulumi.ResourceOptions
) -> tuple[pulumi.Resource, pulumi.Resource]:
    """Make the role of a service account in the namespace `name`, and its binding."""
    metadata = metadata_of(account, name, account)
    subjects: Any = [{"kind": "ServiceAccount", "name": account, "namespace": name}]
    role = rbac.Role(f"{name}-{account}-rules", metadata=metadata, rules=untyped(as_api_writes(rules)), opts=inside)
    binding = rbac.RoleBinding(
        f"{name}-{account}-binding",
        metadata=metadata,
        role_ref={"api_group": API_GROUP, "kind": "Role", "name": account},
        subjects=subjects,
        opts=after(inside, role),
    )
    return role, binding
