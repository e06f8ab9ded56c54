"""What several ENC rules ask of the key that an input names."""

from policies.config import Settings
from policies.index import Resource
from policies.rule import A_KEY, Findings, Undecided, is_cmk, is_confidential, is_set
from policies.tokens import KEYS
from policies.values import Node


def names_key(node: Node, what: str) -> Findings:
    """Yield a finding unless `node` names a key."""
    return is_set(node, what, A_KEY, KEYS)


def names_key_of_tier(resource: Resource, node: Node, settings: Settings, what: str) -> Findings:
    """Yield a finding unless `node` names a key, from tier confidential on a customer managed one."""
    missing = tuple(names_key(node, what))
    if missing:
        yield from missing
        return
    confidential = is_confidential(resource, settings)
    own = tuple(is_cmk(node, f"{what}, only one of AWS' own"))
    if own and confidential is None:
        yield Undecided("tags")
    elif confidential is not False:
        yield from own
