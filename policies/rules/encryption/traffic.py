"""ENC-23: traffic to load balancers."""

from pulumi_policy import Severity

from policies.config import Settings
from policies.index import Resource
from policies.rule import Findings, ResourceRule, Rule, Undecided, Violation, require, weigh
from policies.tokens import aws
from policies.values import Node

LISTENER = aws("lb/listener:Listener")


def _listener_speaks_tls(resource: Resource, settings: Settings) -> Findings:
    protocol = resource["protocol"]
    if protocol.unknown:
        yield Undecided(protocol.path)
        return
    # What is absent is HTTP at an application load balancer.
    spoken = "HTTP" if protocol.value is None else str(protocol.value).upper()
    if spoken in ("HTTPS", "TLS"):
        allowed = settings.listener_tls_policies
        what = "a version of TLS before 1.2 is accepted"
        yield from require(resource["sslPolicy"], lambda v: v in allowed, what, "a policy that begins with TLS 1.2")
    elif spoken == "HTTP":
        yield from _only_redirects(resource["defaultActions"])
    else:
        yield Violation(protocol.path, "traffic is not encrypted", "HTTPS or TLS")


def _only_redirects(actions: Node) -> Findings:
    """Yield findings unless every default action sends the caller to HTTPS."""
    expected = "HTTPS, or a redirect to it as every default action"
    if not actions.each():
        yield Violation(actions.path, "plain HTTP is answered", expected)
    for action in actions.each():
        what = "plain HTTP is answered"
        yield from weigh(
            (
                *require(action["type"], lambda v: v == "redirect", what, expected),
                *require(action["redirect"]["protocol"], lambda v: v == "HTTPS", what, expected),
            )
        )


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="ENC-23",
        requirement="A listener speaks TLS 1.2 or later, or redirects to one that does.",
        why="Without TLS, or with an old version of it, passwords and model inputs can be read on the way.",
        fix='lb.Listener(..., protocol="HTTPS", ssl_policy="ELBSecurityPolicy-TLS13-1-2-2021-06", certificate_arn=...)',
        types=LISTENER,
        severity=Severity.HIGH,
        controls=("F:ELB.1", "800-53 SC-8", "AISF-INFRA-06", "EKS-5.4.5"),
        check=_listener_speaks_tls,
    ),
)
