"""What a node is told when it starts: one NodeConfig, which EKS merges with its own.

Source: amazon-eks-ami, nodeadm API `node.eks.aws/v1alpha1` (featureGates, instance.localStorage); EKS user guide,
"Customize managed nodes with launch templates", Amazon EC2 user data.
"""

import base64
import json

BOUNDARY = "GROUNDWORK"


def gpu_user_data() -> str:
    """Return the user data of GPU nodes, in base64: images on the NVMe disks, pulled and unpacked in parallel."""
    node_config = {
        "apiVersion": "node.eks.aws/v1alpha1",
        "kind": "NodeConfig",
        "spec": {
            # SOCI instead of containerd's own snapshotter: layers are fetched and unpacked in parallel. AWS calls the
            # gate experimental; it needs no index and no change to images.
            "featureGates": {"FastImagePull": True},
            # Images and what pods write lie on the machine's own disks, striped, not on its volume.
            "instance": {"localStorage": {"strategy": "RAID0"}},
        },
    }
    lines = (
        "MIME-Version: 1.0",
        f'Content-Type: multipart/mixed; boundary="{BOUNDARY}"',
        "",
        f"--{BOUNDARY}",
        "Content-Type: application/node.eks.aws",
        "",
        json.dumps(node_config, sort_keys=True),
        f"--{BOUNDARY}--",
        "",
    )
    return base64.b64encode("\n".join(lines).encode()).decode()
