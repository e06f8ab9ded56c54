"""The record that CloudTrail makes of an API call: who, what, where, with which parameters, and what became of it.

Source: AWS CloudTrail user guide, "CloudTrail record contents", "CloudTrail userIdentity element", "CloudTrail log file
examples" (how EC2, S3 and the others word parameters); Amazon EventBridge user guide, "AWS service events delivered
via CloudTrail".
"""

import json
import re
import time
import uuid
from collections.abc import Mapping
from typing import Any

from twin.aws.corrections.wire import Operation, Parameters

VERSION = "1.11"
GLOBAL_REGION = "us-east-1"
"""Where events of services without a region are."""
GLOBAL = frozenset({"iam", "organizations", "cloudfront", "route53", "budgets"})
_READS = (
    "Assume", "BatchCheck", "BatchGet", "Check", "Decode", "Decrypt", "Describe", "Encrypt", "Filter", "Generate",
    "Get", "Head", "List", "Lookup", "Query", "ReEncrypt", "Retrieve", "Scan", "Search", "Select", "Simulate", "Sign",
    "Test", "Validate", "Verify",
)  # fmt: skip
_DATA = {
    "cloudwatch": ("PutMetricData",),
    "events": ("PutEvents",),
    "logs": ("PutLogEvents", "StartQuery"),
    "sns": ("Publish",),
    "sqs": ("ChangeMessage", "DeleteMessage", "ReceiveMessage", "SendMessage"),
}
"""By service what is no management event: how the names of such operations begin."""
_SESSION = re.compile(
    r"arn:(?P<partition>[\w-]+):sts::(?P<account>\d{12}):assumed-role/(?P<role>[^/]+)/(?P<session>.+)"
)
_SECRET = re.compile(r"password|secret|token", re.IGNORECASE)
_IN_CAPITALS = "PublicAccessBlockConfiguration"
"""S3 has documents of XML as they came."""
_NAMES = {
    ("s3", "DeletePublicAccessBlock"): "DeleteBucketPublicAccessBlock",
    ("s3", "PutPublicAccessBlock"): "PutBucketPublicAccessBlock",
    ("s3control", "DeletePublicAccessBlock"): "DeleteAccountPublicAccessBlock",
    ("s3control", "PutPublicAccessBlock"): "PutAccountPublicAccessBlock",
}
"""What a record calls an operation, where that is not its name."""


def is_management_write(operation: Operation) -> bool:
    """Whether EventBridge hears of it: calls that change how something is set up, and neither reads nor data."""
    if operation.name.startswith(_READS):
        return False
    if operation.service == "s3":
        return "Object" not in operation.name.replace("ObjectLock", "") and "Upload" not in operation.name
    return not operation.name.startswith(_DATA.get(operation.service, ("\0",)))


def record(
    operation: Operation,
    parameters: Parameters,
    *,
    caller: Mapping[str, str],
    region: str,
    source: str,
    agent: str,
    error: Mapping[str, str] | None,
) -> dict[str, Any]:
    """The record of a call.

    Args:
        operation: what was called.
        parameters: as the API names them.
        caller: `arn`, `id` and `key` of who called.
        region: which the call was made in.
        source: the address that it came from.
        agent: what the client calls itself.
        error: `code` and `message` where the call was refused.
    """
    name = _NAMES.get((operation.service, operation.name), operation.name)
    failure = {"errorCode": error["code"], "errorMessage": error["message"]} if error else {}
    return {
        "eventVersion": VERSION,
        "userIdentity": identity(caller),
        "eventTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "eventSource": f"{event_source(operation.service)}.amazonaws.com",
        "eventName": name,
        "awsRegion": region,
        "sourceIPAddress": source,
        "userAgent": agent,
        **failure,
        "requestParameters": request_parameters(operation, parameters),
        "responseElements": None,
        "requestID": str(uuid.uuid4()),
        "eventID": str(uuid.uuid4()),
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": caller["arn"].split(":")[4],
        "eventCategory": "Management",
    }


def event_source(service: str) -> str:
    """What CloudTrail and EventBridge call a service, before `.amazonaws.com` and after `aws.`."""
    return {"cloudwatch": "monitoring", "opensearch": "es", "s3control": "s3"}.get(service, service)


def identity(caller: Mapping[str, str]) -> dict[str, Any]:
    """The userIdentity of a root user, a user or a session of a role."""
    arn = caller["arn"]
    account = arn.split(":")[4]
    found: dict[str, Any] = {
        "principalId": caller["id"],
        "arn": arn,
        "accountId": account,
        "accessKeyId": caller["key"],
    }
    session = _SESSION.fullmatch(arn)
    if session:
        issuer = f"arn:{session['partition']}:iam::{account}:role/{session['role']}"
        return {
            "type": "AssumedRole",
            **found,
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "principalId": caller["id"].partition(":")[0],
                    "arn": issuer,
                    "accountId": account,
                    "userName": session["role"],
                },
                "attributes": {"mfaAuthenticated": "false"},
            },
        }
    if arn.endswith(":root"):
        return {"type": "Root", **found}
    return {"type": "IAMUser", **found, "userName": arn.rpartition("/")[2]}


def request_parameters(operation: Operation, parameters: Parameters) -> dict[str, Any] | None:
    """The parameters in CloudTrail's words: names begin small, EC2's lists are `items`, policies of S3 are objects."""
    service = operation.service
    if service in ("s3", "s3control"):
        return _of_s3(parameters)
    if operation.name == "ModifySecurityGroupRules":
        return _of_rules(parameters)
    worded = {_small(name): _worded(value, items=service == "ec2") for name, value in parameters.items()}
    return {name: "***" if _SECRET.search(name) else value for name, value in worded.items()} or None


def _of_s3(parameters: Parameters) -> dict[str, Any]:
    worded: dict[str, Any] = {}
    for name, value in parameters.items():
        if name == "Bucket":
            worded["bucketName"] = value
        elif name == "Policy":
            worded["bucketPolicy"] = _document(value)
        elif name == _IN_CAPITALS:
            worded[name] = value
        else:
            worded[_small(name)] = _worded(value)
    return worded


def _of_rules(parameters: Parameters) -> dict[str, Any]:
    """EC2's younger operations come in the words of their XML, numbered; of one thing there is no list."""
    rules = [{"tag": number, **rule} for number, rule in enumerate(parameters.get("SecurityGroupRules") or (), start=1)]
    asked = {"GroupId": parameters.get("GroupId"), "SecurityGroupRule": rules[0] if len(rules) == 1 else rules}
    return {"ModifySecurityGroupRulesRequest": asked}


def _document(text: Any) -> Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return str(text)


def _worded(value: Any, *, items: bool = False) -> Any:
    if isinstance(value, Mapping):
        return {_small(name): _worded(one, items=items) for name, one in value.items()}
    if isinstance(value, list | tuple):
        listed = [_worded(one, items=items) for one in value]
        return {"items": listed} if items else listed
    if isinstance(value, bytes):
        return "HIDDEN_DUE_TO_SIZE"
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)


def _small(name: str) -> str:
    """`DBInstanceIdentifier` is `dBInstanceIdentifier` in a record, as AWS has it."""
    return name[:1].lower() + name[1:]
