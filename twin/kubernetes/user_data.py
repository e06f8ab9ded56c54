"""What a node's user data does to it, as far as the twin's nodes show it: the cut of its GPUs.

Source: cloud-init documentation, "User-data formats" (MIME multi-part archive, user-data script); NVIDIA MIG user
guide, "Enable MIG Mode", "Creating GPU Instances".
"""

import base64
import re
from email import message_from_bytes

SCRIPT = "text/x-shellscript"
MODE = re.compile(r"^\s*nvidia-smi .*-mig 1\b", re.MULTILINE)
CUT = re.compile(r"^\s*nvidia-smi mig .*-cgi ([0-9a-z.,]+) .*-C\b", re.MULTILINE)


def mig_profile(user_data: str | None) -> str | None:
    """The profile into which a script cuts each GPU; None where no script turns MIG on and cuts.

    A script that makes parts of several profiles is none that the twin knows.
    """
    scripts = [
        str(part.get_payload())
        for part in message_from_bytes(base64.b64decode(user_data or "")).walk()
        if part.get_content_type() == SCRIPT
    ]
    for script in scripts:
        if MODE.search(script) and (found := CUT.search(script)):
            profiles = set(found[1].split(","))
            return profiles.pop() if len(profiles) == 1 else None
    return None
