"""What the API server refuses in a guarded namespace, beside what Pod Security refuses, and in which words.

Owns the admission policies and their bindings. Each policy judges one shape of object (a pod, what has a pod template,
what has one two levels down), so that whoever creates a Deployment or a Job is told at once, and not by an event of a
controller later. A policy that cannot be evaluated refuses.

Left alone is an update that does not touch the specification: controllers take finalizers off pods, and one that came
before a policy must still be able to go.

Source: Kubernetes documentation, "Validating Admission Policy", "Common Expression Language in Kubernetes".
Errors: pydantic.ValidationError naming the field, before anything is registered.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import pulumi
from pulumi_kubernetes.admissionregistration import v1 as admissionregistration
from pydantic import Field

from components.labels import GPU, GUARDED, labels
from components.model import Model

DIGEST = "@sha256:[a-f0-9]{64}$"
EPHEMERAL = "pods/ephemeralcontainers"


class AdmissionSettings(Model):
    """What the stack file says about admission."""

    registries: tuple[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*(:[0-9]+)?(/[a-z0-9._-]+)*$")], ...] = Field(
        default=(), examples=[["public.ecr.aws/docker/library"]]
    )
    """Where images may come from beside the environment's own ECR: a host, with a path or without, and without the
    slash at the end; none by default."""


class AdmissionPoliciesArgs(Model):
    """What the policies are made with."""

    settings: AdmissionSettings = AdmissionSettings()
    """What the stack file says."""
    account_id: str
    """Whose ECR images may come from."""
    region: str
    """Where that ECR is."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A kind of object that holds a pod's specification."""

    name: str
    groups: tuple[str, ...]
    versions: tuple[str, ...]
    resources: tuple[str, ...]
    pod: str
    """The expression that finds the pod's specification."""


SHAPES = (
    Shape(name="pods", groups=("",), versions=("v1",), resources=("pods", EPHEMERAL), pod="object.spec"),
    Shape(
        name="pod-templates",
        groups=("", "apps", "batch"),
        versions=("v1",),
        resources=("daemonsets", "deployments", "jobs", "replicasets", "replicationcontrollers", "statefulsets"),
        pod="object.spec.template.spec",
    ),
    Shape(
        name="cron-jobs",
        groups=("batch",),
        versions=("v1",),
        resources=("cronjobs",),
        pod="object.spec.jobTemplate.spec.template.spec",
    ),
)


class AdmissionPolicies(pulumi.ComponentResource):
    """The policies `groundwork-<shape>` and their bindings to every guarded namespace."""

    def __init__(self, name: str, args: AdmissionPoliciesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:cluster:AdmissionPolicies", name, None, opts)
        registries = known_registries(args)
        for shape in SHAPES:
            policy_name = f"groundwork-{shape.name}"
            policy = admissionregistration.ValidatingAdmissionPolicy(
                f"{name}-{shape.name}",
                metadata={"name": policy_name, "labels": labels(policy_name, "admission")},
                spec=specification(shape, registries),
                opts=pulumi.ResourceOptions(parent=self),
            )
            admissionregistration.ValidatingAdmissionPolicyBinding(
                f"{name}-{shape.name}-binding",
                metadata={"name": policy_name, "labels": labels(policy_name, "admission")},
                spec={
                    "policy_name": policy_name,
                    "validation_actions": ["Deny"],
                    "match_resources": {"namespace_selector": {"match_labels": {GUARDED: "true"}}},
                },
                opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),
            )
        self.register_outputs({})


def known_registries(args: AdmissionPoliciesArgs) -> tuple[str, ...]:
    """Return where images may come from, the environment's own ECR first."""
    return f"{args.account_id}.dkr.ecr.{args.region}.amazonaws.com", *args.settings.registries


def specification(
    shape: Shape, registries: Sequence[str]
) -> admissionregistration.ValidatingAdmissionPolicySpecArgsDict:
    """Return the specification of a shape's policy."""
    return {
        "failure_policy": "Fail",
        "match_constraints": {
            "resource_rules": [
                {
                    "api_groups": list(shape.groups),
                    "api_versions": list(shape.versions),
                    "resources": list(shape.resources),
                    "operations": ["CREATE", "UPDATE"],
                }
            ]
        },
        "match_conditions": [
            {
                "name": "specification-is-new",
                "expression": "request.operation == 'CREATE' || object.spec != oldObject.spec",
            }
        ],
        "variables": [
            {"name": name, "expression": expression} for name, expression in variables(shape, registries).items()
        ],
        "validations": [
            {"expression": expression, "message_expression": message, "reason": "Forbidden"}
            for expression, message in validations(registries)
        ],
    }


def variables(shape: Shape, registries: Sequence[str]) -> dict[str, str]:
    """Return what the checks are made of, by name; a later one may use those before it.

    Containers are described as `name (image)`, because the three lists hold different types.
    """
    known = " || ".join(f"c.?image.orValue('').startsWith({_text(f'{registry}/')})" for registry in registries)
    foreign = f"filter(c, !({known}) || !c.?image.orValue('').matches({_text(DIGEST)}))"
    described = "map(c, c.?name.orValue('') + ' (' + c.?image.orValue('') + ')')"
    lists = ("pod.?containers", "pod.?initContainers", "pod.?ephemeralContainers")
    limited = "c.?resources.?limits[?'cpu'].hasValue() && c.?resources.?limits[?'memory'].hasValue()"
    asks = f"c.?resources.?limits[?{_text(GPU)}].hasValue() || c.?resources.?requests[?{_text(GPU)}].hasValue()"
    tolerates = (
        f"(t.?key.orValue('') == {_text(GPU)} || (t.?key.orValue('') == '' && t.?operator.orValue('') == 'Exists'))"
        " && t.?effect.orValue('NoSchedule') in ['', 'NoSchedule']"
    )
    return {
        "pod": shape.pod,
        "foreign": " + ".join(f"variables.{part}.orValue([]).{foreign}.{described}" for part in lists),
        # An ephemeral container may have no limits: it uses what the pod has.
        "unlimited": " + ".join(
            f"variables.{part}.orValue([]).filter(c, !({limited})).map(c, c.?name.orValue(''))" for part in lists[:2]
        ),
        "gpu": " + ".join(
            f"variables.{part}.orValue([]).filter(c, {asks}).map(c, c.?name.orValue(''))" for part in lists[:2]
        ),
        "tolerates": f"variables.pod.?tolerations.orValue([]).exists(t, {tolerates})",
    }


def validations(registries: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return each check with the expression that says what is wrong, where, and what is allowed."""
    places = ", ".join(f"{registry}/NAME@sha256:DIGEST" for registry in registries)
    return (
        (
            "variables.foreign.size() == 0",
            f"'image of container ' + variables.foreign.join(', ') + {_text(f': allowed is {places}')}",
        ),
        (
            "variables.unlimited.size() == 0",
            "'container ' + variables.unlimited.join(', ') + ' has no limit of cpu or of memory: set both in "
            "resources.limits'",
        ),
        (
            "variables.gpu.size() == 0 || variables.tolerates",
            f"'container ' + variables.gpu.join(', ') + {_text(_INTOLERANT)}",
        ),
        ("variables.gpu.size() > 0 || !variables.tolerates", _text(_IDLE)),
    )


_INTOLERANT = (
    f" asks for {GPU} in a pod that GPU nodes repel: add the toleration {{key: {GPU}, operator: Exists, effect: "
    "NoSchedule}"
)
_IDLE = f"the pod tolerates the taint {GPU} and asks for no GPU: GPU nodes are for pods with a limit of {GPU}"


def _text(value: str) -> str:
    """Write a text as the expression language does: JSON's strings are among its own."""
    return json.dumps(value)
