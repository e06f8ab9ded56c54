"""NET-11 and NET-12: where traffic from outside comes in."""

from collections.abc import Mapping
from typing import Any

from pulumi_policy import Severity

from policies.config import Settings
from policies.index import Resource, Stack
from policies.ranges import are_world
from policies.repair import is_known, maps, put, switch_on
from policies.rule import (
    Finding,
    Findings,
    LocatedFindings,
    ResourceRule,
    Rule,
    StackRule,
    Undecided,
    Violation,
    is_true,
    require,
    weigh,
)
from policies.tokens import aws, kubernetes, with_forms
from policies.values import Node
from policies.workloads import entries, objects

SERVICE, INGRESS = with_forms(kubernetes("core/v1:Service")), with_forms(kubernetes("networking.k8s.io/v1:Ingress"))
LOAD_BALANCER = aws("lb/loadBalancer:LoadBalancer")
WEB_ACL_ASSOCIATION = aws("wafv2/webAclAssociation:WebAclAssociation")
_ANNOTATION = "service.beta.kubernetes.io/aws-load-balancer-"
_WITHOUT_HTTP = ("network", "gateway")
_TYPES = (None, "ClusterIP", "ExternalName", "LoadBalancer")


def _entrance_is_narrow(resource: Resource, settings: Settings) -> Findings:
    del settings
    for item in objects(resource):
        yield from weigh(_service_findings(item) if resource.type in SERVICE else _ingress_findings(item))


# NET-11: services and ingresses


def _service_findings(service: Node) -> Findings:
    kind = service["spec"]["type"]
    what = "a port of every node is opened"
    yield from require(kind, lambda v: v in _TYPES, what, "ClusterIP, or an internal LoadBalancer")
    if kind.value != "LoadBalancer":
        return
    annotations = service["metadata"]["annotations"]
    internal = _is_internal(annotations)
    ranges = service["spec"]["loadBalancerSourceRanges"]
    allowed = ranges.each()
    unknown = next((cidr for cidr in allowed if cidr.unknown), None)
    open_to_all = not allowed or are_world([cidr.value for cidr in allowed if not cidr.unknown])
    if internal or not (open_to_all or unknown):
        return
    if internal is None:
        yield Undecided(annotations.path)
    elif unknown and not open_to_all:
        yield Undecided(unknown.path)
    else:
        expected = f'the annotation {_ANNOTATION}scheme "internal", or loadBalancerSourceRanges'
        yield Violation(ranges.path, "the load balancer is open to the world", expected)


def _is_internal(annotations: Node) -> bool | None:
    """Whether annotations ask for an internal load balancer; None while that is unknown. The newer one decides."""
    scheme, older = annotations[f"{_ANNOTATION}scheme"], annotations[f"{_ANNOTATION}internal"]
    if scheme.unknown:
        return None
    if scheme.value is not None:
        return bool(scheme.value == "internal")
    return None if older.unknown else older.value == "true"


def _ingress_findings(ingress: Node) -> Findings:
    tls, annotations = ingress["spec"]["tls"], ingress["metadata"]["annotations"]
    readable = [entry for entry in entries(tls) if entry.unknown or isinstance(entry.value, dict)]
    if tls.unknown:
        yield Undecided(tls.path)
    elif not readable:
        yield Violation(tls.path, "plain HTTP is answered", "an entry of tls")
    if annotations.unknown:
        yield Undecided(annotations.path)
    elif annotations.value is not None and not isinstance(annotations.value, dict):
        yield Violation(annotations.path, "annotations cannot be read", "a map of texts")
    for key in annotations.value if isinstance(annotations.value, dict) else ():
        if is_snippet(key) and annotations.value[key] is not None:
            what = "a snippet puts configuration of its author's into a controller that all share"
            yield Violation(f"{annotations.path}[{key}]", what, "annotations for the settings in use")


def is_snippet(annotation: str) -> bool:
    """Whether an annotation is configuration in the controller's own language.

    >>> is_snippet("nginx.ingress.kubernetes.io/configuration-snippet"), is_snippet("example.com/snippet-note")
    (True, False)
    """
    return annotation.lower().endswith("snippet")


_OF_NODE_PORTS = ("externalTrafficPolicy", "healthCheckNodePort")


def _close_node_ports(props: Any) -> bool:
    """Make a NodePort service one of the cluster, where it names no port of a node, which would then be refused.

    Not a load balancer internal: the controller would make another one, under another name. Not an ingress without
    snippets: one of them may be what keeps people out.
    """
    changes = [_close(item.get("spec")) for item in (props, *maps(props.get("items")))]
    return any(changes)


def _close(spec: Any) -> bool:
    if not isinstance(spec, Mapping) or any(spec.get(name) is not None for name in _OF_NODE_PORTS):
        return False
    ports = spec.get("ports")
    if not is_known(ports) or any(port.get("nodePort") is not None for port in maps(ports)):
        return False
    return put(spec, "type", "ClusterIP", unless=lambda value: value != "NodePort")


# NET-12: load balancers


def _is_application(balancer: Resource) -> bool | None:
    """Whether a load balancer reads HTTP, as all do that do not say otherwise; None while that is unknown."""
    kind = balancer["loadBalancerType"]
    return None if kind.unknown else kind.value not in _WITHOUT_HTTP


def _has_web_acl(stack: Stack, balancer: Resource) -> Findings:
    internal = balancer["internal"]
    if internal.value is True:
        return
    companions = stack.companions(balancer, WEB_ACL_ASSOCIATION, "resourceArn", ("arn", "id"))
    if any(association["webAclArn"].value not in (None, "") for association in companions.certain):
        return
    if internal.unknown or companions.possible:
        yield Undecided(internal.path)
    else:
        missing = "a wafv2.WebAclAssociation, or internal=True"
        yield Violation(internal.path, "the world sends it requests that nothing filters", missing, companion=True)


def _drop_invalid_header_fields(props: Any) -> bool:
    kind = props.get("loadBalancerType")
    return is_known(kind) and kind not in _WITHOUT_HTTP and switch_on(props, "dropInvalidHeaderFields")


def _balancer_filters_requests(stack: Stack, settings: Settings) -> LocatedFindings:
    del settings
    for balancer in stack.of(LOAD_BALANCER):
        application = _is_application(balancer)
        if application is False:
            continue
        header = is_true(balancer["dropInvalidHeaderFields"], "malformed header fields are passed on")
        findings: tuple[Finding, ...] = (*header, *_has_web_acl(stack, balancer))
        if application is None and findings:
            findings = (Undecided("loadBalancerType"),)
        yield from ((balancer, finding) for finding in findings)


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="NET-11",
        requirement="Services open no port of nodes and no load balancer to the world; an Ingress has TLS, no snippet.",
        why="A Service of a user becomes a public entrance in seconds, and a snippet runs in the shared proxy.",
        fix='metadata={"annotations": {"service.beta.kubernetes.io/aws-load-balancer-scheme": "internal"}}; '
        'spec={"type": "ClusterIP"}; spec={"tls": [{"hosts": [...], "secret_name": ...}]}',
        types=SERVICE | INGRESS,
        severity=Severity.HIGH,
        controls=("EKS-5.4.5",),
        check=_entrance_is_narrow,
        remediate=_close_node_ports,
        repairs=SERVICE,
    ),
    StackRule(
        id="NET-12",
        requirement="A load balancer drops malformed header fields, and a web ACL filters what the world sends to it.",
        why=(
            "Malformed headers smuggle requests past checks, and an open entrance without a filter takes what bots "
            "send."
        ),
        fix="lb.LoadBalancer(..., drop_invalid_header_fields=True), "
        "wafv2.WebAclAssociation(resource_arn=balancer.arn, web_acl_arn=acl.arn)",
        types=LOAD_BALANCER,
        joins=WEB_ACL_ASSOCIATION,
        severity=Severity.MEDIUM,
        controls=("F:ELB.16", "800-53 AC-4"),
        check=_balancer_filters_requests,
        remediate=_drop_invalid_header_fields,
        repairs=LOAD_BALANCER,
    ),
)
