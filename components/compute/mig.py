"""How a node cuts its GPUs: a script of its user data, which cloud-init runs before the node joins the cluster.

nodeadm-run.service, which starts kubelet, comes after cloud-final.service, which runs the script; but it would come
after a script that failed, too. So the script itself keeps the node out: half of the GPUs, or whole ones where pods
asked for a part, would be handed out otherwise.

Source: NVIDIA MIG user guide, "Enable MIG Mode", "Creating GPU Instances"; amazon-eks-ami, nodeadm-run.service;
        cloud-init, "Scripts per boot".
"""

from components.model import Model


class Cut(Model):
    """How all GPUs of a node are cut."""

    profile: str
    """NVIDIA's name of a part, such as 1g.5gb."""
    parts: int
    """How many of them one GPU has."""
    gpus: int
    """How many GPUs there are."""


SCRIPT = """\
#!/bin/bash
# Cuts each GPU into @PARTS@ x @PROFILE@ before nodeadm-run.service lets the node join.
set -euo pipefail
EACH_BOOT=/var/lib/cloud/scripts/per-boot/cut-gpus
REBOOTED=/var/lib/cloud/cut-gpus.rebooted

keep_out() {
    local status=$?
    if [ "$status" -ne 0 ]; then
        echo "cut-gpus: this node does not join: its GPUs are not cut into @PARTS@ x @PROFILE@ each" >&2
        systemctl stop --no-block nodeadm-run.service kubelet.service
    fi
}
trap keep_out EXIT

parts() {
    local listed
    listed=$(nvidia-smi -L)
    grep -c '^ *MIG ' <<<"$listed" || true
}

# The parts do not outlive a reboot.
if ! [ "$0" -ef "$EACH_BOOT" ]; then
    install -D -m 0700 "$0" "$EACH_BOOT"
fi

# The driver is loaded while cloud-init is at work.
timeout 300 bash -c 'until nvidia-smi -L; do sleep 5; done'

# What it says is not what counts: the mode may be pending.
nvidia-smi -mig 1 || true
modes=$(nvidia-smi --query-gpu=mig.mode.current --format=csv,noheader)
if grep -qv '^Enabled$' <<<"$modes"; then
    if [ -e "$REBOOTED" ]; then
        echo "cut-gpus: MIG is not on after a reboot: $modes" >&2
        exit 1
    fi
    # A virtual machine may not be let reset its GPUs: the mode is on after a reboot, then.
    touch "$REBOOTED"
    systemctl reboot --no-block
    echo "cut-gpus: MIG waits for a reboot" >&2
    exit 1
fi

if [ "$(parts)" -ne @ALL@ ]; then
    indices=$(nvidia-smi --query-gpu=index --format=csv,noheader)
    for index in $indices; do
        nvidia-smi mig -i "$index" -cgi @LIST@ -C
    done
fi
if [ "$(parts)" -ne @ALL@ ]; then
    echo "cut-gpus: there are $(parts) parts, not @ALL@" >&2
    exit 1
fi
"""


def cutting_script(cut: Cut) -> str:
    """Return the script."""
    filled = {
        "@PROFILE@": cut.profile,
        "@PARTS@": str(cut.parts),
        "@ALL@": str(cut.parts * cut.gpus),
        "@LIST@": ",".join([cut.profile] * cut.parts),
    }
    script = SCRIPT
    for name, value in filled.items():
        script = script.replace(name, value)
    return script
