"""Values that a clone comes with and that nobody may deploy: they name no one's account, domain or organisation."""

import json
import pathlib
from collections.abc import Iterable

from stacks.problems import Path, Problem, shorten, spell, spelled

NO_ACCOUNT = "0" * 9
"""What the account ids of the checked-in stack files begin with: dev 000000000000, prod 000000000001."""
NO_DIGEST = f"@sha256:{'0' * 64}"
"""How an image ends that nobody has built or copied yet."""
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
    elif isinstance(value, str) and value.endswith(NO_DIGEST):
        yield Problem(
            path=path,
            value=value,
            what="its digest is a placeholder: put your own in its place. The first `up` makes the repository and has "
            f"no image yet: leave {spell(path[:-1])} out of it (docs/first-deployment.md, Order)",
        )
    elif isinstance(value, str) and (found := next((p for p in (NO_ACCOUNT, *NO_ONES) if p in value), None)):
        yield Problem(path=path, value=value, what=f"{found} is a placeholder: put your own in its place")
    elif isinstance(value, str) and value.startswith("arn:aws:iam::") and value.endswith(ROOT):
        yield Problem(
            path=path,
            value=value,
            what="an account's root is a placeholder: put your own in its place, roles of people",
        )


def placeholders_of_the_pack(folder: pathlib.Path, stack: str) -> str | None:
    """Return what to say of placeholders in the policy pack's settings below `folder`, or None where there are none.

    With them the pack would object to the account's own administrators and images.
    """
    file = pathlib.Path("policies", "environments", f"{stack}.json")
    if not (folder / file).is_file():
        return None
    found = list(placeholders(json.loads((folder / file).read_text(encoding="utf-8"))))
    if not found:
        return None
    count = "1 value is a placeholder" if len(found) == 1 else f"{len(found)} values are placeholders"
    blocks = [
        f"  {spelled(problem.path)}\n    value:   {shorten(problem.value)}\n    problem: {problem.what}"
        for problem in found
    ]
    return "\n\n".join([f"{file.as_posix()}: {count}, so nothing was started.", *blocks])
