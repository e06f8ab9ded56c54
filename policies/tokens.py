"""Type tokens: short spellings of this pack, the older twins of a type, and groups of types that rules share.

Tokens are matched exactly, never by prefix. Sources: pulumi_aws 7.51, whose classes name their older tokens as aliases;
pulumi_kubernetes 4.34, which has a List and a Patch beside most kinds.
"""

from collections.abc import Iterable

STACK = "pulumi:pulumi:Stack"


def aws(*names: str) -> frozenset[str]:
    """Return full tokens of AWS types.

    >>> aws("s3/bucket:Bucket")
    frozenset({'aws:s3/bucket:Bucket'})
    """
    return frozenset(f"aws:{name}" for name in names)


def kubernetes(*names: str) -> frozenset[str]:
    """Return full tokens of Kubernetes kinds.

    >>> kubernetes("core/v1:Pod")
    frozenset({'kubernetes:core/v1:Pod'})
    """
    return frozenset(f"kubernetes:{name}" for name in names)


def with_forms(kinds: Iterable[str]) -> frozenset[str]:
    """Return `kinds` and what else states objects of them: a List, whose `items` they are, and a Patch."""
    return frozenset(f"{token}{form}" for token in kinds for form in ("", "List", "Patch"))


_V2 = (
    "Bucket",
    "BucketAccelerateConfiguration",
    "BucketAcl",
    "BucketCorsConfiguration",
    "BucketLifecycleConfiguration",
    "BucketLogging",
    "BucketObjectLockConfiguration",
    "BucketRequestPaymentConfiguration",
    "BucketServerSideEncryptionConfiguration",
    "BucketVersioning",
    "BucketWebsiteConfiguration",
)
_LOAD_BALANCING = ("Listener", "ListenerCertificate", "ListenerRule", "LoadBalancer", "TargetGroup")


def _token(module: str, name: str) -> str:
    return f"aws:{module}/{name[0].lower()}{name[1:]}:{name}"


TWINS: dict[str, str] = (
    {_token("s3", f"{name}V2"): _token("s3", name) for name in _V2}
    | {
        _token(module, name): _token("lb", name)
        for module in ("alb", "applicationloadbalancing", "elasticloadbalancingv2")
        for name in _LOAD_BALANCING
    }
    | {
        "aws:elasticsearch/domain:Domain": "aws:opensearch/domain:Domain",
        "aws:elasticsearch/domainPolicy:DomainPolicy": "aws:opensearch/domainPolicy:DomainPolicy",
    }
)
"""Older token to the current one that it counts as."""


def canonical(token: str) -> str:
    """Return the current token of a type."""
    return TWINS.get(token, token)


def with_twins(types: Iterable[str]) -> frozenset[str]:
    """Return `types` and every older token that counts as one of them."""
    current = frozenset(types)
    return current | {older for older, newer in TWINS.items() if newer in current}


KEYS = aws("kms/key:Key", "kms/alias:Alias", "kms/replicaKey:ReplicaKey", "kms/externalKey:ExternalKey")
"""What a reference to a customer managed key may depend on."""
