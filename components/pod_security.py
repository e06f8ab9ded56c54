"""What a restricted pod says of its security, the same for every pod of the platform that is no agent of a node.

Source: Kubernetes documentation, "Pod Security Standards" (restricted), "Configure a Security Context".
"""

from typing import Any


def restricted_pod(user: int) -> dict[str, Any]:
    """Return the security context of a pod that runs as `user`, whose volumes belong to the group of that number."""
    return {
        "run_as_non_root": True,
        "run_as_user": user,
        "run_as_group": user,
        "fs_group": user,
        "seccomp_profile": {"type": "RuntimeDefault"},
    }


def restricted_container() -> dict[str, Any]:
    """Return the security context of a container in such a pod; its own files are read-only."""
    return {
        "allow_privilege_escalation": False,
        "read_only_root_filesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
