"""Events as EventBridge delivers them of records of CloudTrail, in the shapes of its user guide's examples."""

from typing import Any

ACCOUNT = "111122223333"
DEPLOY = f"arn:aws:iam::{ACCOUNT}:role/groundwork-dev-github-deploy"
SOMEBODY = f"arn:aws:iam::{ACCOUNT}:role/PlatformEngineer"


def session(role: str) -> dict[str, Any]:
    name = role.rpartition("/")[2]
    return {
        "type": "AssumedRole",
        "principalId": "AROAEXAMPLE:session",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/session",
        "accountId": ACCOUNT,
        "accessKeyId": "ASIAEXAMPLE",
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": "AROAEXAMPLE",
                "arn": role,
                "accountId": ACCOUNT,
                "userName": name,
            },
            "attributes": {"mfaAuthenticated": "true", "creationDate": "2026-01-01T00:00:00Z"},
        },
    }


ROOT = {"type": "Root", "principalId": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:root", "accountId": ACCOUNT}
USER = {
    "type": "IAMUser",
    "principalId": "AIDAEXAMPLE",
    "arn": f"arn:aws:iam::{ACCOUNT}:user/alice",
    "accountId": ACCOUNT,
    "userName": "alice",
}


def call(
    service: str, name: str, parameters: dict[str, Any] | None = None, identity: Any = None, **more: Any
) -> dict[str, Any]:
    """An API call."""
    detail = {
        "eventVersion": "1.11",
        "userIdentity": identity or session(SOMEBODY),
        "eventTime": "2026-01-01T12:00:00Z",
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "198.51.100.7",
        "userAgent": "aws-cli/2",
        "requestParameters": parameters,
        "responseElements": None,
        "eventType": "AwsApiCall",
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    }
    return _event(f"aws.{service}", "AWS API Call via CloudTrail", detail | more)


def sign_in(outcome: str, identity: Any = None, **more: Any) -> dict[str, Any]:
    """Somebody at the console."""
    detail = {
        "eventVersion": "1.11",
        "userIdentity": identity or USER,
        "eventTime": "2026-01-01T12:00:00Z",
        "eventSource": "signin.amazonaws.com",
        "eventName": "ConsoleLogin",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "198.51.100.7",
        "requestParameters": None,
        "responseElements": {"ConsoleLogin": outcome},
        "additionalEventData": {"MFAUsed": "No"},
        "eventType": "AwsConsoleSignIn",
    }
    return _event("aws.signin", "AWS Console Sign In via CloudTrail", detail | more) | {"region": "us-east-1"}


def of_database(category: str, message: str) -> dict[str, Any]:
    """RDS tells of an instance."""
    detail = {
        "EventCategories": [category],
        "SourceType": "DB_INSTANCE",
        "SourceArn": f"arn:aws:rds:eu-west-1:{ACCOUNT}:db:groundwork-dev-registry",
        "Date": "2026-01-01T12:00:00Z",
        "Message": message,
        "SourceIdentifier": "groundwork-dev-registry",
        "EventID": "RDS-EVENT-0049",
    }
    return _event("aws.rds", "RDS DB Instance Event", detail)


def opened(*ranges: str, key: str = "cidrIp", where: str = "ipRanges") -> dict[str, Any]:
    """The parameters of AuthorizeSecurityGroupIngress: ranges that may come in."""
    permission = {"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, where: {"items": [{key: one} for one in ranges]}}
    return {"groupId": "sg-1", "ipPermissions": {"items": [permission]}}


def blocks(**wrong: bool) -> dict[str, Any]:
    """The parameters of PutBucketPublicAccessBlock."""
    every = dict.fromkeys(("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True)
    return {"bucketName": "groundwork-dev-datasets", "PublicAccessBlockConfiguration": every | wrong}


def _event(source: str, kind: str, detail: dict[str, Any]) -> dict[str, Any]:
    return {
        "version": "0",
        "id": "00000000-0000-0000-0000-000000000000",
        "detail-type": kind,
        "source": source,
        "account": ACCOUNT,
        "time": "2026-01-01T12:00:01Z",
        "region": "eu-west-1",
        "resources": [],
        "detail": detail,
    }
