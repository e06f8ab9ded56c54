"""A pool of GitHub Actions runners on the cluster's GPU nodes, as a scale set of Actions Runner Controller.

Makes what one pool needs and shares with no other: a guarded namespace, the controller that watches it, its rights, the
scale set, and the way that the GitHub App's key takes. There is no runner and no GPU node while there is no job: the
listener hears of a job from GitHub, the controller makes a pod, the cluster autoscaler a node.

The key of the App is in Secrets Manager, where a person puts it; the program makes the secret without its value. The
controller takes a Secret of the cluster, or Azure Key Vault, and nothing else, so a Job reads the one and keeps the
other, with the right to this secret and to this Secret alone. The CSI driver could make Secrets itself, but would have
the right to make and read them everywhere.

What all pools share, the definitions of the controller's kinds, is made by `prepare`.

Source: Actions Runner Controller 0.14.2, charts gha-runner-scale-set-controller and gha-runner-scale-set,
controllers/actions.github.com; GitHub documentation, "Authenticating ARC to the GitHub API" (GitHub Apps).
"""

import json
import math
from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.apiextensions.v1 import CustomResourceDefinition
from pulumi_kubernetes.apps import v1 as apps
from pulumi_kubernetes.batch import v1 as batch
from pulumi_kubernetes.networking import v1 as networking
from pulumi_kubernetes.rbac import v1 as rbac

from components.cluster.group_rights import SEE, GroupRights, Rule, as_api_writes, give
from components.cluster.namespace import GuardedNamespace, GuardedNamespaceArgs, QuotaSettings
from components.labels import labels
from components.runners.place import RunnerPlace, Runners
from components.runners.scale_set_definitions import API_VERSION, DEFINITIONS, GROUP, VERSION, definition_spec
from components.runners.scale_set_pods import (
    APPLICATION,
    COMPONENT,
    CONTROLLER,
    CREDENTIALS,
    GITHUB_SECRET,
    LISTENER_COMPONENT,
    REGISTRATION_VARIABLE,
    RUNNER,
    SECRET_KEYS,
    controller_metadata,
    controller_pod,
    credentials_metadata,
    credentials_pod,
    listener_template,
    runner_template,
)
from components.runners.scale_set_rights import CONTROLLER_RULES, credentials_rules
from components.runners.scale_set_settings import ScaleSetSettings, scale_set_name
from components.security.secret import ManagedSecret, ManagedSecretArgs, read_secrets, secret_arn_pattern, secret_name
from components.security.workload_identity import (
    PodIdentityTrust,
    WorkloadIdentityArgs,
    identity_of_pods,
    workload_role_arn,
)

HTTPS = 443
RBAC = "rbac.authorization.k8s.io"
SYNC_SCHEDULE = "*/5 * * * *"
"""How soon a new key of the App is known to the controller."""
SYNC_SECONDS = 240
BY_PEOPLE = "people/github-app"
"""What renews the key: GitHub gives it to a person alone."""
OWN_PODS, OWN_CPU, OWN_MEMORY_GIB = 6, 2, 4
"""What the namespace has for the controller, the listener and the Job, beside runners."""


def prepare(name: str, place: RunnerPlace, child: pulumi.ResourceOptions) -> None:
    """Make what all pools share: the kinds, and the right of previews to see them."""
    for definition in DEFINITIONS:
        spec: Any = definition_spec(definition)
        CustomResourceDefinition(
            f"{name}-{definition.plural}",
            metadata={"name": definition.name, "labels": labels(APPLICATION, "runners")},
            spec=spec,
            opts=child,
        )
    seen = (
        Rule("apiextensions.k8s.io", ("customresourcedefinitions",), SEE),
        Rule(GROUP, ("autoscalingrunnersets",), SEE),
    )
    give(
        f"{name}-preview",
        GroupRights(
            group=place.cluster.preview_group, role="groundwork-preview-runners", rules=seen, component="pipeline"
        ),
        parent=_parent(child),
    )


def build(name: str, settings: ScaleSetSettings, place: RunnerPlace, child: pulumi.ResourceOptions) -> Runners:
    """Make a pool; `name` is its component's, of which `child` makes its resources children, and its namespace's."""
    guarded = GuardedNamespace(
        f"{name}-guarded",
        GuardedNamespaceArgs(
            namespace=name,
            quota=quota(settings),
            vpc_cidr=place.cluster.vpc_cidr,
            egress_ranges=(*place.cluster.egress_ranges, *(str(cidr) for cidr in settings.egress_ranges)),
            open_inside=False,
            service_accounts=(CONTROLLER, CREDENTIALS, RUNNER),
            environment_secrets=(REGISTRATION_VARIABLE,),
            after=place.cluster.after,
        ),
        child,
    )
    inside = _after(child, guarded)
    reaches = networking.NetworkPolicy(
        f"{name}-to-api-server",
        metadata=_metadata("allow-api-server", name, "network"),
        spec=_untyped(api_server_policy(place.cluster.api_server_address)),
        opts=inside,
    )
    credentials = _credentials(name, settings, place, child, inside)
    controller = apps.Deployment(
        f"{name}-controller",
        metadata=_metadata(CONTROLLER, name, CONTROLLER),
        spec=_untyped(
            {
                "replicas": 1,
                "strategy": {"type": "Recreate"},  # two of them would make everything twice
                "selector": {"match_labels": {**_of(CONTROLLER)}},
                "template": {"metadata": controller_metadata(), "spec": controller_pod(settings, name)},
            }
        ),
        opts=_after(inside, reaches, *_rights(name, CONTROLLER, as_api_writes(CONTROLLER_RULES), inside)),
    )
    label = scale_set_name(place.environment, name)
    scale_set = CustomResource(
        f"{name}-scale-set",
        api_version=API_VERSION,
        kind="AutoscalingRunnerSet",
        metadata=_scale_set_metadata(label, name),
        spec=_untyped(scale_set_spec(settings, label)),
        # The controller takes the scale set off GitHub before it lets it go, and needs the key for it.
        opts=_after(inside, controller, credentials),
    )
    return Runners(runs_on=label, after=(scale_set,))


def quota(settings: ScaleSetSettings) -> QuotaSettings:
    """Return what the namespace may ask for: all runners at once, and what is always there."""
    runners = settings.max_runners
    return QuotaSettings(
        cpu=runners * settings.cpu + OWN_CPU,
        memory_gib=math.ceil(runners * settings.memory_gib) + OWN_MEMORY_GIB,
        gpus=runners * settings.gpus,
        pods=runners + OWN_PODS,
        storage_gib=1,
    )


def scale_set_spec(settings: ScaleSetSettings, label: str) -> dict[str, Any]:
    """Return the specification of the scale set, in the words of the API."""
    return {
        "githubConfigUrl": f"https://github.com/{settings.repository}",
        "githubConfigSecret": GITHUB_SECRET,
        "runnerScaleSetName": label,
        "minRunners": 0,
        "maxRunners": settings.max_runners,
        "template": runner_template(settings),
        "listenerTemplate": listener_template(),
    }


def api_server_policy(address: str) -> dict[str, Any]:
    """Return the policy by which those who have a token reach the API server: runners have none, and do not."""
    callers = [CONTROLLER, CREDENTIALS, LISTENER_COMPONENT]
    return {
        "pod_selector": {"match_expressions": [{"key": COMPONENT, "operator": "In", "values": callers}]},
        "policy_types": ["Egress"],
        "egress": [
            {"to": [{"ip_block": {"cidr": f"{address}/32"}}], "ports": [{"protocol": "TCP", "port": HTTPS}]},
        ],
    }


def secret_class_spec(region: str, secret: str) -> dict[str, Any]:
    """Return the class by which the Job mounts the key: an entry a file."""
    paths = [{"path": key, "objectAlias": key} for key in SECRET_KEYS]
    objects = [{"objectName": secret, "objectType": "secretsmanager", "jmesPath": paths}]
    return {
        "provider": "aws",
        "parameters": {"region": region, "usePodIdentity": "true", "objects": json.dumps(objects)},
    }


def _credentials(
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
        metadata=_metadata(GITHUB_SECRET, name, CREDENTIALS),
        spec=_untyped(secret_class_spec(place.region, secret_name(place.environment, name))),
        opts=inside,
    )
    rights = _rights(name, CREDENTIALS, as_api_writes(credentials_rules(GITHUB_SECRET)), inside)
    return batch.CronJob(
        f"{name}-sync",
        metadata=_metadata(CREDENTIALS, name, CREDENTIALS),
        spec=_untyped(
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
        opts=_after(inside, secret, identity, association, mounted, *rights),
    )


def _rights(name: str, account: str, rules: Any, inside: pulumi.ResourceOptions) -> list[pulumi.Resource]:
    """Make the role of a service account in the namespace, and its binding."""
    metadata = _metadata(account, name, account)
    subjects: Any = [{"kind": "ServiceAccount", "name": account, "namespace": name}]
    role = rbac.Role(f"{name}-{account}-rules", metadata=metadata, rules=rules, opts=inside)
    binding = rbac.RoleBinding(
        f"{name}-{account}-binding",
        metadata=metadata,
        role_ref={"api_group": RBAC, "kind": "Role", "name": account},
        subjects=subjects,
        opts=_after(inside, role),
    )
    return [role, binding]


def _scale_set_metadata(label: str, namespace: str) -> Any:
    metadata = _metadata(label, namespace, "autoscaling-runner-set")
    # By it the controller knows that its definitions and itself are of one version: another one it deletes.
    metadata["labels"] = metadata["labels"] | {"app.kubernetes.io/version": VERSION}
    return metadata


def _metadata(name: str, namespace: str, component: str) -> Any:
    return {"name": name, "namespace": namespace, "labels": labels(APPLICATION, component)}


def _of(component: str) -> dict[str, str]:
    return {"app.kubernetes.io/name": APPLICATION, COMPONENT: component}


def _after(options: pulumi.ResourceOptions, *before: pulumi.Resource) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=list(before)))


def _parent(options: pulumi.ResourceOptions) -> pulumi.Resource:
    if options.parent is None:
        raise ValueError("what all pools share is made as children of a component")
    return options.parent


def _untyped(specification: Any) -> Any:
    """Return what is given: mypy takes minutes and gigabytes for nested literals of the SDK's types."""
    return specification
