"""The policy pack `groundwork`: what the engine starts for `--policy-pack policies`. Nothing imports it."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

# The engine starts this folder as a program; its packages are found from the folder above.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pulumi_policy import EnforcementLevel, PolicyPack

from policies import memo
from policies.pack import policies
from policies.rules import RULES

if not memo.install():
    sys.stderr.write("policies: another pulumi-policy than expected is installed; the pack works, but slower\n")

PolicyPack(
    name="groundwork",
    policies=policies(
        RULES,
        datetime.now(UTC).date(),
        targeted=os.environ.get("GROUNDWORK_TARGETED_RUN") == "true",
    ),
    enforcement_level=EnforcementLevel.MANDATORY,
    description="Encryption, access control and network rules for AWS, decided before anything is built.",
)
