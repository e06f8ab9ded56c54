import dataclasses
import stat
from pathlib import Path

import pytest

from twin import state
from twin.errors import TwinError
from twin.state import ProcessId, TwinState


def test_what_is_saved_is_loaded_and_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / ".twin" / "twin.json"
    held = TwinState.new(20001, 20002).with_process("aws", ProcessId(7, 1.5))
    state.save(path, held)
    assert state.load(path) == held
    assert [stat.S_IMODE(one.stat().st_mode) for one in (path, path.parent)] == [0o600, 0o700]
    assert [one.name for one in path.parent.iterdir()] == ["twin.json"], "no draft is left"


def test_each_twin_has_secrets_of_its_own_that_are_not_shown() -> None:
    one, other = TwinState.new(1, 2), TwinState.new(1, 2)
    assert len({one.root_secret, one.passphrase, other.root_secret, other.passphrase}) == 4
    assert one.root_secret not in repr(one)
    assert one.passphrase not in repr(one)


def test_a_process_that_ended_is_forgotten_and_others_are_kept() -> None:
    held = TwinState.new(1, 2).with_process("aws", ProcessId(7, 1.5)).with_process("etcd", ProcessId(8, 1.5))
    assert held.with_process("aws", None).processes == {"etcd": ProcessId(8, 1.5)}
    with pytest.raises(dataclasses.FrozenInstanceError):
        held.https_port = 3  # type: ignore[misc]


def test_no_file_is_no_twin(tmp_path: Path) -> None:
    assert state.load(tmp_path / "twin.json") is None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"processes": {}, "colour": 1}', '{"processes": {"aws": 7}}'])
def test_a_damaged_file_is_an_error_that_says_what_to_do(tmp_path: Path, text: str) -> None:
    (tmp_path / "twin.json").write_text(text)
    with pytest.raises(TwinError, match=r"twin\.json cannot be read as the state of a twin .* remove the folder"):
        state.load(tmp_path / "twin.json")
