"""What the API server refuses in a guarded namespace, beside what Pod Security refuses, and in which words.

Owns the admission policies and their bindings. Each policy judges one shape of object (a pod, what has a pod template,
what has one two levels down), so that whoever creates a Deployment or a Job is told at once, and not by an event of a
controller later. A policy that cannot be evaluated refuses.

What is refused are, first, the rules about pods and images of the policy pack, as `admission_rules.py` holds them
(`python -m policies.admission` writes it); what Pulumi is refused, kubectl is refused too. Then what follows from this
platform's own nodes and limits. A namespace anywhere says at which level of Pod Security its pods are held.

Left alone is an update that does not touch the specification: controllers take finalizers off pods, and one that came
before a policy must still be able to go.

Source: Kubernetes documentation, "Validating Admission Policy", "Common Expression Language in Kubernetes".
Errors: pydantic.ValidationError naming the field, before anything is registered.
"""

import json
from collections.abc import Sequence
from typing import Annotated, Any

import pulumi
from pulumi_kubernetes.admissionregistration import v1 as admissionregistration
from pydantic import Field

from components.cluster.admission_rules import RULES
from components.labels import ENVIRONMENT_SECRETS, GPU, GUARDED, labels
from components.model import Model


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


class AdmissionPolicies(pulumi.ComponentResource):
    """The policies `groundwork-<shape>` of every guarded namespace, `groundwork-namespaces`, and their bindings."""

    def __init__(self, name: str, args: AdmissionPoliciesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:cluster:AdmissionPolicies", name, None, opts)
        registries = known_registries(args)
        for shape in RULES["shapes"]:
            self._policy(name, shape["name"], specification(shape, registries), everywhere=False)
        self._policy(name, "namespaces", specification_for_namespaces(), everywhere=True)
        self.register_outputs({})

    def _policy(
        self,
        name: str,
        subject: str,
        spec: admissionregistration.ValidatingAdmissionPolicySpecArgsDict,
        *,
        everywhere: bool,
    ) -> None:
        policy_name = f"groundwork-{subject}"
        policy = admissionregistration.ValidatingAdmissionPolicy(
            f"{name}-{subject}",
            metadata={"name": policy_name, "labels": labels(policy_name, "admission")},
            spec=spec,
            opts=pulumi.ResourceOptions(parent=self),
        )
        binding: admissionregistration.ValidatingAdmissionPolicyBindingSpecArgsDict = {
            "policy_name": policy_name,
            "validation_actions": ["Deny"],
        }
        if not everywhere:
            binding["match_resources"] = {"namespace_selector": {"match_labels": {GUARDED: "true"}}}
        admissionregistration.ValidatingAdmissionPolicyBinding(
            f"{name}-{subject}-binding",
            metadata={"name": policy_name, "labels": labels(policy_name, "admission")},
            spec=binding,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),
        )


def known_registries(args: AdmissionPoliciesArgs) -> tuple[str, ...]:
    """Return where images may come from, the environment's own ECR first."""
    return f"{args.account_id}.dkr.ecr.{args.region}.amazonaws.com", *args.settings.registries


def specification(shape: Any, registries: Sequence[str]) -> admissionregistration.ValidatingAdmissionPolicySpecArgsDict:
    """Return the specification of a shape's policy."""
    subject = shape["subject"]
    return {
        "failure_policy": "Fail",
        "match_constraints": {
            "resource_rules": [
                {
                    "api_groups": shape["groups"],
                    "api_versions": shape["versions"],
                    "resources": shape["resources"],
                    "operations": ["CREATE", "UPDATE"],
                }
            ]
        },
        "match_conditions": [
            {
                "name": "specification-is-new",
                "expression": f"request.operation == 'CREATE' || object.{subject} != oldObject.{subject}",
            }
        ],
        "variables": [
            {"name": name, "expression": expression} for name, expression in variables(shape, registries).items()
        ],
        "validations": [
            {"expression": expression, "message_expression": message, "reason": "Forbidden"}
            for expression, message in validations()
        ],
    }


def specification_for_namespaces() -> admissionregistration.ValidatingAdmissionPolicySpecArgsDict:
    """Return the specification of the policy about namespaces."""
    rule = RULES["namespaces"]
    return {
        "failure_policy": "Fail",
        "match_constraints": {
            "resource_rules": [
                {
                    "api_groups": [""],
                    "api_versions": ["v1"],
                    "resources": ["namespaces"],
                    "operations": ["CREATE", "UPDATE"],
                }
            ]
        },
        "match_conditions": [
            {"name": "is-not-the-api-servers-own", "expression": f"!(request.name in {json.dumps(rule['exempt'])})"},
            {"name": "level-is-new", "expression": f"request.operation == 'CREATE' || {rule['changed']}"},
        ],
        "validations": [{"expression": rule["expression"], "message": rule["message"], "reason": "Forbidden"}],
    }


def variables(shape: Any, registries: Sequence[str]) -> dict[str, str]:
    """Return what the checks are made of, by name; a later one may use those before it.

    Containers are named, because the three lists hold different types.
    """
    limited = "c.?resources.?limits[?'cpu'].hasValue() && c.?resources.?limits[?'memory'].hasValue()"
    asks = f"c.?resources.?limits[?{_text(GPU)}].hasValue() || c.?resources.?requests[?{_text(GPU)}].hasValue()"
    tolerates = (
        f"(t.?key.orValue('') == {_text(GPU)} || (t.?key.orValue('') == '' && t.?operator.orValue('') == 'Exists'))"
        " && t.?effect.orValue('NoSchedule') in ['', 'NoSchedule']"
    )
    # An ephemeral container may have no limits: it uses what the pod has.
    lists = ("pod.?containers", "pod.?initContainers")
    let_in = f"namespaceObject.metadata.?annotations[?{_text(ENVIRONMENT_SECRETS)}].orValue('').split(',')"
    return {
        "template": shape["template"],
        "registries": json.dumps(list(registries)),
        "environment_secrets": let_in,
        **RULES["variables"],
        "pod_12": RULES["variables"]["pod_12"].replace(_FROM_SECRET, f"({_FROM_SECRET} && {_NOT_LET_IN})"),
        "unlimited": " + ".join(
            f"variables.{part}.orValue([]).filter(c, !({limited})).map(c, c.?name.orValue(''))" for part in lists
        ),
        "gpu": " + ".join(
            f"variables.{part}.orValue([]).filter(c, {asks}).map(c, c.?name.orValue(''))" for part in lists
        ),
        "tolerates": f"variables.pod.?tolerations.orValue([]).exists(t, {tolerates})",
    }


def validations() -> tuple[tuple[str, str], ...]:
    """Return each check with the expression that says what is wrong, where, and what is allowed."""
    return (
        *((f"variables.{rule['variable']}.size() == 0", rule["message"]) for rule in RULES["validations"]),
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


_FROM_SECRET = "e.?valueFrom.?secretKeyRef.hasValue()"  # noqa: S105 - an expression
"""How POD-12 asks whether a variable comes from a Secret."""
_NOT_LET_IN = "!(e.?name.orValue('') in variables.environment_secrets)"
"""What is asked beside it: only the program annotates namespaces."""
_INTOLERANT = (
    f" asks for {GPU} in a pod that GPU nodes repel: add the toleration {{key: {GPU}, operator: Exists, effect: "
    "NoSchedule}"
)
_IDLE = f"the pod tolerates the taint {GPU} and asks for no GPU: GPU nodes are for pods with a limit of {GPU}"


def _text(value: str) -> str:
    """Write a text as the expression language does: JSON's strings are among its own."""
    return json.dumps(value)
