"""Values that a clone comes with and that nobody may deploy: they name no one's account, domain or organisation."""

from collections.abc import Iterable

from stacks.problems import Path, Problem

NO_ACCOUNT = "0" * 9
"""What the account ids of the checked-in stack files begin with: dev 000000000000, prod 000000000001."""
NO_ONES = ("example.com", "example-org")
ROOT = ":root"
"""How the ARN of an account's root ends, which is whoever its IAM policies allow and nobody's name."""


def placeholders(value: object, path: Path = ()) -> Iterable[Problem]:
    """Yield a problem for each text below `value` that is still a placeholder."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from placeholders(inner, (*path, key))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from placeholders(inner, (*path, position))
    elif isinstance(value, str) and (found := next((p for p in (NO_ACCOUNT, *NO_ONES) if p in value), None)):
        yield Problem(path=path, value=value, what=f"{found} is a placeholder: put your own in its place")
    elif isinstance(value, str) and value.startswith("arn:aws:iam::") and value.endswith(ROOT):
        yield Problem(
            path=path,
            value=value,
            what="an account's root is a placeholder: put your own in its place, roles of people",
        )
