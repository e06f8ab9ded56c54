"""Tokens that `generate_db_auth_token` makes: who signed one, as RDS finds out.

A token is a presigned request of the service `rds-db`, `Action=connect`, to the endpoint of a DB instance, without the
`https://` in front. Endpoint and database user are signed, so that it opens nothing else.

Source: Amazon RDS user guide, "Connecting to your DB instance using IAM authentication"; botocore,
`botocore/signers.py`, generate_db_auth_token.
"""

from datetime import datetime, timedelta

from twin.presigned import LONGEST, Identity, PresignedRequest, Resolve, TokenError

_LONGEST_SECONDS = 900
_NONE = "it is no token of RDS"


def identify(token: str, user: str, endpoint: str, region: str, now: datetime, resolve: Resolve) -> Identity:
    """Return who has signed this token, which must be for `user` at `endpoint` (`host:port`) in `region`.

    Errors: TokenError.
    """
    if len(token) > LONGEST:
        raise TokenError(_NONE)
    try:
        request = PresignedRequest.parse(f"https://{token}")
    except ValueError as error:
        raise TokenError(_NONE) from error
    if request.service != "rds-db" or request.query.get("Action") != "connect":
        raise TokenError(_NONE)
    if request.region != region:
        raise TokenError("it is for another region")
    if request.host != endpoint or request.signed_headers != ["host"]:
        raise TokenError("it is for another endpoint")
    if request.query.get("DBUser") != user:
        raise TokenError("it is for another user")
    expires = request.query["X-Amz-Expires"]
    if not (expires.isascii() and expires.isdigit() and int(expires) <= _LONGEST_SECONDS):
        raise TokenError(f"it does not expire within {_LONGEST_SECONDS} s")
    return request.signer({"host": endpoint}, timedelta(seconds=int(expires)), now, resolve)
