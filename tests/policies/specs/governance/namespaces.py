"""MLG-12."""

from dataclasses import replace
from typing import Any

from tests.policies.harness import UNKNOWN, R
from tests.policies.mutate import changed
from tests.policies.spec import Case, Spec, depending

NAMESPACE = R("kubernetes:core/v1:Namespace", {"metadata": {"name": "vision"}}, "namespace")
QUOTA = R(
    "kubernetes:core/v1:ResourceQuota",
    {"metadata": {"namespace": "vision"}, "spec": {"hard": {"requests.nvidia.com/gpu": "4"}}},
    "quota",
)
HARD = 'spec.hard["requests.nvidia.com/gpu"]'


def job(namespace: Any = "vision", gpus: Any = 1, component: Any = "training", name: str = "job") -> R:
    resources = {} if gpus is None else {"limits": {"nvidia.com/gpu": gpus}}
    pod = {"spec": {"containers": [{"resources": resources}]}}
    labels = {"app.kubernetes.io/component": component} if component else {}
    metadata = {"labels": labels} if namespace is None else {"namespace": namespace, "labels": labels}
    return R("kubernetes:batch/v1:Job", {"metadata": metadata, "spec": {"template": pod}}, name)


def edited(item: R, path: str, value: Any) -> R:
    return item.with_props(changed(item.props, path, value))


SERVER = replace(job(component="serving", gpus=None, name="server"), type="kubernetes:apps/v1:Deployment")
UNLABELLED = edited(SERVER, "metadata.labels", UNKNOWN)
GPUS = 'spec.template.spec.containers[0].resources.limits["nvidia.com/gpu"]'
ALL = {"gpuQuotaNamespaces": ["*"]}
SPECS: dict[str, Spec] = {
    "MLG-12": Spec(
        good=(QUOTA, NAMESPACE, job()),
        leaf=HARD,
        bad="",
        flips={HARD: ""},
        equivalent={
            f"{mutation} {path}": reason
            for path, reason in {
                "metadata.name": "the job says by itself which namespace uses GPUs",
                GPUS: "there is a quota in any case",
                'metadata.labels["app.kubernetes.io/component"]': "nothing else shares the namespace",
            }.items()
            for mutation in ("delete", "flip", "unknown")
            if f"{mutation} {path}" != f"delete {GPUS}"
        },
        survives={f"delete {GPUS}": "then nothing asks for GPUs"},
        extra=(
            Case("no quota", (job(),), "deny"),
            Case("the quota of another namespace", (edited(QUOTA, "metadata.namespace", "x"), job()), "deny"),
            Case("another quota", (edited(QUOTA, "spec.hard", {"pods": "4"}), job()), "deny"),
            Case("a quota of a scope", (edited(QUOTA, "spec.scopes", ["BestEffort"]), job()), "deny"),
            Case(
                "a quota of a selector",
                (edited(QUOTA, "spec.scopeSelector", {"matchExpressions": [{}]}), job()),
                "deny",
            ),
            Case("a quota of a scope that is not known", (edited(QUOTA, "spec.scopes", UNKNOWN), job()), "unknown"),
            Case("no GPU", (job(gpus="0"),), "pass"),
            Case("GPUs not known", (job(gpus=UNKNOWN),), "unknown"),
            Case("GPUs not known, counted", (job(gpus=UNKNOWN), QUOTA), "pass"),
            Case("in the default namespace", (job(None),), "deny"),
            Case("namespace not known", (job(UNKNOWN), QUOTA), "unknown"),
            Case("namespace not known, no GPU", (job(UNKNOWN, None, None),), "pass"),
            Case("namespace by dependency", (depending(metadata=NAMESPACE)(job(UNKNOWN)), NAMESPACE, QUOTA), "pass"),
            Case("namespace by dependency, no quota", (depending(metadata=NAMESPACE)(job(UNKNOWN)), NAMESPACE), "deny"),
            Case(
                "namespace without a name yet, both by dependency",
                (
                    depending(metadata=edited(NAMESPACE, "metadata.name", UNKNOWN))(job(UNKNOWN)),
                    edited(NAMESPACE, "metadata.name", UNKNOWN),
                    depending(metadata=edited(NAMESPACE, "metadata.name", UNKNOWN))(
                        edited(QUOTA, "metadata.namespace", UNKNOWN)
                    ),
                ),
                "pass",
                ALL,
            ),
            Case("named by the settings", (NAMESPACE,), "deny", ALL),
            Case("named by the settings, counted", (NAMESPACE, QUOTA), "pass", ALL),
            Case("named by the settings, name unknown", (edited(NAMESPACE, "metadata.name", UNKNOWN),), "unknown", ALL),
            Case("not named by the settings", (NAMESPACE,), "pass"),
            Case("training and serving together", (job(), QUOTA, SERVER), "deny"),
            Case("training and serving apart", (job(), QUOTA, edited(SERVER, "metadata.namespace", "other")), "pass"),
            Case("training and perhaps serving", (job(), QUOTA, UNLABELLED), "unknown"),
            Case("serving and perhaps training", (edited(job(), "metadata.labels", UNKNOWN), QUOTA, SERVER), "unknown"),
            Case("serving alone", (SERVER,), "pass"),
            Case(
                "both in one List",
                (R("kubernetes:apps/v1:DeploymentList", {"items": [SERVER.props, job().props]}), QUOTA),
                "deny",
            ),
        ),
    ),
}
