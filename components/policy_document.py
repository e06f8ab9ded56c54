"""IAM policy documents: plain values in, canonical JSON out, so that the same policy is always the same string.

A document whose parts are all known is a plain string; one with a part that the engine learns later is built inside
`apply`, which keeps it known wherever its parts are:

    policy=document(tls_only(bucket_arn))                                        # bucket_arn: str
    policy=bucket.arn.apply(lambda arn: document(tls_only(arn)))                 # one Output
    policy=pulumi.Output.all(bucket.arn, key.arn).apply(lambda arns: document(   # several, some may be plain
        allow("Read", actions=["s3:GetObject"], resources=[f"{arns[0]}/*"]),
        allow("Decrypt", actions=["kms:Decrypt"], resources=[arns[1]])))

Source: IAM user guide, "IAM JSON policy elements reference".
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

Statement: TypeAlias = Mapping[str, Any]
Principal: TypeAlias = str | Mapping[str, list[str]]
Conditions: TypeAlias = Mapping[str, Mapping[str, str | Iterable[str]]]

VERSION = "2012-10-17"
ANYONE: Principal = "*"


def aws_principal(*arns: str) -> Principal:
    """Name accounts (`arn:aws:iam::<account>:root`), roles or users."""
    return {"AWS": sorted(arns)}


def service_principal(*services: str) -> Principal:
    """Name AWS services, such as `logs.eu-west-1.amazonaws.com`."""
    return {"Service": sorted(services)}


def federated_principal(provider_arn: str) -> Principal:
    """Name an identity provider, such as an IAM OIDC provider."""
    return {"Federated": [provider_arn]}


def account_principal(account_id: str) -> Principal:
    """Name an account, and so whoever its own IAM policies allow."""
    return aws_principal(f"arn:aws:iam::{account_id}:root")


def allow(
    sid: str,
    *,
    actions: Iterable[str],
    resources: Iterable[str] = (),
    principal: Principal | None = None,
    conditions: Conditions | None = None,
) -> Statement:
    """Return an Allow. An identity policy has no `principal`, a trust policy no `resources`."""
    return _statement("Allow", sid, {"Action": actions}, resources, principal, conditions)


def deny(
    sid: str,
    *,
    actions: Iterable[str] = (),
    not_actions: Iterable[str] = (),
    resources: Iterable[str] = (),
    principal: Principal | None = None,
    conditions: Conditions | None = None,
) -> Statement:
    """Return a Deny of `actions`, or of all but `not_actions`. Raises `ValueError` unless exactly one is given."""
    if bool(actions) == bool(not_actions):
        raise ValueError(f"statement {sid!r} denies either actions or not_actions")
    chosen = {"Action": actions} if actions else {"NotAction": not_actions}
    return _statement("Deny", sid, chosen, resources, principal, conditions)


def tls_only(bucket_arn: str) -> Statement:
    """Deny every request to a bucket that did not come over TLS.

    Source: S3 user guide, "Security best practices for Amazon S3", enforce encryption of data in transit.
    """
    return deny(
        "DenyWithoutTls",
        actions=["s3:*"],
        resources=[bucket_arn, f"{bucket_arn}/*"],
        principal=ANYONE,
        conditions={"Bool": {"aws:SecureTransport": "false"}},
    )


def assumed_by_service(service: str, account_id: str, source_arn: str) -> Statement:
    """Let an AWS service assume a role, on behalf of one resource of this account only; `source_arn` may be a pattern.

    Without the two conditions anyone could have the service use the role for a resource of theirs. Not for a service
    that sends neither key, which would be shut out: CloudTrail for its log group, S3 for replication.
    Source: IAM user guide, "The confused deputy problem", cross-service confused deputy prevention.
    """
    return allow(
        "AssumedByService",
        principal=service_principal(service),
        actions=["sts:AssumeRole"],
        conditions={"StringEquals": {"aws:SourceAccount": account_id}, "ArnLike": {"aws:SourceArn": source_arn}},
    )


def assumed_by_pods(cluster_arn: str, account_id: str, *, namespace: str, service_account: str) -> Statement:
    """Let the pods of one Kubernetes service account of one cluster assume a role, through EKS Pod Identity.

    Source: EKS user guide, "EKS Pod Identity role"; Pod Identity tags the session with the pod's cluster, namespace
    and service account, which is why the trust names both actions.
    """
    pods = {
        "aws:SourceAccount": account_id,
        "aws:RequestTag/kubernetes-namespace": namespace,
        "aws:RequestTag/kubernetes-service-account": service_account,
    }
    return allow(
        "AssumedByPods",
        principal=service_principal("pods.eks.amazonaws.com"),
        actions=["sts:AssumeRole", "sts:TagSession"],
        conditions={"StringEquals": pods, "ArnEquals": {"aws:SourceArn": cluster_arn}},
    )


def document(*statements: Statement) -> str:
    """Render statements, in the order given, as canonical JSON: sorted keys, no white space.

    Raises `ValueError` where there is none or two share a Sid, which AWS refuses.
    """
    sids = [statement["Sid"] for statement in statements]
    if not sids or len(sids) != len(set(sids)):
        raise ValueError(f"a policy document has statements with distinct Sids, got {sids}")
    return json.dumps({"Version": VERSION, "Statement": statements}, sort_keys=True, separators=(",", ":"))


def _statement(
    effect: str,
    sid: str,
    actions: Mapping[str, Iterable[str]],
    resources: Iterable[str],
    principal: Principal | None,
    conditions: Conditions | None,
) -> Statement:
    statement: dict[str, Any] = {"Sid": sid, "Effect": effect}
    statement |= {element: sorted(names) for element, names in actions.items()}
    if resources := sorted(resources):
        statement["Resource"] = resources
    if principal is not None:
        statement["Principal"] = principal
    if conditions:
        statement["Condition"] = {
            operator: {key: value if isinstance(value, str) else sorted(value) for key, value in tests.items()}
            for operator, tests in conditions.items()
        }
    return statement
