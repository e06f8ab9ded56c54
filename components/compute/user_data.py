"""What a node is told when it starts: a NodeConfig, which EKS merges with its own, and what is run before it joins.

Source: amazon-eks-ami, nodeadm API `node.eks.aws/v1alpha1` (featureGates, instance.localStorage); EKS user guide,
"Customize managed nodes with launch templates", Amazon EC2 user data.
"""

import base64
import json

from components.compute.mig import Cut, cutting_script

BOUNDARY = "GROUNDWORK"


def gpu_user_data(cut: Cut | None) -> str:
    """Return the user data of GPU nodes, in base64: images on the NVMe disks, pulled and unpacked in parallel.

    With `cut`, also the script that cuts the GPUs.
    """
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
    parts = {"application/node.eks.aws": json.dumps(node_config, sort_keys=True)}
    if cut is not None:
        parts['text/x-shellscript; charset="us-ascii"'] = cutting_script(cut)
    lines = ["MIME-Version: 1.0", f'Content-Type: multipart/mixed; boundary="{BOUNDARY}"', ""]
    for content_type, content in parts.items():
        lines += [f"--{BOUNDARY}", f"Content-Type: {content_type}", "", content]
    lines += [f"--{BOUNDARY}--", ""]
    return base64.b64encode("\n".join(lines).encode()).decode()
