"""Cases that every rule has which asks for a key."""

from tests.policies.harness import UNKNOWN, R
from tests.policies.mutate import steps
from tests.policies.spec import KEY, KEY_ARN, Case, depending, edit

OWN_KEY = "arn:aws:kms:eu-west-1:111122223333:alias/aws/service"
ELSEWHERE = R("pulumi:pulumi:StackReference", {})
INTERNAL = {"data-classification": "internal"}


def key_cases(resource: R, path: str) -> tuple[Case, ...]:
    """Return cases of the key that a good resource names at `path`."""
    root = str(steps(path)[0])
    unknown = edit(path, UNKNOWN)(resource)
    return (
        Case(f"no key ({path})", (edit(path, None)(resource),), "deny"),
        Case(f"a key of no name ({path})", (edit(path, "")(resource),), "deny"),
        Case(f"a key of a wrong type ({path})", (edit(path, [KEY_ARN])(resource),), "deny"),
        Case(f"key not known yet, of this stack ({path})", (depending(**{root: KEY})(unknown),), "pass"),
        Case(f"key not known yet, of another stack ({path})", (depending(**{root: ELSEWHERE})(unknown),), "unknown"),
    )


def tier_cases(resource: R, path: str) -> tuple[Case, ...]:
    """Return cases of a rule that takes one of AWS' own keys below confidential."""
    own = edit(path, OWN_KEY)(resource)

    def tagged(tags: object) -> R:
        return own.with_props({**own.props, "tags": tags})

    return (
        Case("AWS' own key", (own,), "deny"),
        Case("AWS' own key, below confidential", (tagged(INTERNAL),), "pass"),
        Case("AWS' own key, regulated", (tagged({"data-classification": "regulated"}),), "deny"),
        Case("AWS' own key, tier not known yet", (tagged({"data-classification": UNKNOWN}),), "unknown"),
        Case("no key, below confidential", (edit(path)(tagged(INTERNAL)),), "deny"),
    )
