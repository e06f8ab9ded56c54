"""Tokens of `aws eks get-token`: who made one, as EKS finds out. A token is a presigned STS request, GetCallerIdentity.

The cluster's name is a signed header of the request and not in the token: it is put back before the signature is
checked, so that a token for another cluster has a wrong one.

Source: github.com/kubernetes-sigs/aws-iam-authenticator, "API Authorization from Outside a Cluster" and pkg/token.
"""

import base64
import binascii
from collections.abc import Collection
from datetime import datetime, timedelta

from twin.presigned import LONGEST, Identity, PresignedRequest, Resolve, TokenError, WrongSignatureError

PREFIX = "k8s-aws-v1."
VALID = timedelta(minutes=15)
"""Counted from the signature, whatever the request's own X-Amz-Expires says: clients keep a token for 14 minutes."""
_ASKED = {"Action": "GetCallerIdentity", "Version": "2011-06-15"}


def identify(token: str, cluster: str, hosts: Collection[str], now: datetime, resolve: Resolve) -> Identity:
    """Return who has signed this token for this cluster.

    `hosts`: where the AWS API of the twin answers, beside the names that AWS gives its STS.
    Errors: TokenError.
    """
    request = _decoded(token)
    if request.service != "sts":
        raise TokenError("it is not signed for STS")
    if request.host not in (*hosts, f"sts.{request.region}.amazonaws.com"):
        raise TokenError("it is for no STS endpoint")
    try:
        return request.signer({"host": request.host, "x-k8s-aws-id": cluster}, VALID, now, resolve)
    except WrongSignatureError as error:
        raise TokenError("its signature is wrong, or it is for another cluster") from error


def _decoded(token: str) -> PresignedRequest:
    """The request in a token."""
    if not token.startswith(PREFIX) or len(token) > LONGEST:
        raise TokenError("it is no token of EKS")
    try:
        encoded = token.removeprefix(PREFIX)
        url = base64.b64decode(encoded + "=" * (-len(encoded) % 4), b"-_", validate=True).decode()
    except (ValueError, binascii.Error) as error:
        raise TokenError("it is no token of EKS") from error
    try:
        request = PresignedRequest.parse(url)
    except ValueError as error:
        raise TokenError("it is no presigned request to STS") from error
    if not _ASKED.items() <= request.query.items():
        raise TokenError("it is no presigned GetCallerIdentity")
    if request.signed_headers != ["host", "x-k8s-aws-id"]:
        raise TokenError("the cluster is not among its signed headers")
    return request
