"""How a pod finds entries of a secret of AWS Secrets Manager as files, and in no Secret of the cluster.

Source: Secrets Store CSI driver, "SecretProviderClass"; AWS provider of the CSI driver, "Usage" (usePodIdentity,
jmesPath).
"""

import json
import re
from collections.abc import Sequence
from typing import Any


def secret_class_spec(region: str, secret: str, entries: Sequence[str]) -> dict[str, Any]:
    """Return the specification of a SecretProviderClass: each entry of the secret is a file of its name."""
    paths = [{"path": _jmes_path(entry), "objectAlias": entry} for entry in entries]
    objects = [{"objectName": secret, "objectType": "secretsmanager", "jmesPath": paths}]
    parameters = {"region": region, "usePodIdentity": "true", "objects": json.dumps(objects)}
    return {"provider": "aws", "parameters": parameters}


def _jmes_path(entry: str) -> str:
    """Return what finds an entry: its name, in quotes where JMESPath would read something else into it."""
    return entry if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", entry) else json.dumps(entry)


def secret_volume(name: str, secret_class: str) -> dict[str, Any]:
    """Return the volume of a pod that holds the files of such a class."""
    return {
        "name": name,
        "csi": {
            "driver": "secrets-store.csi.k8s.io",
            "read_only": True,
            "volume_attributes": {"secretProviderClass": secret_class},
        },
    }
