"""The stack's outputs: few, flat, named for whoever uses the platform. A name here is a contract with them."""

import pulumi

from stacks.wiring import Platform


def export(platform: Platform) -> None:
    """Export what people and other programs need in order to use the environment. None of it is a secret."""
    foundation, data, access = platform.foundation, platform.data, platform.access
    pulumi.export("vpc_id", foundation.network.vpc_id)
    for key_name, key in foundation.keys.items():
        pulumi.export(f"key_alias_{key_name}", key.alias)
    for name, store in data.stores.items():
        pulumi.export(f"bucket_{name}", store.bucket_name)
    pulumi.export("bucket_dvc", data.data_versioning.bucket_name)
    for team, text in data.data_versioning.configs.items():
        pulumi.export(f"dvc_config_{team}", text)
    for name, url in data.images.repository_urls.items():
        pulumi.export(f"repository_{name}", url)
    pulumi.export("database_endpoint", data.database.endpoint)
    pulumi.export("database_name", data.database.database_name)
    pulumi.export("database_master_secret_arn", data.database.master_secret_arn)
    pulumi.export("trail_arn", data.trail.trail_arn)
    kubernetes = platform.kubernetes
    pulumi.export("cluster_name", kubernetes.cluster.cluster_name)
    pulumi.export("cluster_endpoint", kubernetes.cluster.endpoint)
    pulumi.export("cluster_version", kubernetes.cluster.version)
    pulumi.export("kubeconfig", kubernetes.kubeconfig)
    pulumi.export("registry_events_queue_url", platform.registry.events.queue_url)
    if platform.tracking is not None:
        pulumi.export("namespace_mlflow", platform.tracking.server.namespace)
        pulumi.export("tracking_server_url", platform.tracking.server.url)
        for name, identity in platform.tracking.identities.items():
            pulumi.export(f"role_{name}", identity.role_arn)
    for name, namespace in platform.inside.namespaces.items():
        pulumi.export(f"namespace_{name}", namespace.name)
    for team, workspace in platform.teams.workspaces.items():
        pulumi.export(f"team_{team}_namespace", workspace.namespace)
        pulumi.export(f"team_{team}_role_training", workspace.training_role_arn)
        for persona, role_arn in workspace.role_arns.items():
            pulumi.export(f"team_{team}_role_{persona}", role_arn)
    for team, tensorboard in platform.tensorboards.items():
        pulumi.export(f"team_{team}_tensorboard", tensorboard.url)
        pulumi.export(f"team_{team}_role_tensorboard", tensorboard.role_arn)
    for platform_persona, access_of in platform.teams.people.items():
        pulumi.export(f"platform_role_{platform_persona}", access_of.role_arn)
    for name, identity in access.workloads.items():
        pulumi.export(f"role_{name}", identity.role_arn)
    if platform.monitoring.metrics is not None:
        pulumi.export("prometheus_url", platform.monitoring.metrics.prometheus_url)
        pulumi.export("alertmanager_url", platform.monitoring.metrics.alertmanager_url)
        pulumi.export("role_alertmanager", platform.monitoring.metrics.alertmanager_role_arn)
    for name, pool in platform.runners.items():
        pulumi.export(f"runners_{name}", pool.runs_on)
    pulumi.export("role_github_preview", access.github.preview_role_arn)
    pulumi.export("role_github_deploy", access.github.deploy_role_arn)
