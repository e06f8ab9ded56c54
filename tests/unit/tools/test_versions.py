import pytest

from tools.versions import Version, parse_version, shown


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("v3.255.0\n", (3, 255, 0)),
        ("v3.256.0-alpha.1a2b3c", (3, 256, 0)),
        ("go version go1.26.8 linux/amd64", (1, 26, 8)),
        ("postgres (PostgreSQL) 15.6 (Debian 15.6-0+deb12u1)", (15, 6)),
        ("command not found", None),
        ("", None),
    ],
)
def test_the_first_version_in_a_text_is_found(text: str, version: Version | None) -> None:
    assert parse_version(text) == version


def test_versions_compare_as_numbers_not_as_text() -> None:
    older, newer = parse_version("v3.99.0"), parse_version("v3.250.0")
    assert older
    assert newer
    assert older < newer
    assert shown(newer) == "3.250.0"
