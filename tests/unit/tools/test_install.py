import ast
import tomllib
from pathlib import Path

import pytest

from tools import install
from tools.toolchain import CLONE


@pytest.mark.parametrize("version", [(3, 8), (3, 10), (3, 14)])
def test_an_unsupported_python_is_told_which_ones_are(version: tuple[int, int]) -> None:
    said = install.unsupported_python(version, "/usr/bin/python3")
    assert said is not None
    assert said.startswith(f"Python {version[0]}.{version[1]} (/usr/bin/python3) cannot run Groundwork")
    assert "needs Python 3.11 to 3.13" in said
    assert "make install PYTHON=" in said


@pytest.mark.parametrize("version", [(3, 11), (3, 13)])
def test_a_supported_python_is_not_complained_about(version: tuple[int, int]) -> None:
    assert install.unsupported_python(version, "python3") is None


def test_the_supported_pythons_are_those_of_the_package() -> None:
    requires = tomllib.loads((CLONE / "pyproject.toml").read_text())["project"]["requires-python"]
    (oldest, newest), upper = (install.OLDEST_PYTHON, install.NEWEST_PYTHON), install.NEWEST_PYTHON[1] + 1
    assert requires == f">={oldest[0]}.{oldest[1]},<{newest[0]}.{upper}"


@pytest.mark.parametrize("name", ["__init__.py", "install.py"])
def test_an_old_python_can_read_the_files_that_carry_the_message(name: str) -> None:
    ast.parse((Path(install.__file__).with_name(name)).read_text(), feature_version=(3, 6))
