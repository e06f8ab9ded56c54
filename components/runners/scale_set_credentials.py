"""The way of a GitHub App's key: a secret without its value, who may read it, the Job that brings it to the cluster.

The controller takes a Secret of the cluster, or Azure Key Vault, and nothing else, so a Job reads what a person put
into Secrets Manager and keeps the Secret the same, with the right to this secret and to this Secret alone. The CSI
driver could make Secrets itself, but would have the right to make and read them everywhere.

Source: Actions Runner Controller 0.14.2, controllers/actions.github.com/secretresolver; GitHub documentation,
"Authenticating ARC to the GitHub API" (GitHub Apps); AWS provider of the CSI driver, "Usage" (usePodIdentity,
jmesPath).
"""

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.batch import v1 as batch

from components.mounted_secret import secret_class_spec
from components.runners.place import RunnerPlace
from components.runners.scale_set_objects import after, metadata_of, rights_of
from components.runners.scale_set_pods import (
    CREDENTIALS,
    GITHUB_SECRET,
    SECRET_KEYS,
    credentials_metadata,
    credentials_pod,
)
from components.runners.scale_set_rights import credentials_rules
from components.runners.scale_set_settings import ScaleSetSettings
from components.sdk_inputs import untyped
from components.security.secret import ManagedSecret, ManagedSecretArgs, read_secrets, secret_arn_pattern, secret_name
from components.security.workload_identity import (
    PodIdentityTrust,
    WorkloadIdentityArgs,
    identity_of_pods,
    workload_role_arn,
)

SYNC_SCHEDULE = "*/5 * * * *"
"""How soon a new key of the App is known to the controller."""
SYNC_SECONDS = 240
BY_PEOPLE = "people/github-app"
"""What renews the key: GitHub gives it to a person alone."""


def credentials_of(
    name: str,
    settings: ScaleSetSettings,
    place: RunnerPlace,
    child: pulumi.ResourceOptions,
    inside: pulumi.ResourceOptions,
) -> pulumi.Resource:
    """Make the secret without its value, who may read it, and the Job that keeps the cluster's Secret."""
    identity_name = f"{name}-{CREDENTIALS}"
    secret = ManagedSecret(
        f"{name}-secret",
        ManagedSecretArgs(
            settings=place.cluster.secrets,
            account_id=place.account_id,
            environment=place.environment,
            path=name,
            description=f"GitHub App of the runners {name}, Groundwork {place.environment}",
            key_arn=place.cluster.secrets_key_arn,
            reader_arns=(workload_role_arn(place.account_id, place.environment, identity_name),),
            rotated_by=BY_PEOPLE,
        ),
        child,
    )
    arn = secret_arn_pattern(place.account_id, place.region, place.environment, name)
    identity, association = identity_of_pods(
        identity_name,
        WorkloadIdentityArgs(
            account_id=place.account_id,
            region=place.region,
            environment=place.environment,
            boundary_arn=place.boundary_arn,
            trust=PodIdentityTrust(
                cluster_name=place.cluster.known_cluster_name, namespace=name, service_account=CREDENTIALS
            ),
            rights=(read_secrets("ReadKeyOfTheApp", arn),),
        ),
        cluster_name=place.cluster.cluster_name,
        association=f"{identity_name}-association",
        opts=child,
    )
    mounted = CustomResource(
        f"{name}-secret-class",
        api_version="secrets-store.csi.x-k8s.io/v1",
        kind="SecretProviderClass",
        metadata=metadata_of(GITHUB_SECRET, name, CREDENTIALS),
        spec=untyped(secret_class_spec(place.region, secret_name(place.environment, name), SECRET_KEYS)),
        opts=inside,
    )
    rights = rights_of(name, CREDENTIALS, credentials_rules(GITHUB_SECRET), inside)
    return batch.CronJob(
        f"{name}-sync",
        metadata=metadata_of(CREDENTIALS, name, CREDENTIALS),
        spec=untyped(
            {
                "schedule": SYNC_SCHEDULE,
                "concurrency_policy": "Forbid",
                "successful_jobs_history_limit": 1,
                "failed_jobs_history_limit": 1,
                "job_template": {
                    "spec": {
                        "backoff_limit": 1,
                        "active_deadline_seconds": SYNC_SECONDS,
                        "template": {"metadata": credentials_metadata(), "spec": credentials_pod(settings)},
                    }
                },
            }
        ),
        opts=after(inside, secret, identity, association, mounted, *rights),
    )
