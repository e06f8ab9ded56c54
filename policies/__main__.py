"""The policy pack `groundwork`: what the engine starts for `--policy-pack policies`. Nothing imports it.

The folder may be anywhere and have any name, and nothing beside it is imported.
"""

import gc
import importlib.util
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

# Python has put this folder on its path. The package is made of it by hand, so that neither the folder's name nor what
# lies beside it matters.
_HERE = Path(__file__).resolve().parent
_SPEC = importlib.util.spec_from_file_location(
    "policies", _HERE / "__init__.py", submodule_search_locations=[str(_HERE)]
)
if _SPEC is None or _SPEC.loader is None:
    raise ImportError(f"{_HERE} is not the whole pack: __init__.py is missing")
sys.modules["policies"] = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(sys.modules["policies"])

from pulumi_policy import EnforcementLevel, PolicyPack  # noqa: E402 - the package is there only now

from policies import servicer  # noqa: E402
from policies.pack import policies  # noqa: E402
from policies.rules import RULES  # noqa: E402

# What a request makes goes by itself when it is answered; looking for cycles again and again in a whole stack took
# 40 per cent of the time. What is loaded stays, and is not looked at.
gc.freeze()
gc.set_threshold(100_000, 50, 100)

if not servicer.install():
    sys.stderr.write("policies: another pulumi-policy than expected is installed; the pack works, but slower\n")

PolicyPack(
    name="groundwork",
    policies=policies(
        RULES,
        datetime.now(UTC).date(),
        targeted=os.environ.get("GROUNDWORK_TARGETED_RUN") == "true",
    ),
    enforcement_level=EnforcementLevel.MANDATORY,
    description="Rules for AWS and Kubernetes, decided before anything is built.",
)
