"""ENC-19 and ENC-23: which TLS."""

from typing import Any

from tests.policies.harness import UNKNOWN, R
from tests.policies.spec import Case, Spec, edit, of_type
from tests.policies.specs.encryption_stores import DOMAIN_TWINS

TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
DOMAIN = of_type(
    "opensearch/domain:Domain",
    domainEndpointOptions={"enforceHttps": True, "tlsSecurityPolicy": "Policy-Min-TLS-1-2-2019-07"},
)
LISTENER = of_type("lb/listener:Listener", protocol="HTTPS", sslPolicy=TLS_POLICY)
TO_HTTPS = {"type": "redirect", "redirect": {"protocol": "HTTPS", "statusCode": "HTTP_301"}}


def http(*actions: Any) -> R:
    return of_type("lb/listener:Listener", protocol="HTTP", defaultActions=list(actions))


SPECS: dict[str, Spec] = {
    "ENC-19": Spec(
        good=(DOMAIN,),
        leaf="domainEndpointOptions.enforceHttps",
        bad=False,
        twins=DOMAIN_TWINS,
        flips={"domainEndpointOptions.tlsSecurityPolicy": "Policy-Min-TLS-1-0-2019-07"},
        extra=(
            Case("nothing said", (of_type("opensearch/domain:Domain"),), "deny"),
            Case(
                "TLS 1.0",
                (edit("domainEndpointOptions.tlsSecurityPolicy", "Policy-Min-TLS-1-0-2019-07")(DOMAIN),),
                "deny",
            ),
            Case(
                "forward secrecy",
                (edit("domainEndpointOptions.tlsSecurityPolicy", "Policy-Min-TLS-1-2-PFS-2023-10")(DOMAIN),),
                "pass",
            ),
            Case("a policy that the settings do not list", (DOMAIN,), "deny", {"domainTlsPolicies": ["Policy-2030"]}),
        ),
    ),
    "ENC-23": Spec(
        good=(LISTENER,),
        leaf="sslPolicy",
        bad="ELBSecurityPolicy-2016-08",
        twins={"aws:lb/listener:Listener": "aws:alb/listener:Listener"},
        extra=(
            Case("TLS of a network load balancer", (edit("protocol", "TLS")(LISTENER),), "pass"),
            Case("in small letters", (edit("protocol", "https")(LISTENER),), "pass"),
            Case("TCP", (edit("protocol", "TCP")(LISTENER),), "deny"),
            Case("a redirect", (http(TO_HTTPS),), "pass"),
            Case("a redirect, protocol left out", (edit("protocol")(http(TO_HTTPS)),), "pass"),
            Case("one redirect of two actions", (http(TO_HTTPS, {"type": "forward"}),), "deny"),
            Case("a redirect to HTTP", (http({"type": "redirect", "redirect": {"protocol": "HTTP"}}),), "deny"),
            Case("a redirect to the same protocol", (http({"type": "redirect", "redirect": {}}),), "deny"),
            Case(
                "a redirect, protocol unknown",
                (http({"type": "redirect", "redirect": {"protocol": UNKNOWN}}),),
                "unknown",
            ),
            Case("an action of another type with a redirect", (http({**TO_HTTPS, "type": "forward"}),), "deny"),
            Case("HTTP without actions", (http(),), "deny"),
            Case("actions unknown", (edit("defaultActions", UNKNOWN)(http()),), "unknown"),
            Case(
                "a policy that the settings list",
                (edit("sslPolicy", "Policy-2030")(LISTENER),),
                "pass",
                {"listenerTlsPolicies": ["Policy-2030"]},
            ),
        ),
    ),
}
