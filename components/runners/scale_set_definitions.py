"""The four kinds of Actions Runner Controller, as its CustomResourceDefinitions say what is in them.

Written after the Go types of Actions Runner Controller 0.14.2 (Apache-2.0), apis/actions.github.com/v1alpha1. What is
Kubernetes' own in them, the templates of pods, is held to being an object and not described again: the API server
checks it when the controller makes a pod. Nothing that a type names is left out, since the API server drops what a
definition does not know.

Source: Actions Runner Controller 0.14.2, autoscalingrunnerset_types.go, autoscalinglistener_types.go,
ephemeralrunnerset_types.go, ephemeralrunner_types.go, common.go; Kubernetes documentation, "Extend the Kubernetes API
with CustomResourceDefinitions" (structural schemas, pruning).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

VERSION = "0.14.2"
"""Of Actions Runner Controller. A scale set bears it as a label, by which the controller knows its own."""
GROUP = "actions.github.com"
API_VERSION = f"{GROUP}/v1alpha1"

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_NUMBER: Schema = {"type": "integer"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_LONG: Schema = {"type": "integer", "format": "int64"}
_FLAG: Schema = {"type": "boolean"}
_ANYTHING: Schema = {"type": "object", "x_kubernetes_preserve_unknown_fields": True}
"""Kubernetes' own, such as a pod's specification."""


def _object(properties: Mapping[str, Schema], required: Sequence[str] = ()) -> Schema:
    return {"type": "object", "properties": dict(properties)} | ({"required": list(required)} if required else {})


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _map(values: Schema) -> Schema:
    return {"type": "object", "additional_properties": values}


_METADATA = _object({"labels": _map(_TEXT), "annotations": _map(_TEXT)})
_SERVER = _object({"url": _TEXT, "credentialSecretRef": _TEXT})
_PROXY = _object({"http": _SERVER, "https": _SERVER, "noProxy": _list(_TEXT)})
_TLS = _object({"certificateFrom": _object({"configMapKeyRef": _ANYTHING})})
_VAULT = _object(
    {
        "type": _TEXT,
        "proxy": _PROXY,
        "azureKeyVault": _object(
            dict.fromkeys(("certificatePath", "clientId", "tenantId", "url"), _TEXT),
            ("certificatePath", "clientId", "tenantId", "url"),
        ),
    }
)
_LABELLED = _object({"labels": _list(_TEXT)}, ("labels",))
_METRICS = _object(
    {
        "counters": _map(_LABELLED),
        "gauges": _map(_LABELLED),
        "histograms": _map(_object({"labels": _list(_TEXT), "buckets": _list({"type": "number"})}, ("labels",))),
    }
)
_AT_GITHUB = {
    "githubConfigUrl": _TEXT,
    "githubConfigSecret": _TEXT,
    "githubServerTLS": _TLS,
    "proxy": _PROXY,
    "vaultConfig": _VAULT,
}
_COUNTS = {
    "pendingEphemeralRunners": _NUMBER,
    "runningEphemeralRunners": _NUMBER,
    "failedEphemeralRunners": _NUMBER,
    "phase": _TEXT,
}
_RUNNER = _object(
    _AT_GITHUB
    | {
        "ephemeralRunnerConfigSecretMetadata": _METADATA,
        "metadata": _ANYTHING,
        "proxySecretRef": _TEXT,
        "runnerScaleSetId": _NUMBER,
        "spec": _ANYTHING,
    },
    ("githubConfigSecret", "githubConfigUrl", "runnerScaleSetId"),
)


@dataclass(frozen=True)
class Definition:
    """One kind."""

    kind: str
    spec: Schema
    status: Schema
    columns: Mapping[str, str]
    """What `kubectl get` shows: titles, and where it stands."""

    @property
    def plural(self) -> str:
        """Its name in addresses and in rights."""
        return f"{self.kind.lower()}s"

    @property
    def name(self) -> str:
        """The definition's own name."""
        return f"{self.plural}.{GROUP}"


DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        kind="AutoscalingRunnerSet",
        spec=_object(
            _AT_GITHUB
            | {
                "autoscalingListener": _METADATA,
                "ephemeralRunnerConfigSecretMetadata": _METADATA,
                "ephemeralRunnerMetadata": _METADATA,
                "ephemeralRunnerSetMetadata": _METADATA,
                "listenerConfigSecretMetadata": _METADATA,
                "listenerMetrics": _METRICS,
                "listenerRoleBindingMetadata": _METADATA,
                "listenerRoleMetadata": _METADATA,
                "listenerServiceAccountMetadata": _METADATA,
                "listenerTemplate": _ANYTHING,
                "maxRunners": _COUNT,
                "minRunners": _COUNT,
                "runnerGroup": _TEXT,
                "runnerScaleSetLabels": _list(_TEXT),
                "runnerScaleSetName": _TEXT,
                "template": _ANYTHING,
            }
        ),
        status=_object(_COUNTS | {"currentRunners": _NUMBER}),
        columns={
            "Minimum Runners": ".spec.minRunners",
            "Maximum Runners": ".spec.maxRunners",
            "Current Runners": ".status.currentRunners",
            "Phase": ".status.phase",
        },
    ),
    Definition(
        kind="AutoscalingListener",
        spec=_object(
            _AT_GITHUB
            | {
                "autoscalingRunnerSetName": _TEXT,
                "autoscalingRunnerSetNamespace": _TEXT,
                "configSecretMetadata": _METADATA,
                "ephemeralRunnerSetName": _TEXT,
                "image": _TEXT,
                "imagePullSecrets": _list(_ANYTHING),
                "maxRunners": _COUNT,
                "metrics": _METRICS,
                "minRunners": _COUNT,
                "roleBindingMetadata": _METADATA,
                "roleMetadata": _METADATA,
                "runnerScaleSetId": _NUMBER,
                "serviceAccountMetadata": _METADATA,
                "template": _ANYTHING,
            }
        ),
        status=_object({}),
        columns={"GitHub Configure URL": ".spec.githubConfigUrl", "Runner Set": ".spec.autoscalingRunnerSetName"},
    ),
    Definition(
        kind="EphemeralRunnerSet",
        spec=_object(
            {
                "ephemeralRunnerMetadata": _METADATA,
                "ephemeralRunnerSpec": _RUNNER,
                "patchID": _NUMBER,
                "replicas": _NUMBER,
            },
            ("patchID",),
        ),
        status=_object(_COUNTS | {"currentReplicas": _NUMBER}, ("currentReplicas",)),
        columns={"DesiredReplicas": ".spec.replicas", "CurrentReplicas": ".status.currentReplicas"},
    ),
    Definition(
        kind="EphemeralRunner",
        spec=_RUNNER,
        status=_object(
            {
                "failures": _map({"type": "string", "format": "date-time"}),
                "jobDisplayName": _TEXT,
                "jobId": _TEXT,
                "jobRepositoryName": _TEXT,
                "jobRequestId": _LONG,
                "jobWorkflowRef": _TEXT,
                "message": _TEXT,
                "phase": _TEXT,
                "ready": _FLAG,
                "reason": _TEXT,
                "runnerId": _NUMBER,
                "runnerName": _TEXT,
                "workflowRunId": _LONG,
            }
        ),
        columns={
            "GitHub Config URL": ".spec.githubConfigUrl",
            "Phase": ".status.phase",
            "JobRepository": ".status.jobRepositoryName",
            "JobWorkflowRef": ".status.jobWorkflowRef",
            "Message": ".status.message",
        },
    ),
)


def definition_spec(definition: Definition) -> dict[str, Any]:
    """Return the specification of a CustomResourceDefinition."""
    schema = _object({"apiVersion": _TEXT, "kind": _TEXT, "metadata": {"type": "object"}})
    schema["properties"] |= {"spec": definition.spec, "status": definition.status}
    singular = definition.kind.lower()
    return {
        "group": GROUP,
        "scope": "Namespaced",
        "names": {
            "kind": definition.kind,
            "list_kind": f"{definition.kind}List",
            "plural": definition.plural,
            "singular": singular,
        },
        "versions": [
            {
                "name": "v1alpha1",
                "served": True,
                "storage": True,
                "subresources": {"status": {}},
                "schema": {"open_apiv3_schema": schema},
                "additional_printer_columns": [
                    {"name": title, "json_path": path, "type": _type_at(definition, path)}
                    for title, path in definition.columns.items()
                ],
            }
        ],
    }


def _type_at(definition: Definition, path: str) -> str:
    part, field = path.strip(".").split(".")
    schema = definition.spec if part == "spec" else definition.status
    return str(schema["properties"][field]["type"])
