"""What a preview begins with: the commit, the files that differ, the variables that are handed on."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from groundwork.__main__ import app
from groundwork.errors import GroundworkError
from groundwork.preview import base
from groundwork.preview.reporting import without
from groundwork.preview.settings import judges
from groundwork.preview.surroundings import minimal, shed
from tests.support.git import git


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "kept").write_text("a")
    (tmp_path / "changed").write_text("a")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "base")
    return tmp_path


def test_a_commit_is_found_by_branch_and_hash_with_the_tree_that_decides_what_is_kept(clone: Path) -> None:
    found = base.commit(clone, "main")
    assert base.commit(clone, found.sha[:10]).tree == found.tree
    git(clone, "commit", "--quiet", "--allow-empty", "--message", "the same files")
    again = base.commit(clone, "main")
    assert (again.sha != found.sha, again.tree) == (True, found.tree)


@pytest.mark.parametrize("ref", ["origin/nowhere", "--output=/etc/passwd", "main:kept"])
def test_what_is_no_commit_is_refused_with_what_to_do(clone: Path, ref: str) -> None:
    with pytest.raises(GroundworkError, match=r"git fetch|give a branch"):
        base.commit(clone, ref)


def test_files_that_differ_are_those_changed_and_those_that_are_new(clone: Path) -> None:
    found = base.commit(clone, "main")
    (clone / "changed").write_text("b")
    (clone / "policies").mkdir()
    (clone / "policies" / "new.json").write_text("{}")
    assert base.changed_files(clone, found) == ("changed", "policies/new.json")
    assert judges(base.changed_files(clone, found)) == ["policies/new.json"]


def test_nothing_is_kept_of_a_base_that_cannot_be_built(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipeline that caches the folder would keep what is of no use, under a key that is then taken."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (clone / "groundwork").mkdir()
    (clone / "groundwork" / "__init__.py").touch()
    (clone / "groundwork" / "__main__.py").write_text("raise SystemExit('no such twin')\n")
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "--no-gpg-sign", "--message", "broken")
    broken = base.commit(clone, "HEAD")
    with pytest.raises(GroundworkError, match="no such twin"), base.restored(clone, broken, ["dev"], print):
        pass
    place = base.place(broken)
    assert place.folder.parent == tmp_path / "cache" / "groundwork" / "previews"
    assert place.folder.parent.is_dir()
    assert not place.folder.exists()


def test_no_secret_of_the_caller_is_handed_on() -> None:
    variables = {
        "PATH": "/bin", "HOME": "/home/x", "LC_ALL": "C", "GITHUB_TOKEN": "t", "AWS_SECRET_ACCESS_KEY": "s",
        "PULUMI_ACCESS_TOKEN": "p", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "i", "HTTPS_PROXY": "http://user:word@proxy",
        "SSH_AUTH_SOCK": "/agent", "WHATEVER": "w",
    }  # fmt: skip
    assert minimal(variables) == {"PATH": "/bin", "HOME": "/home/x", "LC_ALL": "C"}
    shed(variables)
    assert sorted(variables) == ["HOME", "LC_ALL", "PATH"]


def test_a_secret_is_taken_out_before_it_is_cut_or_escaped() -> None:
    held = {"failed": ["KEY=ab_cd-ef_gh!", {"ab_cd-ef_gh": ("x", 1, None)}]}
    assert without(held, ["ab_cd-ef_gh", "x"]) == {"failed": ["KEY=[secret]!", {"[secret]": ["x", 1, None]}]}


def typed(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["preview", *arguments])
    assert isinstance(result.exception, GroundworkError), result.output
    return str(result.exception)


def test_two_things_to_compare_with_are_refused() -> None:
    assert "give one of them" in typed("--base", "main", "--against", "aws")


def test_a_base_that_there_is_not_is_said_before_anything_is_begun(tmp_path: Path) -> None:
    assert "git fetch origin nowhere" in typed("--base", "nowhere", "--output", str(tmp_path / "preview"))
    assert not (tmp_path / "preview").exists()


def test_of_a_state_what_was_protected_and_which_clusters_answer_is_kept() -> None:
    resources: list[dict[str, object]] = [
        {"urn": "urn:stack", "type": "pulumi:pulumi:Stack"},
        {"urn": "urn:db", "type": "aws:rds/instance:Instance", "protect": True, "outputs": {"name": "registry"}},
        {"urn": "urn:cluster", "type": "aws:eks/cluster:Cluster", "outputs": {"name": "groundwork-dev"}},
    ]
    found = base.built_of(resources)
    assert (found.protected, found.clusters) == (("urn:db",), ("groundwork-dev",))
