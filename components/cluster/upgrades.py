"""Refuses an upgrade that EKS refuses, or cannot take back, in the preview and not after half of it was done.

EKS goes up one minor version at a time and never back. What the cluster has now is in the engine's state, so the check
is a hook of the engine before each update of the cluster, in previews too; settings alone cannot know it.

Source: EKS user guide, "Update existing cluster to new Kubernetes version"; Pulumi docs, "Resource hooks".
"""

import pulumi

from components.cluster.versions import ADDON_VERSIONS, minor


class UpgradeError(Exception):
    """The step between two versions is not one that EKS makes; the text says which it does."""


def check_step(cluster: str, old: str, new: str) -> None:
    """Raise `UpgradeError` unless `new` is the version that the cluster has, or the next one."""
    steps = minor(new) - minor(old)
    if steps in (0, 1):
        return
    following = f"1.{minor(old) + 1}"
    why = "a cluster never goes back" if steps < 0 else "a cluster goes up one minor version at a time"
    there_is_more = following in ADDON_VERSIONS
    allowed = f"{old} (as it is)" + (f" or {following}, then the next one in another `up`" if there_is_more else "")
    raise UpgradeError(
        f"groundwork:settings.cluster.version\n"
        f"    value:   {new}\n"
        f"    problem: {cluster} has {old}, and {why}\n"
        f"    allowed: {allowed}\n"
        f'    example: version: "{following if there_is_more else old}"'
    )


def check(hook: pulumi.ResourceHookArgs) -> None:
    """Compare what the cluster has with what it is to get. Raises `UpgradeError`, which stops the run."""
    old, new = hook.old_outputs or {}, hook.new_inputs or {}
    # What AWS says it has counts, not what was asked for last: an update may have failed.
    check_step(str(new["name"]), str(old["version"]), str(new["version"]))


def version_check(name: str) -> pulumi.ResourceHookBinding:
    """Return the option of a cluster that has every update of it checked, in previews too."""
    hook = pulumi.ResourceHook(f"{name}-version-check", check, pulumi.ResourceHookOptions(on_dry_run=True))
    return pulumi.ResourceHookBinding(before_update=[hook])
