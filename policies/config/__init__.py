"""The settings of the pack: defaults in code, changed by the policy `pack-settings` of a policy pack config file.

    {"pack-settings": {"defaultTier": "internal", "waivers": [{"rule": "NET-01", "urn": "urn:pulumi:dev::*::edge-*",
     "reason": "...", "owner": "net@example.com", "expires": "2027-01-31"}]},
     "ENC-08": "mandatory"}

Enforcement levels are the engine's own (`"ENC-08": "mandatory"`); everything else is here. A setting that cannot be
read keeps its default and is reported as a violation, so that a misspelt waiver is not a silent one. Each family of
rules adds its settings in a module of its name.
"""

from policies.config.records import Companion, CustomWorkload, NodeAgent, Waiver
from policies.config.settings import DEFAULTS, SCHEMA, Settings, read

__all__ = ["DEFAULTS", "SCHEMA", "Companion", "CustomWorkload", "NodeAgent", "Settings", "Waiver", "read"]
