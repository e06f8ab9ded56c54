"""Decides what a guarded namespace asks for; what the API server then refuses is tried on the twin."""

from typing import Any

import pytest
from pulumi_kubernetes.core import v1 as core
from pydantic import ValidationError

from components.cluster.namespace import GuardedNamespace, GuardedNamespaceArgs, QuotaSettings
from tests.support.recorder import Recorder, run_program

NETWORK_POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
QUOTA = QuotaSettings(cpu=8, memory_gib=32, gpus=2, pods=20, storage_gib=200)


def build(**changed: Any) -> GuardedNamespace:
    args = {"namespace": "team-vision", "team": "vision", "quota": QUOTA, "vpc_cidr": "10.20.0.0/16"} | changed
    return run_program(lambda: GuardedNamespace("vision", GuardedNamespaceArgs.model_validate(args)))


def policies(recorder: Recorder) -> dict[str, Any]:
    return {made.inputs["metadata"]["name"]: made.inputs["spec"] for made in recorder.of_type(NETWORK_POLICY)}


def test_pod_security_is_restricted_in_every_mode_and_of_a_pinned_version(recorder: Recorder) -> None:
    build()
    found = recorder.one("vision-namespace").inputs["metadata"]["labels"]
    for mode in ("enforce", "audit", "warn"):
        assert found[f"pod-security.kubernetes.io/{mode}"] == "restricted"
        assert found[f"pod-security.kubernetes.io/{mode}-version"] == "v1.36"
    assert found["groundwork.io/guarded"] == "true", "the admission policies find it by this label"
    assert found["groundwork.io/team"] == "vision"


def test_a_namespace_of_the_platform_belongs_to_no_team(recorder: Recorder) -> None:
    build(namespace="mlflow", team=None)
    assert "groundwork.io/team" not in recorder.one("vision-namespace").inputs["metadata"]["labels"]


def test_a_variable_may_come_from_a_secret_only_where_it_is_named(recorder: Recorder) -> None:
    build()
    assert "annotations" not in recorder.one("vision-namespace").inputs["metadata"]


def test_variables_that_may_come_from_a_secret_are_said_on_the_namespace(recorder: Recorder) -> None:
    build(environment_secrets=("ONE", "TWO"))
    metadata = recorder.one("vision-namespace").inputs["metadata"]
    assert metadata["annotations"] == {"groundwork.io/environment-secrets": "ONE,TWO"}


def test_all_traffic_is_denied_both_ways(recorder: Recorder) -> None:
    build()
    assert policies(recorder)["default-deny"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_what_is_allowed_is_named_with_its_port(recorder: Recorder) -> None:
    build(egress_ranges=("3.5.64.0/21",))
    found = policies(recorder)
    assert set(found) == {
        "default-deny",
        "allow-dns",
        "allow-same-namespace",
        "allow-pod-identity",
        "allow-endpoints",
        "allow-prometheus",
        "allow-ranges",
    }
    (rule,) = found["allow-prometheus"]["ingress"]
    assert rule["ports"] == [{"protocol": "TCP", "port": "metrics"}], "what a container calls so, and nothing else"
    (peer,) = rule["from"]
    assert peer["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "monitoring"}
    assert peer["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": "prometheus"}
    (dns,) = found["allow-dns"]["egress"]
    assert {(port["protocol"], port["port"]) for port in dns["ports"]} == {("UDP", 53), ("TCP", 53)}
    assert dns["to"][0]["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "kube-system"}
    assert dns["to"][0]["podSelector"]["matchLabels"] == {"k8s-app": "kube-dns"}
    assert found["allow-same-namespace"]["ingress"] == [{"from": [{"podSelector": {}}]}]
    assert found["allow-same-namespace"]["egress"] == [{"to": [{"podSelector": {}}]}]
    for name, cidr, port in (
        ("allow-pod-identity", "169.254.170.23/32", 80),
        ("allow-endpoints", "10.20.0.0/16", 443),
        ("allow-ranges", "3.5.64.0/21", 443),
    ):
        (rule,) = found[name]["egress"]
        assert rule == {"to": [{"ipBlock": {"cidr": cidr}}], "ports": [{"protocol": "TCP", "port": port}]}
        assert found[name]["policyTypes"] == ["Egress"], "a policy that names Ingress without a rule denies it"


def test_no_range_outside_the_vpc_is_reached_unless_it_is_named(recorder: Recorder) -> None:
    build()
    assert "allow-ranges" not in policies(recorder)


def test_the_quota_counts_what_the_settings_say_and_knows_no_load_balancers(recorder: Recorder) -> None:
    build()
    assert recorder.one("vision-quota").inputs["spec"]["hard"] == {
        "requests.cpu": "8",
        "requests.memory": "32Gi",
        "limits.memory": "32Gi",
        "requests.nvidia.com/gpu": "2",
        "pods": "20",
        "requests.storage": "200Gi",
        "services.loadbalancers": "0",
        "services.nodeports": "0",
    }


def test_load_balancers_are_there_when_asked_for_and_node_ports_never(recorder: Recorder) -> None:
    build(load_balancers=2)
    hard = recorder.one("vision-quota").inputs["spec"]["hard"]
    assert (hard["services.loadbalancers"], hard["services.nodeports"]) == ("2", "0")


def test_no_pod_takes_a_priority_of_the_platform(recorder: Recorder) -> None:
    build()
    spec = recorder.one("vision-priorities").inputs["spec"]
    assert spec["hard"] == {"pods": "0"}
    (expression,) = spec["scopeSelector"]["matchExpressions"]
    assert (expression["scopeName"], expression["operator"]) == ("PriorityClass", "In")
    assert set(expression["values"]) == {"groundwork-platform", "system-cluster-critical", "system-node-critical"}


def test_what_watches_the_platform_may_have_its_priority_and_no_systems(recorder: Recorder) -> None:
    build(platform_priority=True)
    (expression,) = recorder.one("vision-priorities").inputs["spec"]["scopeSelector"]["matchExpressions"]
    assert set(expression["values"]) == {"system-cluster-critical", "system-node-critical"}


def test_limits_are_of_pods_and_volumes_so_that_no_container_gets_a_default(recorder: Recorder) -> None:
    build()
    pod, volume = recorder.one("vision-limits").inputs["spec"]["limits"]
    assert pod == {"type": "Pod", "max": {"cpu": "8", "memory": "32Gi"}}
    assert volume["type"] == "PersistentVolumeClaim"
    assert volume["max"] == {"storage": "200Gi"}


def test_service_accounts_get_no_token(recorder: Recorder) -> None:
    build(service_accounts=("training",))
    account = recorder.one("vision-account-training").inputs
    assert account["automountServiceAccountToken"] is False
    assert account["metadata"]["namespace"] == "team-vision"


def test_everything_in_it_waits_for_the_namespace_and_the_namespace_for_what_it_needs_to_go_away(
    recorder: Recorder,
) -> None:
    def program() -> None:
        driver = core.ServiceAccount("driver", metadata={"name": "driver", "namespace": "kube-system"})
        GuardedNamespace(
            "vision",
            GuardedNamespaceArgs(
                namespace="team-vision",
                quota=QUOTA,
                vpc_cidr="10.20.0.0/16",
                service_accounts=("training",),
                after=(driver,),
            ),
        )

    run_program(program)
    namespace = recorder.requests["vision-namespace"]
    assert [urn.rsplit("::", 1)[-1] for urn in namespace.dependencies] == ["driver"]
    for name, request in recorder.requests.items():
        if request.custom and name.startswith("vision-") and name != "vision-namespace":
            assert "vision-namespace" in {urn.rsplit("::", 1)[-1] for urn in request.dependencies}, name


@pytest.mark.parametrize(
    ("field", "value"),
    [("namespace", "Team"), ("namespace", "a" * 64), ("namespace", "-a"), ("quota", {"cpu": 0, "memory_gib": 1})],
)
def test_what_kubernetes_would_refuse_is_refused_here(field: str, value: Any) -> None:
    with pytest.raises(ValidationError, match=field):
        build(**{field: value})
