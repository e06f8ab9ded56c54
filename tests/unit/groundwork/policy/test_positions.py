"""Where a resource is registered: a path in the clone, whatever folder the engine worked in, and nothing outside of it.

The positions are what engine 3.255 writes: on the twin it works in `.twin/project`, or in a folder far from the clone.
"""

from pathlib import Path

import pytest

from groundwork.policy.positions import place
from twin.places import Places

CLONE = Path("/home/somebody/groundwork")
HERE = Places(CLONE, CLONE / ".twin")
FAR = Places(CLONE, Path("/srv/twin"))


@pytest.mark.parametrize(
    ("position", "expected"),
    [
        ("project:///a.py#7", "a.py#7"),
        ("project:///stacks/data.py#12,5", "stacks/data.py#12,5"),
        ("project:///../../components/x.py#12", "components/x.py#12"),
        ("project:///../../components/../stacks/data.py#1", "stacks/data.py#1"),
        ("project:///../../a%20folder/%231.py#3", "a%20folder/%231.py#3"),
        ("project:///../../components/x.py", "components/x.py"),
    ],
)
def test_a_position_is_a_path_from_the_root_of_the_clone(position: str, expected: str) -> None:
    assert place(position, HERE) == expected


def test_a_twin_that_is_far_from_its_clone_tells_the_same() -> None:
    position = "project:///../../../home/somebody/groundwork/components/x.py#12"
    assert place(position, FAR) == "components/x.py#12"
    assert place(position, HERE) == "", "from the clone's own twin this is another place"


@pytest.mark.parametrize(
    "position",
    [
        None,
        "",
        "project:///../../../etc/passwd",
        "project:///../../../../../etc/passwd#1",
        "project:///../../../groundwork-of-another/x.py#1",
        "project:///../..#1",
        "project:////etc/passwd#1",
        "project:///%2e%2e/%2e%2e/%2e%2e/etc/passwd#1",
        "project:///stacks/../../../../etc/passwd#1",
        "project:///../../../../../root/.cache/python/lib/python3.11/site-packages/pulumi_aws/provider.py#805",
        "project:///../../.venv/lib/python3.11/site-packages/pulumi_aws/provider.py#805",
        "project:///../twin.json#1",
        "project:///../../components/x%00.py#1",
        "file:///etc/passwd#1",
        "https://example.com/x.py#1",
    ],
)
def test_what_is_no_file_of_the_clone_is_not_told(position: str | None) -> None:
    assert place(position, HERE) == ""
    assert place(position, None) == ""


def test_without_a_clone_only_what_is_inside_of_the_project_is_told() -> None:
    assert place("project:///a.py#7", None) == "a.py#7"
    assert place("project:///../../components/x.py#12", None) == ""


def test_a_folder_of_the_twin_that_is_reached_by_a_link_is_where_the_link_leads(tmp_path: Path) -> None:
    clone, twin = tmp_path / "clone", tmp_path / "elsewhere" / "deep" / "twin"
    (twin / "project").mkdir(parents=True)
    clone.mkdir()
    (tmp_path / "link").symlink_to(twin)
    here = Places(clone, tmp_path / "link")
    assert place("project:///../../../../clone/components/x.py#12", here) == "components/x.py#12"
