"""Decides which steps between versions are refused and in which words; that the engine asks is tried on the twin."""

import pulumi
import pytest

from components.cluster.upgrades import UpgradeError, check, check_step
from components.cluster.versions import ADDON_VERSIONS, minor


@pytest.mark.parametrize(("old", "new"), [("1.35", "1.36"), ("1.36", "1.36"), ("1.9", "1.10")])
def test_the_next_version_and_none_at_all_are_fine(old: str, new: str) -> None:
    check_step("groundwork-dev", old, new)


def test_a_version_is_not_skipped() -> None:
    with pytest.raises(UpgradeError) as caught:
        check_step("groundwork-dev", "1.34", "1.36")
    assert str(caught.value).splitlines() == [
        "groundwork:settings.cluster.version",
        "    value:   1.36",
        "    problem: groundwork-dev has 1.34, and a cluster goes up one minor version at a time",
        "    allowed: 1.34 (as it is) or 1.35, then the next one in another `up`",
        '    example: version: "1.35"',
    ]


def test_a_cluster_does_not_go_back() -> None:
    with pytest.raises(UpgradeError, match=r"groundwork-dev has 1\.36, and a cluster never goes back"):
        check_step("groundwork-dev", "1.36", "1.35")
    with pytest.raises(UpgradeError, match=r'allowed: 1\.36 \(as it is\)\n    example: version: "1\.36"'):
        check_step("groundwork-dev", "1.36", "1.35")  # nothing newer is known here


def hook(old: str, asked_last: str, new: str) -> pulumi.ResourceHookArgs:
    return pulumi.ResourceHookArgs(
        urn="urn",
        id="groundwork-dev",
        name="cluster-eks",
        type="aws:eks/cluster:Cluster",
        old_inputs={"name": "groundwork-dev", "version": asked_last},
        new_inputs={"name": "groundwork-dev", "version": new},
        old_outputs={"version": old},
    )


def test_what_the_cluster_has_counts_and_not_what_was_asked_for_last() -> None:
    check(hook("1.35", "1.36", "1.36"))
    with pytest.raises(UpgradeError, match=r"has 1\.34"):
        check(hook("1.34", "1.35", "1.36"))


@pytest.mark.parametrize("version", ["2.1", "1", "", "1.x"])
def test_what_is_no_version_is_refused(version: str) -> None:
    with pytest.raises(ValueError, match=r"version|int"):
        minor(version)


def test_every_version_has_every_add_on_pinned() -> None:
    names = [frozenset(table) for table in ADDON_VERSIONS.values()]
    assert len(set(names)) == 1
    assert all("-eksbuild." in version for table in ADDON_VERSIONS.values() for version in table.values())


def test_kube_proxy_is_of_the_clusters_own_version() -> None:
    for version, table in ADDON_VERSIONS.items():
        assert table["kube-proxy"].startswith(f"v{version}.")
