"""The credentials of an AWS service that acts with a role of the account: what is missing in the role shows.

Source: see twin/aws/service_sessions.py, which is asked for them.
"""

import json
from dataclasses import replace

import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from twin.account import Account
from twin.errors import TwinError

_PATH = "/_twin/service-session"


class UntrustedError(TwinError):
    """The role does not let the service assume it, or there is no such role."""


def assumed(aws: Account, role_arn: str, service: str, session: str, source_arn: str | None = None) -> Account:
    """The account as `service` sees it with this role; `source_arn` is the resource on whose behalf it acts.

    `aws` is the root of the account. Raises UntrustedError.
    """
    asked = {"roleArn": role_arn, "service": service, "sessionName": session, "sourceArn": source_arn}
    request = AWSRequest("POST", f"{aws.endpoint_url}{_PATH}", data=json.dumps(asked))
    SigV4Auth(Credentials(aws.access_key_id, aws.secret_access_key), "sts", aws.region).add_auth(request)
    prepared = request.prepare()
    with urllib3.PoolManager(ca_certs=aws.ca_bundle) as pool:
        answer = pool.request("POST", prepared.url, body=prepared.body, headers=dict(prepared.headers))
    given = answer.json()
    if answer.status != 200:
        raise UntrustedError(f"{service} cannot assume {role_arn}: {given['message']}")
    return replace(
        aws,
        access_key_id=given["accessKeyId"],
        secret_access_key=given["secretAccessKey"],
        session_token=given["sessionToken"],
    )
