"""Which vault or plan a request of AWS Backup is about, when policies are evaluated.

ministack 1.5.33 looks for a vault's name in the body and for plans nowhere; AWS Backup has both in the path. A policy
that names vaults and plans refused what AWS allows. A selection is a part of its plan and has no ARN in policies.

Source: Service authorization reference, "AWS Backup".
"""

import re
from urllib.parse import unquote

_VAULT = re.compile(r"/backup-vaults/(?P<name>[^/]+)(/[^/]+)?/?")
_PLAN = re.compile(r"/backup/plans/((?P<id>[^/]+)(/.*)?)?")
_TAGS = re.compile(r"/(tags|untag)/(?P<arn>.+?)/?")


def of(method: str, path: str, place: str) -> str | None:
    """The ARN that a request is decided on; None for one that is about neither vault nor plan, or about all of them.

    Args:
        method: of the request: a PUT beside the plans makes one, whose id nobody knows yet.
        path: of the request.
        place: `<region>:<account>`.
    """
    if tagged := _TAGS.fullmatch(path):
        return unquote(tagged["arn"])
    if vault := _VAULT.fullmatch(path):
        return f"arn:aws:backup:{place}:backup-vault:{unquote(vault['name'])}"
    plan = _PLAN.fullmatch(path)
    if plan and (plan["id"] or method == "PUT"):
        return f"arn:aws:backup:{place}:backup-plan:{plan['id'] or '*'}"
    return None
