"""POD-11 and POD-12."""

from typing import Any

from tests.policies.harness import UNKNOWN
from tests.policies.mutate import changed
from tests.policies.spec import Case, Spec
from tests.policies.specs.pods.making import CONTAINER, in_every_list, of, wherever

GPU = "nvidia.com/gpu"
SIZED = {"resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": "1Gi"}}}
UNSIZED: dict[str, Any] = {"resources": {}}
KEYED = {"env": [{"name": "LOGIN", "valueFrom": {"secretKeyRef": {"name": "login", "key": "password"}}}]}
PLAIN = {"env": [{"name": "MODE", "value": "fast"}]}


def gpus(request: Any, limit: Any) -> Any:
    resources = changed(SIZED, f'resources.limits["{GPU}"]', limit)
    return of(changed(resources, f'resources.requests["{GPU}"]', request))


QUANTITIES = ("128Mi", "0.5", ".5Gi", "1.", "+1k", "1e3", "12E", "100m")
NO_QUANTITIES = ("much", "1 Gi", "1gi", "-1Gi", "1Gi\n", "\u0661Gi")


def asking(text: str) -> Any:
    return changed(SIZED, "resources.requests.cpu", text)


SPECS: dict[str, Spec] = {
    "POD-11": Spec(
        good=(gpus("1", "1"),),
        leaf=f"{CONTAINER}.resources.limits.memory",
        bad="",
        equivalent={f'delete {CONTAINER}.resources.requests["{GPU}"]': "the limit is then the request"},
        extra=(
            *wherever({"containers": [SIZED]}, {"containers": [UNSIZED]}),
            Case("the second container", (of(SIZED, UNSIZED),), "deny"),
            Case("an init container", (of(SIZED, initContainers=[UNSIZED]),), "deny"),
            Case("an ephemeral container, which takes none", (of(SIZED, ephemeralContainers=[{}]),), "pass"),
            Case(
                "numbers", (of({"resources": {"requests": {"cpu": 1, "memory": 5}, "limits": {"memory": 5}}}),), "pass"
            ),
            *(Case(f"{text!r} as a quantity", (of(asking(text)),), "pass") for text in QUANTITIES),
            *(Case(f"{text!r} as a quantity", (of(asking(text)),), "deny") for text in NO_QUANTITIES),
            Case("true for a number", (of(changed(SIZED, "resources.requests.cpu", True)),), "deny"),
            Case("no limit of CPU", (of(SIZED),), "pass"),
            Case("more GPUs than the limit", (gpus("2", "1"),), "deny"),
            Case("the same number in two spellings", (gpus(1, "1"),), "pass"),
            Case("GPUs without a limit", (gpus("1", None),), "deny"),
            Case("a limit of GPUs alone", (gpus(None, "1"),), "pass"),
            Case("GPUs unknown", (gpus("1", UNKNOWN),), "unknown"),
            Case("resources unknown", (of({"resources": UNKNOWN}),), "unknown"),
        ),
    ),
    "POD-12": Spec(
        good=(of(PLAIN),),
        leaf=f"{CONTAINER}.env[0].valueFrom.secretKeyRef",
        bad={"name": "login", "key": "password"},
        absent="pass",
        equivalent={
            f"{mutation} {CONTAINER}.env[0].{name}": "a plain value, which ACC-23 looks at"
            for mutation in ("delete", "flip", "unknown")
            for name in ("name", "value")
        },
        extra=(
            *wherever({"containers": [PLAIN]}, {"containers": [KEYED]}),
            *in_every_list(PLAIN, KEYED),
            Case("a whole secret", (of({"envFrom": [{"secretRef": {"name": "login"}}]}),), "deny"),
            Case("a whole config map", (of({"envFrom": [{"configMapRef": {"name": "settings"}}]}),), "pass"),
            Case("a source unknown", (of({"envFrom": [{"secretRef": UNKNOWN}]}),), "unknown"),
            Case("variables unknown", (of({"env": UNKNOWN}),), "unknown"),
            Case("a file", (of({"volumeMounts": [{"name": "login", "mountPath": "/run/login"}]}),), "pass"),
        ),
    ),
}
