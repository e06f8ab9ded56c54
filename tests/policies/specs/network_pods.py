"""NET-09 to NET-12: pods, services and load balancers."""

from dataclasses import replace
from typing import Any

from tests.policies.harness import UNKNOWN, R
from tests.policies.spec import Case, Spec, depending, edit, of_type

POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
NAMESPACE = R("kubernetes:core/v1:Namespace", {"metadata": {"name": "team"}}, "namespace")
DENY = R(
    POLICY,
    {"metadata": {"namespace": "team"}, "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}},
    "deny",
)
CLOSED = (DENY, NAMESPACE)


def deny(name: str = "deny", namespace: Any = "team", **spec: Any) -> R:
    return R(POLICY, {"metadata": {"namespace": namespace}, "spec": {"podSelector": {}, **spec}}, name)


EXCEPTED = {"cidr": "0.0.0.0/0", "except": ["169.254.169.254/32"]}


def to(*peers: Any, selector: Any = None, **more: Any) -> R:
    """Return a policy of some pods, or of those that a selector selects, with one rule for egress."""
    selected = {"matchLabels": {"app": "crawler"}} if selector is None else selector
    return R(
        POLICY, {"spec": {"podSelector": selected, "policyTypes": ["Egress"], "egress": [{"to": list(peers)}], **more}}
    )


def come_from(*peers: Any, selector: Any) -> R:
    return R(POLICY, {"spec": {"podSelector": selector, "ingress": [{"from": list(peers)}]}})


SCHEME = "service.beta.kubernetes.io/aws-load-balancer-scheme"
OLDER = "service.beta.kubernetes.io/aws-load-balancer-internal"


def service(annotations: Any = None, **spec: Any) -> R:
    return R("kubernetes:core/v1:Service", {"metadata": {"annotations": annotations}, "spec": spec})


def ingress(annotations: Any = None, **spec: Any) -> R:
    return R("kubernetes:networking.k8s.io/v1:Ingress", {"metadata": {"annotations": annotations}, "spec": spec})


INTERNAL = service({SCHEME: "internal"}, type="LoadBalancer")
SNIPPET = {"nginx.ingress.kubernetes.io/configuration-snippet": "more_set_headers x;"}

INSIDE = of_type("lb/loadBalancer:LoadBalancer", dropInvalidHeaderFields=True, internal=True)
PUBLIC = R("aws:lb/loadBalancer:LoadBalancer", {"dropInvalidHeaderFields": True}, "public", outputs={"arn": "arn:lb"})
ACL = R("aws:wafv2/webAclAssociation:WebAclAssociation", {"resourceArn": "arn:lb", "webAclArn": "arn:acl"}, "acl")

SPECS: dict[str, Spec] = {
    "NET-09": Spec(
        good=CLOSED,
        leaf="spec.policyTypes[0]",
        bad="Other",
        extra=(
            Case("no policy", (NAMESPACE,), "deny"),
            Case(
                "of another namespace", (deny(namespace="other", policyTypes=["Ingress", "Egress"]), NAMESPACE), "deny"
            ),
            Case(
                "two policies",
                (deny("in", policyTypes=["Ingress"]), deny("out", policyTypes=["Egress"]), NAMESPACE),
                "pass",
            ),
            Case("ingress without types", (deny("in"), deny("out", policyTypes=["Egress"]), NAMESPACE), "pass"),
            Case("egress without types", (deny(), NAMESPACE), "deny"),
            Case("with a rule", (deny(policyTypes=["Ingress", "Egress"], egress=[{}]), NAMESPACE), "deny"),
            Case("with rules unknown", (deny(policyTypes=["Ingress", "Egress"], egress=UNKNOWN), NAMESPACE), "unknown"),
            Case(
                "with no rules spelt out",
                (deny(policyTypes=["Ingress", "Egress"], egress=[], ingress=[]), NAMESPACE),
                "pass",
            ),
            Case("of some pods", (edit("spec.podSelector", {"matchLabels": {"app": "x"}})(DENY), NAMESPACE), "deny"),
            Case(
                "of some pods, by expression",
                (edit("spec.podSelector", {"matchExpressions": [{"key": "x"}]})(DENY), NAMESPACE),
                "deny",
            ),
            Case(
                "of some pods, perhaps",
                (edit("spec.podSelector", {"matchLabels": UNKNOWN})(DENY), NAMESPACE),
                "unknown",
            ),
            Case("of pods that cannot be read", (edit("spec.podSelector", "all")(DENY), NAMESPACE), "deny"),
            Case("types unknown", (deny(policyTypes=UNKNOWN), NAMESPACE), "unknown"),
            Case("somewhere", (edit("metadata.namespace", UNKNOWN)(DENY), NAMESPACE), "unknown"),
            Case(
                "joined by dependency",
                (depending(metadata=NAMESPACE)(edit("metadata.namespace", UNKNOWN)(DENY)), NAMESPACE),
                "pass",
            ),
            Case(
                "by the name that was made",
                (DENY, replace(NAMESPACE, props={}, outputs={"metadata": {"name": "team"}})),
                "pass",
            ),
            Case("namespace of no known name", (DENY, edit("metadata.name", UNKNOWN)(NAMESPACE)), "unknown"),
            Case("namespace of no known name, no policy", (edit("metadata.name", UNKNOWN)(NAMESPACE),), "deny"),
            Case("namespace that is not known", (edit("metadata", UNKNOWN)(NAMESPACE),), "unknown"),
            Case("a list of policies", (R(f"{POLICY}List", {"items": [DENY.props]}), NAMESPACE), "pass"),
            Case("a patch of a policy", (replace(DENY, type=f"{POLICY}Patch"), NAMESPACE), "deny"),
            Case(
                "a list of namespaces, one of them open",
                (
                    DENY,
                    R("kubernetes:core/v1:NamespaceList", {"items": [NAMESPACE.props, {"metadata": {"name": "open"}}]}),
                ),
                "deny",
            ),
        ),
    ),
    "NET-10": Spec(
        good=(to({"ipBlock": EXCEPTED}),),
        leaf="spec.egress[0].to[0].ipBlock.except",
        bad=["10.0.0.0/8"],
        flips={"spec.egress[0].to[0].ipBlock.except[0]": "169.254.169.253/32"},
        equivalent={
            "flip spec.podSelector.matchLabels.app": "which pods are meant is no matter",
            **{f"{m} spec.policyTypes[0]": "what has rules is judged" for m in ("delete", "flip", "unknown")},
            "delete spec.egress[0].to[0].ipBlock.cidr": "as below",
            "flip spec.egress[0].to[0].ipBlock.cidr": "what is no range counts as the world, which excepts the address",
        },
        survives={"unknown spec.podSelector.matchLabels.app": "without any label every pod would be meant"},
        extra=(
            Case("a range", (to({"ipBlock": {"cidr": "10.0.0.0/8"}}, selector={}),), "pass"),
            Case("the world for every pod", (to({"ipBlock": EXCEPTED}, selector={}),), "deny"),
            Case(
                "the world in two halves for every pod",
                (to({"ipBlock": {"cidr": "0.0.0.0/1"}}, {"ipBlock": {"cidr": "128.0.0.0/1"}}, selector={}),),
                "deny",
            ),
            Case("the world for pods unknown", (to({"ipBlock": EXCEPTED}, selector=UNKNOWN),), "unknown"),
            Case(
                "the world for every pod, empty labels",
                (to({"ipBlock": EXCEPTED}, selector={"matchLabels": {}}),),
                "deny",
            ),
            Case("IPv6", (to({"ipBlock": {"cidr": "::/0"}}),), "deny"),
            Case("IPv6 with its exception", (to({"ipBlock": {"cidr": "::/0", "except": ["fd00:ec2::/32"]}}),), "pass"),
            Case("a wider exception", (to({"ipBlock": {"cidr": "0.0.0.0/0", "except": ["169.254.0.0/16"]}}),), "pass"),
            Case("exceptions unknown", (to({"ipBlock": {"cidr": "0.0.0.0/0", "except": UNKNOWN}}),), "unknown"),
            Case("a peer of nothing for every pod", (to({}, selector={}),), "deny"),
            Case("a peer of nothing for some pods", (to({}),), "pass"),
            Case("a peer that cannot be read", (to("all"),), "deny"),
            Case("a peer unknown", (to(UNKNOWN),), "unknown"),
            Case("a block unknown", (to({"ipBlock": UNKNOWN}),), "unknown"),
            Case("a range unknown", (to({"ipBlock": {"cidr": UNKNOWN}}),), "unknown"),
            Case("no peers", (to(),), "deny"),
            Case("no peers, in, for every pod", (come_from(selector={}),), "deny"),
            Case("no peers, in, for some pods", (come_from(selector={"matchLabels": {"app": "web"}}),), "pass"),
            Case("pods of the namespace", (to({"podSelector": {}}, selector={}),), "pass"),
            Case("pods of the cluster, in", (come_from({"namespaceSelector": {}}, selector={}),), "pass"),
            Case("a list", (R(f"{POLICY}List", {"items": [to({}, selector={}).props]}),), "deny"),
        ),
    ),
    "NET-11": Spec(
        good=(INTERNAL,),
        leaf="spec.type",
        bad="NodePort",
        absent="pass",
        flips={f'metadata.annotations["{SCHEME}"]': "internet-facing"},
        equivalent={"delete spec.type": "ClusterIP by default"},
        extra=(
            Case("a load balancer for the world", (service(type="LoadBalancer"),), "deny"),
            Case("annotations that cannot be read", (service("internal", type="LoadBalancer"),), "deny"),
            Case("the older annotation", (service({OLDER: "true"}, type="LoadBalancer"),), "pass"),
            Case(
                "both annotations", (service({OLDER: "true", SCHEME: "internet-facing"}, type="LoadBalancer"),), "deny"
            ),
            Case("annotations unknown", (service(UNKNOWN, type="LoadBalancer"),), "unknown"),
            Case("the older annotation unknown", (service({OLDER: UNKNOWN}, type="LoadBalancer"),), "unknown"),
            Case("ranges", (service(type="LoadBalancer", loadBalancerSourceRanges=["203.0.113.0/24"]),), "pass"),
            Case(
                "the world as a range", (service(type="LoadBalancer", loadBalancerSourceRanges=["0.0.0.0/0"]),), "deny"
            ),
            Case("ranges unknown", (service(type="LoadBalancer", loadBalancerSourceRanges=UNKNOWN),), "unknown"),
            Case("a service of the cluster", (service(type="ClusterIP"),), "pass"),
            Case("a type that there is not", (service(type="Everywhere"),), "deny"),
            Case("an ingress", (ingress(tls=[{"secretName": "tls"}]),), "pass"),
            Case("an ingress with the controller's certificate", (ingress(tls=[{}]),), "pass"),
            Case("an ingress without TLS", (ingress(),), "deny"),
            Case("an ingress without any entry of TLS", (ingress(tls=[]),), "deny"),
            Case("an ingress with TLS that cannot be read", (ingress(tls="yes"),), "deny"),
            Case("an ingress with TLS unknown", (ingress(tls=UNKNOWN),), "unknown"),
            Case("an ingress with a snippet", (ingress(SNIPPET, tls=[{}]),), "deny"),
            Case("an ingress with other annotations", (ingress({"team": "vision"}, tls=[{}]),), "pass"),
            Case("an ingress with annotations unknown", (ingress(UNKNOWN, tls=[{}]),), "unknown"),
            Case("an ingress with annotations that cannot be read", (ingress(["x"], tls=[{}]),), "deny"),
            Case("a list", (R("kubernetes:core/v1:ServiceList", {"items": [{"spec": {"type": "NodePort"}}]}),), "deny"),
        ),
    ),
    "NET-12": Spec(
        good=(INSIDE, PUBLIC, ACL),
        leaf="dropInvalidHeaderFields",
        bad=False,
        twins={"aws:lb/loadBalancer:LoadBalancer": "aws:alb/loadBalancer:LoadBalancer"},
        equivalent={"flip webAclArn": "which web ACL is no matter"},
        survives={"unknown webAclArn": "an ARN that is not known yet is that of some web ACL"},
        extra=(
            Case("for the world without a web ACL", (PUBLIC,), "deny"),
            Case("internal as text", (edit("internal", "true")(INSIDE),), "deny"),
            Case("a web ACL of another balancer", (PUBLIC, edit("resourceArn", "arn:other")(ACL)), "deny"),
            Case("a web ACL of a balancer unknown", (PUBLIC, edit("resourceArn", UNKNOWN)(ACL)), "unknown"),
            Case(
                "a web ACL by dependency",
                (PUBLIC, depending(resourceArn=PUBLIC)(edit("resourceArn", UNKNOWN)(ACL))),
                "pass",
            ),
            Case(
                "a network load balancer",
                (of_type("lb/loadBalancer:LoadBalancer", loadBalancerType="network"),),
                "pass",
            ),
            Case(
                "perhaps a network load balancer",
                (of_type("lb/loadBalancer:LoadBalancer", loadBalancerType=UNKNOWN),),
                "unknown",
            ),
            Case("perhaps an application load balancer, good", (edit("loadBalancerType", UNKNOWN)(INSIDE),), "pass"),
        ),
    ),
}
