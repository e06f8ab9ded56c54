import hashlib
from pathlib import Path

import pytest

from tests.unit.tools.support import archive
from tools.archive import unpack, verify
from tools.errors import ToolchainError


def test_a_file_with_another_digest_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "engine.tar.gz"
    file.write_bytes(b"changed on the way")
    with pytest.raises(ToolchainError, match="not the file that was pinned"):
        verify(file, "sha256", hashlib.sha256(b"as published").hexdigest())


@pytest.mark.parametrize(
    "encoded",
    [
        "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
        "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
    ],
)
def test_a_digest_may_be_hexadecimal_or_base64(tmp_path: Path, encoded: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"hello")
    verify(file, "sha256", encoded)


def test_only_the_wanted_files_below_the_folder_are_written_and_programs_stay_programs(tmp_path: Path) -> None:
    packed = archive(tmp_path / "a.tgz", {"pulumi/pulumi": "x", "pulumi/extra": "y", "README": "z"})
    unpack(packed, tmp_path / "out", under="pulumi", wanted=lambda path: path.name == "pulumi")
    (written,) = (tmp_path / "out").rglob("*")
    assert written.name == "pulumi"
    assert written.stat().st_mode & 0o777 == 0o755


def test_a_path_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    packed = archive(tmp_path / "a.tgz", {"pulumi/../../outside": "x"})
    with pytest.raises(ToolchainError, match="leads out of its folder"):
        unpack(packed, tmp_path / "out", under="pulumi")
    assert not (tmp_path / "outside").exists()
