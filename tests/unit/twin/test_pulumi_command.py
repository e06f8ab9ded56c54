"""What happens before the engine takes over; the engine itself is in test_project.py."""

from pathlib import Path

import pytest

from twin import pulumi_command

AWS = """secretsprovider: awskms://alias/groundwork-prod
encryptedkey: AQICAHh
  folded/over/lines
encryptionsalt: v1:of-aws
config:
  # kept: a comment
  groundwork:settings:
    region: eu-west-1
"""
PLAIN = AWS[AWS.index("config:") :]


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    clone, project = tmp_path / "clone", tmp_path / "project"
    clone.mkdir()
    project.mkdir()
    (clone / "Pulumi.prod.yaml").write_text(AWS)
    return clone, project


def test_the_copy_has_the_settings_and_no_key_of_aws(folders: tuple[Path, Path]) -> None:
    pulumi_command.refresh(*folders)
    clone, project = folders
    assert (project / "Pulumi.prod.yaml").read_text() == PLAIN
    assert (clone / "Pulumi.prod.yaml").read_text() == AWS


def test_the_copy_keeps_the_salt_that_the_engine_wrote_and_follows_the_file(folders: tuple[Path, Path]) -> None:
    clone, project = folders
    pulumi_command.refresh(clone, project)
    (project / "Pulumi.prod.yaml").write_text(f"{PLAIN}encryptionsalt: v1:of-twin\n")
    (clone / "Pulumi.prod.yaml").write_text(AWS.replace("eu-west-1", "eu-central-1"))
    pulumi_command.refresh(clone, project)
    expected = PLAIN.replace("eu-west-1", "eu-central-1") + "encryptionsalt: v1:of-twin\n"
    assert (project / "Pulumi.prod.yaml").read_text() == expected


def test_a_copy_that_is_right_is_not_written_again(folders: tuple[Path, Path]) -> None:
    pulumi_command.refresh(*folders)
    copy = folders[1] / "Pulumi.prod.yaml"
    before = copy.stat()
    pulumi_command.refresh(*folders)
    assert (copy.stat().st_ino, copy.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize(
    "command",
    ["config set a b", "-s dev config rm a", "config -s dev set-all --plaintext a=b", "up -c a=b", "up --config=a=b"],
)
def test_what_would_change_settings_is_refused_with_advice(command: str) -> None:
    assert "Edit Pulumi.<environment>.yaml" in (pulumi_command.refusal(command.split()) or "")


@pytest.mark.parametrize("command", ["config", "config get a", "up -s dev", "preview --config-file x", "stack ls", ""])
def test_everything_else_is_not_refused(command: str) -> None:
    assert pulumi_command.refusal(command.split()) is None


def test_paths_are_those_of_the_folder_that_the_person_is_in(tmp_path: Path) -> None:
    given = ["stack", "export", "--file", "a.json", "--plan=b", "--save-plan", "/c", "dev"]
    assert pulumi_command.from_here(given, tmp_path) == [
        *("stack", "export", "--file", f"{tmp_path}/a.json"),
        *(f"--plan={tmp_path}/b", "--save-plan", "/c", "dev"),
    ]
