"""Settings of the ACC rules about who may do what in a cluster."""

from dataclasses import dataclass

from policies.config.reading import setting, text, texts


@dataclass(frozen=True)
class ClusterAccessSettings:
    """What the ACC rules about roles and service accounts take from the config."""

    cluster_admin_subjects: tuple[str, ...] = setting(
        (), texts("subjects such as Group/admins or ServiceAccount/namespace/name")
    )
    """ACC-25: who may be bound to cluster-admin."""
    platform_roles: tuple[str, ...] = setting((), texts("globs over a role's name, or over namespace/name"))
    """ACC-27: roles of the platform, which may run commands in pods, make pods and volumes, and reach nodes."""
    secret_roles: tuple[str, ...] = setting((), texts("globs over namespace/name of a Role"))
    """ACC-27: Roles that may read every secret of their namespace: of a controller that gives them random names."""
    api_use_annotation: str = setting("groundwork.io/api-use", text("the key of an annotation"))
    """ACC-28: annotation of a workload or a service account that says what it uses the API server for."""
