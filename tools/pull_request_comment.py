"""Posts a preview's report as the comment of its pull request: `python3 -m tools.pull_request_comment FILE`.

The file was made by the pull request's own code and says whatever that likes. It is taken for text: it is cut, nobody
is called by it, no image is fetched by it, and nothing of it reaches a command or an address. Which pull request it is
about is asked of GitHub, by the commit that the workflow ran for, and never of the file. There is one comment a pull
request, which is written again.

Reads GITHUB_TOKEN, GITHUB_REPOSITORY, GITHUB_API_URL and HEAD_SHA, as a workflow has them; writes `number` to
GITHUB_OUTPUT, where there is one. Standard library alone: it runs without an installation.
"""

import json
import os
import re
import stat
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

MARK = "<!-- groundwork preview -->"
"""How the comment of an earlier run is known, together with its author."""
AUTHOR = "github-actions[bot]"
LIMIT = 65_536
"""Characters that a comment may have."""
ROOM = 1_000
"""For what stands around the text."""
FILE_LIMIT = 1 << 20
PAGE = 100
SECONDS = 30
HEAD = (
    "> This was made by the code of this pull request, in a job without secrets. Whether it may be merged is for the "
    "checks and for whoever reviews it."
)
CUT = "\n\n*The rest does not fit into a comment: it is in the artifact `preview` of the run.*"
_OTHER_AT = re.compile(r"&(?:#0{0,7}64|#[xX]0{0,7}40|commat);")
_OTHER_NUMBER_SIGN = re.compile(r"&(?:#0{0,7}35|#[xX]0{0,7}23|num);")
"""Entities: GitHub looks for calls and references in what they stand for."""
_REFERENCE = re.compile(r"(?:(?<!&)#|\bGH-|/(?:issues|pull|discussions)/)(?=\d)", re.IGNORECASE)


class CommentError(Exception):
    """There is nothing to post, or nowhere; its text says which."""


class GitHub:
    """The API of one repository."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._address = f"{variables['GITHUB_API_URL']}/repos/{variables['GITHUB_REPOSITORY']}"
        self._headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {variables['GITHUB_TOKEN']}",
            "Content-Type": "application/json",
        }

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Call it. Raises CommentError with what it answered."""
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - the address is GitHub's own
            f"{self._address}/{path}", content, self._headers, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310 - likewise
                return json.load(answer)
        except (OSError, ValueError) as error:
            raise CommentError(f"{method} {path}: {error}") from error

    def all_of(self, path: str) -> Iterator[dict[str, Any]]:
        """Every item of a list, page after page."""
        page = 1
        while items := self.ask("GET", f"{path}{'&' if '?' in path else '?'}per_page={PAGE}&page={page}"):
            yield from items
            if len(items) < PAGE:
                return
            page += 1


def harmless(text: str) -> str:
    """Return the text without what acts by being shown: calls of people, references, images, control characters."""
    text = re.sub(r"[^\S\n]", " ", "".join(each for each in text if each.isprintable() or each in "\n\t"))
    text = _OTHER_AT.sub("@", _OTHER_NUMBER_SIGN.sub("#", text.replace(MARK, "")))
    text = _REFERENCE.sub("\\g<0>\u200b", text.replace("@", "@\u200b"))
    text = re.sub(
        r"(?i)<(?=/?\s*(img|picture|source|video|audio|iframe|object|embed|svg|link|style|script|!--))", "&lt;", text
    )
    return re.sub(r"!(?=\s*\[)", "&#33;", text)


def comment_of(file: Path) -> str:
    """Return the whole comment. Raises CommentError where the file is none, or holds no text."""
    try:
        kind = file.lstat()
        if not stat.S_ISREG(kind.st_mode) or kind.st_size > FILE_LIMIT:
            raise CommentError(f"{file} is no plain file of at most {FILE_LIMIT} bytes")
        text = harmless(file.read_text(encoding="utf-8", errors="replace"))
    except OSError as error:
        raise CommentError(f"{file} cannot be read: {error.strerror}") from error
    if not text.strip():
        raise CommentError(f"{file} is empty")
    room = LIMIT - ROOM - len(CUT)
    return f"{MARK}\n{HEAD}\n\n{text if len(text) <= room else text[:room] + CUT}"


def pull_request_of(github: GitHub, commit: str) -> int:
    """Return the number of the open pull request whose newest commit this is. Raises CommentError when none has it."""
    for found in github.all_of("pulls?state=open"):
        if found["head"]["sha"] == commit:
            return int(found["number"])
    raise CommentError(f"no open pull request is at {commit} any more")


def post(github: GitHub, number: int, body: str) -> None:
    """Write the comment: ours of an earlier run anew, where there is one."""
    for found in github.all_of(f"issues/{number}/comments"):
        if found["user"]["login"] == AUTHOR and found["body"].startswith(MARK):
            github.ask("PATCH", f"issues/comments/{int(found['id'])}", {"body": body})
            return
    github.ask("POST", f"issues/{number}/comments", {"body": body})


def main(arguments: list[str]) -> int:
    """Post the file that is named; return the exit code."""
    if len(arguments) != 1:
        print("usage: python3 -m tools.pull_request_comment FILE", file=sys.stderr)
        return 1
    variables = os.environ
    needed = ("GITHUB_TOKEN", "GITHUB_REPOSITORY", "GITHUB_API_URL", "HEAD_SHA")
    if missing := [name for name in needed if not variables.get(name)]:
        print(f"error: these variables are needed: {', '.join(missing)}", file=sys.stderr)
        return 1
    try:
        body, github = comment_of(Path(arguments[0])), GitHub(variables)
        number = pull_request_of(github, variables["HEAD_SHA"])
        post(github, number, body)
    except CommentError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if output := variables.get("GITHUB_OUTPUT"):
        with Path(output).open("a", encoding="utf-8") as file:
            file.write(f"number={number}\n")
    print(f"The report is a comment of pull request {number}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
