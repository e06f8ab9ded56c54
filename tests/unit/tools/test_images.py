"""Virtual environments of images, made for real from a lock of one small wheel; nothing is fetched."""

import hashlib
import subprocess
import threading
import zipfile
from pathlib import Path

import pytest

from tests.unit.tools.support import Said
from tools import images
from tools.errors import ToolchainError

_PACKAGE = """
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "own-package"
version = "1.0"
dependencies = ["never-to-be-had==9.9"]

[project.scripts]
own-program = "own_package:main"
"""


def wheel(folder: Path, name: str) -> Path:
    """A wheel of one module that says its own name."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.py", f"name = {name!r}\n")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return path


def locked(*wheels: Path) -> str:
    """The lock of these wheels."""
    digests = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in wheels}
    return "".join(
        f"{path.name.split('-')[0]} @ {path.as_uri()} \\\n    --hash=sha256:{digest}\n"
        for path, digest in digests.items()
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The images, of which `tracker` has a package of its own and `plain` has none."""
    made = tmp_path / "images"
    dependency = wheel(tmp_path, "dependency")
    for name in ("tracker", "plain"):
        (made / name).mkdir(parents=True)
        (made / name / "requirements.lock").write_text(locked(dependency))
    source = made / "tracker" / "src" / "own_package"
    source.mkdir(parents=True)
    (source / "__init__.py").write_text("import dependency\n\n\ndef main():\n    print('runs with', dependency.name)\n")
    (made / "tracker" / "pyproject.toml").write_text(_PACKAGE)
    return made


def test_an_image_has_what_its_lock_names_and_its_own_program(cache: Path, folder: Path, said: Said) -> None:
    made = images.environment("tracker", said, folder)
    assert subprocess.check_output([made / "bin" / "own-program"], text=True) == "runs with dependency\n"
    assert made.is_relative_to(cache)
    assert "Python environment of the image tracker" in str(said)
    assert sorted(path.name for path in (folder / "tracker").iterdir()) == [
        "pyproject.toml",
        "requirements.lock",
        "src",
    ]
    assert [path.name for path in (folder / "tracker" / "src").iterdir()] == ["own_package"]


def test_nothing_but_the_lock_is_there(cache: Path, folder: Path, said: Said) -> None:
    made = images.environment("plain", said, folder)
    for module, is_there in {"dependency": True, "own_package": False, "setuptools": False, "pip": False}.items():
        done = subprocess.run([made / "bin" / "python", "-I", "-c", f"import {module}"], capture_output=True)
        assert (done.returncode == 0) is is_there, module


def test_it_is_made_once_and_again_when_lock_or_sources_change(cache: Path, folder: Path, said: Said) -> None:
    first = images.environment("tracker", said, folder)
    (folder / "tracker" / "src" / "own_package" / "__pycache__").mkdir()
    (folder / "tracker" / "src" / "own_package" / "__pycache__" / "a.pyc").write_text("")
    (folder / "tracker" / "Dockerfile").write_text("FROM scratch")
    before = str(said)
    assert images.environment("tracker", said, folder) == first
    assert str(said) == before
    (folder / "tracker" / "src" / "own_package" / "__init__.py").write_text("def main():\n    print('changed')\n")
    second = images.environment("tracker", said, folder)
    assert subprocess.check_output([second / "bin" / "own-program"], text=True) == "changed\n"
    lock = folder / "tracker" / "requirements.lock"
    lock.write_text(lock.read_text() + "# newer\n")
    third = images.environment("tracker", said, folder)
    assert len({first, second, third}) == 3


def test_a_package_whose_hash_is_another_is_refused_and_nothing_half_made_is_left(
    cache: Path, folder: Path, said: Said
) -> None:
    lock = folder / "plain" / "requirements.lock"
    lock.write_text(lock.read_text().rpartition(":")[0] + f":{'0' * 64}\n")
    with pytest.raises(ToolchainError, match=r"(?i)hash"):
        images.environment("plain", said, folder)
    assert [path for path in (cache / "image-plain").iterdir() if path.is_dir()] == []


def test_a_package_without_a_hash_is_refused(cache: Path, folder: Path, said: Said) -> None:
    lock = folder / "plain" / "requirements.lock"
    lock.write_text(lock.read_text().partition(" \\")[0] + "\n")
    with pytest.raises(ToolchainError, match=r"(?i)hash"):
        images.environment("plain", said, folder)


def test_two_that_want_it_at_once_make_it_once(cache: Path, folder: Path) -> None:
    told = [Said(), Said()]
    made: list[Path] = []
    threads = [threading.Thread(target=lambda s=s: made.append(images.environment("plain", s, folder))) for s in told]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 2
    assert made[0] == made[1]
    assert sum("done after" in str(one) for one in told) == 1


def test_a_build_that_was_killed_is_made_again(cache: Path, folder: Path, said: Said) -> None:
    made = images.environment("plain", said, folder)
    (made / ".complete").unlink()
    (made / "bin" / "python").unlink()
    assert (images.environment("plain", said, folder) / "bin" / "python").exists()
    assert "interrupted" in str(said)


def test_a_name_that_is_no_image_is_told_which_there_are(cache: Path, folder: Path, said: Said) -> None:
    with pytest.raises(ToolchainError, match=r"no image 'tensorbord' here: .* has plain, tracker"):
        images.environment("tensorbord", said, folder)
