"""A pool of GitHub Actions runners on the cluster's GPU nodes, as a scale set of Actions Runner Controller.

Makes what one pool needs and shares with no other: a guarded namespace, the controller that watches it, its rights, the
scale set, and the way that the GitHub App's key takes. There is no runner and no GPU node while there is no job: the
listener hears of a job from GitHub, the controller makes a pod, the cluster autoscaler a node.

What all pools share, the definitions of the controller's kinds, is made by `prepare`.

Source: Actions Runner Controller 0.14.2, charts gha-runner-scale-set-controller and gha-runner-scale-set,
controllers/actions.github.com.
"""

import math
from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.apiextensions.v1 import CustomResourceDefinition
from pulumi_kubernetes.apps import v1 as apps
from pulumi_kubernetes.networking import v1 as networking

from components.cluster.group_rights import SEE, GroupRights, Rule, give
from components.cluster.namespace import GuardedNamespace, GuardedNamespaceArgs, QuotaSettings
from components.labels import labels
from components.runners.place import RunnerPlace, Runners
from components.runners.scale_set_credentials import credentials_of
from components.runners.scale_set_definitions import API_VERSION, DEFINITIONS, GROUP, VERSION, definition_spec
from components.runners.scale_set_objects import after, metadata_of, rights_of
from components.runners.scale_set_pods import (
    APPLICATION,
    COMPONENT,
    CONTROLLER,
    CREDENTIALS,
    GITHUB_SECRET,
    LISTENER_COMPONENT,
    REGISTRATION_VARIABLE,
    RUNNER,
    controller_metadata,
    controller_pod,
    listener_template,
    runner_template,
)
from components.runners.scale_set_rights import CONTROLLER_RULES
from components.runners.scale_set_settings import ScaleSetSettings, scale_set_name
from components.sdk_inputs import untyped

HTTPS = 443
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
    inside = after(child, guarded)
    reaches = networking.NetworkPolicy(
        f"{name}-to-api-server",
        metadata=metadata_of("allow-api-server", name, "network"),
        spec=untyped(api_server_policy(place.cluster.api_server_address)),
        opts=inside,
    )
    credentials = credentials_of(name, settings, place, child, inside)
    controller = apps.Deployment(
        f"{name}-controller",
        metadata=metadata_of(CONTROLLER, name, CONTROLLER),
        spec=untyped(
            {
                "replicas": 1,
                "strategy": {"type": "Recreate"},  # two of them would make everything twice
                "selector": {"match_labels": {**_of(CONTROLLER)}},
                "template": {"metadata": controller_metadata(), "spec": controller_pod(settings, name)},
            }
        ),
        opts=after(inside, reaches, *rights_of(name, CONTROLLER, CONTROLLER_RULES, inside)),
    )
    label = scale_set_name(place.environment, name)
    scale_set = CustomResource(
        f"{name}-scale-set",
        api_version=API_VERSION,
        kind="AutoscalingRunnerSet",
        metadata=_scale_set_metadata(label, name),
        spec=untyped(scale_set_spec(settings, label)),
        # The controller takes the scale set off GitHub before it lets it go, and needs the key for it.
        opts=after(inside, controller, credentials),
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


def _scale_set_metadata(label: str, namespace: str) -> Any:
    metadata = metadata_of(label, namespace, "autoscaling-runner-set")
    # By it the controller knows that its definitions and itself are of one version: another one it deletes.
    metadata["labels"] = metadata["labels"] | {"app.kubernetes.io/version": VERSION}
    return metadata


def _of(component: str) -> dict[str, str]:
    return {"app.kubernetes.io/name": APPLICATION, COMPONENT: component}


def _parent(options: pulumi.ResourceOptions) -> pulumi.Resource:
    if options.parent is None:
        raise ValueError("what all pools share is made as children of a component")
    return options.parent
