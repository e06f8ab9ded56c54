"""Decides what is posted and where, against an API on loopback; how GitHub shows it is GitHub's."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.github_api import SHA, TOKEN, Api, served
from tools.pull_request_comment import AUTHOR, HEAD, LIMIT, MARK, harmless

CLONE = Path(__file__).resolve().parents[3]


@pytest.fixture
def api() -> Iterator[Api]:
    with served() as server:
        yield server


def run(api: Api, file: Path, **more: str) -> "subprocess.CompletedProcess[str]":
    variables = {
        "GITHUB_API_URL": api.address,
        "GITHUB_REPOSITORY": "octo-org/groundwork",
        "GITHUB_TOKEN": TOKEN,
        "HEAD_SHA": SHA,
        "PATH": os.environ["PATH"],
    }
    return subprocess.run(
        [sys.executable, "-m", "tools.pull_request_comment", str(file)],
        cwd=CLONE,
        env={name: value for name, value in (variables | more).items() if value},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_report_becomes_the_comment_of_the_pull_request_that_has_the_commit(api: Api, tmp_path: Path) -> None:
    (tmp_path / "comment.md").write_text("# dev\n2 to create\n")
    done = run(api, tmp_path / "comment.md", GITHUB_OUTPUT=str(tmp_path / "output"))
    assert done.returncode == 0, done.stderr
    ((method, path, body),) = api.asked
    assert (method, path) == ("POST", "/repos/octo-org/groundwork/issues/121/comments")
    assert body["body"] == f"{MARK}\n{HEAD}\n\n# dev\n2 to create\n"
    assert (tmp_path / "output").read_text() == "number=121\n"


def test_a_later_run_writes_the_same_comment_and_nobody_elses(api: Api, tmp_path: Path) -> None:
    api.comments = [
        {"id": 1, "user": {"login": "mallory"}, "body": f"{MARK}\nmine"},
        {"id": 2, "user": {"login": AUTHOR}, "body": "of another workflow"},
        *({"id": 100 + number, "user": {"login": "alice"}, "body": "talk"} for number in range(100)),
        {"id": 7, "user": {"login": AUTHOR}, "body": f"{MARK}\nbefore"},
    ]
    (tmp_path / "comment.md").write_text("now")
    assert run(api, tmp_path / "comment.md").returncode == 0
    ((method, path, _),) = api.asked
    assert (method, path) == ("PATCH", "/repos/octo-org/groundwork/issues/comments/7")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ping @octo-org/owners and @alice", "ping @\u200bocto-org/owners and @\u200balice"),
        (
            "&#64;alice &#x40;bob &#0000064;carol &commat;octo-org/owners",
            "@\u200balice @\u200bbob @\u200bcarol @\u200bocto-org/owners",
        ),
        ("see #1, octo-org/other#22 and GH-3", "see #\u200b1, octo-org/other#\u200b22 and GH-\u200b3"),
        ("see &#35;1 and &num;2 and &#X23;3", "see #\u200b1 and #\u200b2 and #\u200b3"),
        ("https://github.com/o/r/issues/1 and …/pull/2", "https://github.com/o/r/issues/\u200b1 and …/pull/\u200b2"),
        ("# 1 heading, &#96;code&#96; and &#641;", "# 1 heading, &#96;code&#96; and &#641;"),
        ("![x](https://evil.example/?leak)", "&#33;[x](https://evil.example/?leak)"),
        ("! [x](https://evil.example/)", "&#33; [x](https://evil.example/)"),
        ('<IMG src="https://evil.example/">', '&lt;IMG src="https://evil.example/">'),
        ("< script>alert(1)</script>", "&lt; script>alert(1)&lt;/script>"),
        (f"{MARK} in the middle", " in the middle"),
        ("<!-- hidden -->", "&lt;!-- hidden -->"),
        ("a\u202egnihtemos\x1b[31m", "agnihtemos[31m"),
        (
            "<details><summary>dev</summary>\n\n| a | b |\n</details>",
            "<details><summary>dev</summary>\n\n| a | b |\n</details>",
        ),
    ],
)
def test_the_text_calls_nobody_and_fetches_nothing(text: str, shown: str) -> None:
    assert harmless(text) == shown


def test_a_mark_in_pieces_does_not_come_together(api: Api, tmp_path: Path) -> None:
    (tmp_path / "comment.md").write_text(MARK[:5] + MARK + MARK[5:])
    assert run(api, tmp_path / "comment.md").returncode == 0
    assert api.asked[0][2]["body"].count(MARK) == 1


def test_what_is_too_long_is_cut_and_says_so(api: Api, tmp_path: Path) -> None:
    (tmp_path / "comment.md").write_text("![a] " * 50_000)
    assert run(api, tmp_path / "comment.md").returncode == 0
    body = api.asked[0][2]["body"]
    assert LIMIT - 2_000 < len(body) <= LIMIT
    assert body.endswith("it is in the artifact `preview` of the run.*")


@pytest.mark.parametrize("what", ["missing", "empty", "link", "folder", "huge"])
def test_what_is_no_report_is_not_posted(api: Api, tmp_path: Path, what: str) -> None:
    file = tmp_path / "comment.md"
    match what:
        case "empty":
            file.write_text(" \n")
        case "link":
            (tmp_path / "secret").write_text("s3cr3t")
            file.symlink_to(tmp_path / "secret")
        case "folder":
            file.mkdir()
        case "huge":
            file.write_bytes(b"a" * ((1 << 20) + 1))
    done = run(api, file)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr
    assert api.asked == []


def test_nothing_is_posted_for_a_commit_that_no_open_pull_request_has(api: Api, tmp_path: Path) -> None:
    (tmp_path / "comment.md").write_text("pull request 1, please")
    done = run(api, tmp_path / "comment.md", HEAD_SHA="b" * 40)
    assert done.returncode == 1
    assert "no open pull request" in done.stderr
    assert api.asked == []


@pytest.mark.parametrize("missing", ["GITHUB_TOKEN", "HEAD_SHA"])
def test_what_it_lacks_is_named(api: Api, tmp_path: Path, missing: str) -> None:
    (tmp_path / "comment.md").write_text("x")
    done = run(api, tmp_path / "comment.md", **{missing: ""})
    assert done.returncode == 1
    assert missing in done.stderr
