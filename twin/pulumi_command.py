"""`pulumi` of the twin: `.twin/bin/pulumi` runs this file, and it becomes the real engine in `.twin/project`.

The engine writes a stack's encryption salt into its settings file, and would do so into the checked-in one, where the
salt of the AWS stack belongs. So it works in a folder of the twin's, with copies of the settings files that are made
anew each time and keep the twin's own salt.

Standard library only and no import from Groundwork: it runs before each command, without site-packages, in 40 ms.
"""

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

SECRETS_PROVIDER = re.compile(r"^(secretsprovider|encryptedkey|encryptionsalt):.*\n(?:[ \t]+.*\n)*", re.MULTILINE)
"""The top-level keys of a settings file by which the engine finds the stack's encryption key."""
SALT = re.compile(r"^encryptionsalt:.*\n", re.MULTILINE)
CONFIG_WRITES = frozenset({"set", "set-all", "rm", "rm-all", "cp", "refresh", "env"})
FILE_FLAGS = frozenset({"--file", "--plan", "--save-plan", "--config-file", "--policy-pack-config"})


def main(clone: Path, project: Path, engine: Path, arguments: Sequence[str]) -> None:
    """Become the engine; never returns. Exits with 255, as the engine does, for what the twin refuses."""
    if told := refusal(arguments):
        sys.stderr.write(f"error: {told}\n")
        raise SystemExit(255)
    refresh(clone, project)
    here = Path.cwd()
    arguments = list(arguments)
    if here.is_relative_to(clone) and not any(word == "-C" or word.startswith("--cwd") for word in arguments):
        arguments = from_here(arguments, here)
        os.chdir(project)
    os.execv(engine, ["pulumi", *arguments])  # noqa: S606 - the arguments are the user's own, and no shell reads them


def refresh(clone: Path, project: Path) -> None:
    """Copy the settings files of the clone that changed into `project`; each copy keeps its own encryption salt."""
    for source in clone.glob("Pulumi.*.yaml"):
        copy = project / source.name
        held = copy.read_text() if copy.exists() else ""
        settings = SECRETS_PROVIDER.sub("", f"{source.read_text().rstrip()}\n")
        wanted = settings + "".join(match.group() for match in SALT.finditer(held))
        if wanted != held:
            draft = copy.with_name(f"{copy.name}.{os.getpid()}")
            draft.write_text(wanted)
            draft.replace(copy)


def refusal(arguments: Sequence[str]) -> str | None:
    """Why the command is refused; None when it is not. Settings are changed in one place, the checked-in file."""
    after_config = arguments[arguments.index("config") + 1 :] if "config" in arguments else ()
    saved_by_flag = any(word in ("-c", "--config") or word.startswith("--config=") for word in arguments)
    if saved_by_flag or CONFIG_WRITES.intersection(after_config):
        return (
            "settings are not changed through the engine here: it works on a copy. Edit Pulumi.<environment>.yaml, "
            "the file of both the twin and AWS; the next command reads it."
        )
    return None


def from_here(arguments: Sequence[str], here: Path) -> list[str]:
    """The arguments with the paths of `--file` and the like made absolute: the engine runs in another folder."""
    absolute = []
    for before, word in zip(("", *arguments), arguments, strict=False):
        flag, equals, value = word.partition("=")
        if before in FILE_FLAGS:
            absolute.append(str(here / word))
        elif flag in FILE_FLAGS and equals:
            absolute.append(f"{flag}={here / value}")
        else:
            absolute.append(word)
    return absolute


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:])
