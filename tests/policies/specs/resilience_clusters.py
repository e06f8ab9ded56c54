"""As `encryption`, for RES-09 and RES-10."""

from typing import Any

from tests.policies.harness import UNKNOWN, R
from tests.policies.spec import Case, Spec, edit, of_type, swap

CLUSTER = R("aws:eks/cluster:Cluster", {"version": "1.36"}, "cluster")
SERVING = {"app.kubernetes.io/component": "serving", "app": "model"}
POD = {
    "metadata": {"labels": SERVING},
    "spec": {"topologySpreadConstraints": [{"topologyKey": "topology.kubernetes.io/zone"}]},
}
DEPLOYMENT = R(
    "kubernetes:apps/v1:Deployment",
    {"metadata": {"namespace": "models"}, "spec": {"replicas": 2, "template": POD}},
    "serving",
)
BUDGET = R(
    "kubernetes:policy/v1:PodDisruptionBudget",
    {"metadata": {"namespace": "models"}, "spec": {"selector": {"matchLabels": {"app": "model"}}}},
    "budget",
)
SERVED = (DEPLOYMENT, BUDGET)
LABELS = "spec.template.metadata.labels"


def selecting(selector: Any) -> tuple[R, ...]:
    return swap(SERVED, 1, edit("spec.selector", selector))


def expression(operator: Any, *values: Any, key: Any = "app") -> tuple[R, ...]:
    return selecting({"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]})


SPECS: dict[str, Spec] = {
    "RES-09": Spec(
        good=(CLUSTER,),
        leaf="version",
        bad="1.29",
        extra=(
            Case("no version", (of_type("eks/cluster:Cluster"),), "deny"),
            Case("a number", (of_type("eks/cluster:Cluster", version=1.36),), "deny"),
            Case("by the settings", (of_type("eks/cluster:Cluster", version="1.29"),), "pass",
                 {"clusterVersions": ["1.29"]}),
            Case("add-on", (of_type("eks/addon:Addon", addonVersion="v1.20.4-eksbuild.1"),), "pass"),
            Case("add-on without", (of_type("eks/addon:Addon", addonName="vpc-cni"),), "deny"),
            Case("add-on, unknown", (of_type("eks/addon:Addon", addonVersion=UNKNOWN),), "unknown"),
        ),
    ),
    "RES-10": Spec(
        good=SERVED,
        leaf="spec.replicas",
        bad=1,
        flips={"spec.template.spec.topologySpreadConstraints[0].topologyKey": ""},
        equivalent={
            f'unknown {LABELS}["app.kubernetes.io/component"]': "it meets the rule, whether it serves a model or not",
            "delete spec.selector.matchLabels.app": "an empty selector selects every pod of the namespace",
        },
        survives={
            f'delete {LABELS}["app.kubernetes.io/component"]': "it then serves no model",
            f'flip {LABELS}["app.kubernetes.io/component"]': "as above",
        },
        extra=(
            Case("serves nothing",
                 swap((edit("spec.replicas", 1)(DEPLOYMENT),), 0, edit(LABELS, {"app": "x"})), "pass"),
            Case("serving by its own label", swap(
                swap((edit("spec.replicas", 1)(DEPLOYMENT),), 0, edit(LABELS, {"app": "model"})), 0,
                edit("metadata.labels", {"app.kubernetes.io/component": "serving"})), "deny"),
            Case("perhaps serving", swap(swap(SERVED, 0, edit("spec.replicas", 1)), 0,
                                         edit(f'{LABELS}["app.kubernetes.io/component"]', UNKNOWN)), "unknown"),
            Case("no budget", (DEPLOYMENT,), "deny"),
            Case("a budget of another namespace", swap(SERVED, 1, edit("metadata.namespace", "other")), "deny"),
            Case("no spread", swap(SERVED, 0, edit("spec.template.spec.topologySpreadConstraints")), "deny"),
            Case("a budget for all", selecting({}), "pass"),
            Case("a budget without a selector", selecting(None), "deny"),
            Case("a budget for other pods", selecting({"matchLabels": {"app": "model", "tier": "x"}}), "deny"),
            Case("a selector that is none", selecting("app=model"), "deny"),
            Case("a selector with labels that are none", selecting({"matchLabels": "app=model"}), "deny"),
            Case("a selector unknown", selecting(UNKNOWN), "unknown"),
            Case("labels unknown", swap(SERVED, 0, edit(LABELS, UNKNOWN)), "unknown"),
            Case("In", expression("In", "other", "model"), "pass"),
            Case("In others", expression("In", "other"), "deny"),
            Case("NotIn", expression("NotIn", "other"), "pass"),
            Case("NotIn it", expression("NotIn", "model"), "deny"),
            Case("NotIn, of a label that is not there", expression("NotIn", "x", key="tier"), "pass"),
            Case("Exists", expression("Exists"), "pass"),
            Case("Exists not", expression("Exists", key="tier"), "deny"),
            Case("DoesNotExist", expression("DoesNotExist", key="tier"), "pass"),
            Case("DoesNotExist, but does", expression("DoesNotExist"), "deny"),
            Case("an operator of its own", expression("Like", "model"), "deny"),
            Case("an operator unknown", expression(UNKNOWN, "model"), "unknown"),
            Case("a value unknown", expression("In", UNKNOWN), "unknown"),
            Case("stateful set", (R("kubernetes:apps/v1:StatefulSet", DEPLOYMENT.props, "s"), BUDGET), "pass"),
            Case("in a list", (R("kubernetes:apps/v1:DeploymentList", {"items": [DEPLOYMENT.props]}, "l"), BUDGET),
                 "pass"),
            Case("in a list, one pod", (R("kubernetes:apps/v1:DeploymentList", {
                "items": [edit("spec.replicas", 1)(DEPLOYMENT).props]}, "l"), BUDGET), "deny"),
            Case("budgets in a list", (DEPLOYMENT, R("kubernetes:policy/v1:PodDisruptionBudgetList", {
                "items": [BUDGET.props]}, "l")), "pass"),
            Case("by another label", swap(SERVED, 0, edit("spec.replicas", 1)), "pass",
                 {"servingLabel": "role=serving"}),
        ),
    ),
}  # fmt: skip
