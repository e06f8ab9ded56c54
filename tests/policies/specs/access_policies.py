"""As `encryption`, for ACC rules about the policies of resources."""

from typing import Any

from tests.policies.harness import UNKNOWN, R
from tests.policies.mutate import ABSENT
from tests.policies.spec import Case, Spec, depending, of_type

S = "policy.Statement[0]"
A = "accessPolicies.Statement[0]"
ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/user"
OF_THE_ORGANISATION = {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
OF_THE_ACCOUNT = {"StringEquals": {"kms:CallerAccount": ACCOUNT}}


def grant(action: Any, principal: Any = ABSENT, **more: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*", **more}
    return {key: value for key, value in statement.items() if value is not ABSENT}


def holding(token: str, *statements: dict[str, Any], key: str = "policy", **more: Any) -> R:
    return R(f"aws:{token}", {key: {"Statement": list(statements)}, **more}, "it")


def about_the_public(token: str, action: str, key: str = "policy", **more: Any) -> tuple[Case, ...]:
    """Return cases that hold for every rule about a public principal."""

    def case(verdict: str, name: str, *statements: dict[str, Any]) -> Case:
        return Case(f"{token.rpartition(':')[2]}: {name}", (holding(token, *statements, key=key, **more),), verdict)

    named, anyone = grant(action, {"AWS": ROLE}), grant(action, "*")
    return (
        case("pass", "named", named),
        case("deny", "anyone", anyone),
        case("deny", "anyone as an AWS principal", grant(action, {"AWS": ["*"]})),
        case("deny", "anyone but", grant(action, NotPrincipal={"AWS": ROLE})),
        case("deny", "nobody named", grant(action)),
        case("deny", "anyone, second of two", named, anyone),
        case(
            "deny",
            "anyone if it exists",
            grant(action, "*", Condition={"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}),
        ),
        case("deny", "anyone over TLS", grant(action, "*", Condition={"Bool": {"aws:SecureTransport": "true"}})),
        case(
            "pass",
            "denied to anyone",
            named,
            grant("*", "*", Effect="Deny", Condition={"Bool": {"aws:SecureTransport": "false"}}),
        ),
        case("pass", "taken back", anyone, grant("*", "*", Effect="Deny")),
        case("deny", "another action taken back", anyone, grant("sts:GetCallerIdentity", "*", Effect="Deny")),
        Case(f"{token}: not JSON", (R(f"aws:{token}", {key: "{", **more}),), "deny"),
        Case(f"{token}: unknown", (R(f"aws:{token}", {key: UNKNOWN, **more}),), "unknown"),
    )


NARROWED = grant("sqs:SendMessage", "*", Condition=OF_THE_ORGANISATION)
WHO_ONLY = {
    f"delete {S}.Resource": "the rule is about who, wherever",
    f"flip {S}.Resource": "as above",
}
KEY_GRANT = grant("kms:Decrypt", {"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
QUEUE_GRANT = grant("sqs:SendMessage", {"Service": "events.amazonaws.com"})
SECRET = holding(
    "secretsmanager/secretPolicy:SecretPolicy",
    grant("secretsmanager:GetSecretValue", {"AWS": ROLE}),
    blockPublicPolicy=True,
)
BUS = R("aws:cloudwatch/eventBus:EventBus", {"name": "models"}, "bus")
BUS_POLICY = R(
    "aws:cloudwatch/eventBusPolicy:EventBusPolicy",
    {
        "eventBusName": "models",
        "policy": {"Statement": [grant("events:PutEvents", "*", Condition=OF_THE_ORGANISATION)]},
    },
    "bus-policy",
)
PERMISSION = R(
    "aws:cloudwatch/eventPermission:EventPermission",
    {
        "eventBusName": "models",
        "statementId": "organisation",
        "principal": "*",
        "condition": {"key": "aws:PrincipalOrgID", "type": "StringEquals", "value": "o-a1b2c3d4e5"},
    },
    "permission",
)


def on_the_bus(*statements: dict[str, Any], **more: Any) -> tuple[R, ...]:
    return (BUS_POLICY.with_props({**BUS_POLICY.props, "policy": {"Statement": list(statements)}, **more}), BUS)


def permission(**changes: Any) -> tuple[R, ...]:
    return (PERMISSION.with_props({**PERMISSION.props, **changes}), BUS)


DOMAIN = R(
    "aws:opensearch/domain:Domain",
    {
        "domainName": "search",
        "advancedSecurityOptions": {"enabled": True},
        "accessPolicies": {"Statement": [grant("es:ESHttpGet", {"AWS": ROLE})]},
    },
    "domain",
)

SPECS: dict[str, Spec] = {
    "ACC-13": Spec(
        good=(holding("kms/keyPolicy:KeyPolicy", KEY_GRANT, keyId="k", bypassPolicyLockoutSafetyCheck=False),),
        leaf="policy",
        bad={"Statement": [grant("kms:Decrypt", "*")]},
        flips={f"{S}.Principal.AWS": "*", f"{S}.Effect": "Permit"},
        equivalent={
            **WHO_ONLY,
            f"flip {S}.Action": "the rule is about who, whatever they do",
            "delete bypassPolicyLockoutSafetyCheck": "KMS checks unless it is told not to",
            "delete keyId": "whose policy it is does not matter",
            "flip keyId": "as above",
            "unknown keyId": "as above",
        },
        extra=(
            *about_the_public("kms/keyPolicy:KeyPolicy", "kms:Decrypt"),
            *about_the_public("kms/key:Key", "kms:Decrypt"),
            Case("key without a policy", (of_type("kms/key:Key"),), "pass"),
            Case(
                "anyone of the account",
                (holding("kms/key:Key", grant("kms:*", "*", Condition=OF_THE_ACCOUNT)),),
                "pass",
            ),
            Case(
                "anyone through S3",
                (
                    holding(
                        "kms/key:Key",
                        grant(
                            "kms:Decrypt",
                            "*",
                            Condition={"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}},
                        ),
                    ),
                ),
                "pass",
            ),
            Case(
                "anyone of any account",
                (holding("kms/key:Key", grant("kms:*", "*", Condition={"StringLike": {"kms:CallerAccount": "*"}})),),
                "deny",
            ),
            Case(
                "of the organisation, which is not enough",
                (holding("kms/key:Key", grant("kms:*", "*", Condition=OF_THE_ORGANISATION)),),
                "deny",
            ),
            Case("safety check bypassed", (of_type("kms/key:Key", bypassPolicyLockoutSafetyCheck=True),), "deny"),
            Case("safety check unknown", (of_type("kms/key:Key", bypassPolicyLockoutSafetyCheck=UNKNOWN),), "unknown"),
            Case(
                "taken back from other accounts",
                (
                    holding(
                        "kms/key:Key",
                        grant("kms:*", "*"),
                        grant(
                            "kms:*", "*", Effect="Deny", Condition={"StringNotEquals": {"kms:CallerAccount": ACCOUNT}}
                        ),
                    ),
                ),
                "pass",
            ),
        ),
    ),
    "ACC-14": Spec(
        good=(holding("sqs/queuePolicy:QueuePolicy", QUEUE_GRANT, queueUrl="q"),),
        leaf="policy",
        bad={"Statement": [grant("sqs:SendMessage", "*")]},
        flips={f"{S}.Principal.Service": "*", f"{S}.Effect": "Permit"},
        equivalent={
            **WHO_ONLY,
            f"flip {S}.Action": "one action of a named service is as good as another",
            "delete queueUrl": "whose policy it is does not matter",
            "flip queueUrl": "as above",
            "unknown queueUrl": "as above",
        },
        extra=(
            *(
                case
                for token, action in (
                    ("sqs/queuePolicy:QueuePolicy", "sqs:SendMessage"),
                    ("sqs/queue:Queue", "sqs:SendMessage"),
                    ("sns/topicPolicy:TopicPolicy", "sns:Publish"),
                    ("sns/topic:Topic", "sns:Publish"),
                )
                for case in about_the_public(token, action)
            ),
            Case("queue without a policy", (of_type("sqs/queue:Queue"),), "pass"),
            Case("topic without a policy", (of_type("sns/topic:Topic"),), "pass"),
            Case("of the organisation", (holding("sqs/queue:Queue", NARROWED),), "pass"),
            *(
                Case(
                    f"{name}, {verdict}",
                    (holding("sns/topic:Topic", grant(action, {"AWS": ROLE}, **condition)),),
                    verdict,
                )
                for name, action in (
                    ("every action", "*"),
                    ("every action of it", "SNS:*"),
                    ("every name of it", "sns:?*"),
                )
                for verdict, condition in (("deny", {}), ("pass", {"Condition": OF_THE_ORGANISATION}))
            ),
            Case("some actions", (holding("sns/topic:Topic", grant("sns:Get*", {"AWS": ROLE})),), "pass"),
            Case(
                "all actions but one",
                (holding("sns/topic:Topic", {**grant(ABSENT, {"AWS": ROLE}), "NotAction": "sns:Publish"}),),
                "deny",
            ),
            Case(
                "every action, on a condition that does not narrow",
                (
                    holding(
                        "sns/topic:Topic",
                        grant("sns:*", {"AWS": ROLE}, Condition={"Bool": {"aws:SecureTransport": "true"}}),
                    ),
                ),
                "deny",
            ),
            Case(
                "every action, taken back",
                (holding("sns/topic:Topic", grant("sns:*", {"AWS": ROLE}), grant("sns:*", "*", Effect="Deny")),),
                "pass",
            ),
        ),
    ),
    "ACC-15": Spec(
        good=(SECRET,),
        leaf="policy",
        bad={"Statement": [grant("secretsmanager:GetSecretValue", "*")]},
        flips={f"{S}.Principal.AWS": "*", f"{S}.Effect": "Permit"},
        equivalent={**WHO_ONLY, f"flip {S}.Action": "the rule is about who, whatever they do"},
        extra=(
            *about_the_public(
                "secretsmanager/secretPolicy:SecretPolicy", "secretsmanager:GetSecretValue", blockPublicPolicy=True
            ),
            *about_the_public("ecr/repositoryPolicy:RepositoryPolicy", "ecr:BatchGetImage"),
            Case(
                "of the organisation",
                (
                    holding(
                        "ecr/repositoryPolicy:RepositoryPolicy",
                        grant("ecr:BatchGetImage", "*", Condition=OF_THE_ORGANISATION),
                    ),
                ),
                "pass",
            ),
            *(
                Case(
                    f"blockPublicPolicy {value}",
                    (SECRET.with_props({**SECRET.props, "blockPublicPolicy": value}),),
                    verdict,
                )
                for value, verdict in ((False, "deny"), (None, "deny"), ("true", "deny"), (UNKNOWN, "unknown"))
            ),
        ),
    ),
    "ACC-16": Spec(
        good=(BUS_POLICY, BUS),
        leaf="policy",
        bad={"Statement": [grant("events:PutEvents", "*")]},
        flips={
            f"{S}.Effect": "Permit",
            f"{S}.Condition.StringEquals.aws:PrincipalOrgID": "*",
        },
        equivalent={
            **WHO_ONLY,
            f"flip {S}.Action": "the rule is about who, whatever they do",
            f"delete {S}.Principal": "nobody named is everyone, of the organisation",
        },
        extra=(
            Case("named", on_the_bus(grant("events:PutEvents", {"AWS": ROLE})), "pass"),
            Case("anyone but", on_the_bus(grant("events:PutEvents", NotPrincipal={"AWS": ROLE})), "deny"),
            Case(
                "on another condition",
                on_the_bus(grant("events:PutEvents", "*", Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}})),
                "deny",
            ),
            Case(
                "taken back", on_the_bus(grant("events:PutEvents", "*"), grant("events:*", "*", Effect="Deny")), "pass"
            ),
            Case("no policy", (BUS,), "deny"),
            Case("of another bus", on_the_bus(NARROWED, eventBusName="other"), "deny"),
            Case("the default bus", (BUS.with_props({"name": "default"}),), "pass"),
            Case("a partner's bus", (BUS.with_props({"name": "aws.partner/example.com/x"}),), "pass"),
            Case(
                "name unknown, joined by dependency",
                (
                    depending(eventBusName=BUS)(BUS_POLICY.with_props({**BUS_POLICY.props, "eventBusName": UNKNOWN})),
                    BUS,
                ),
                "pass",
            ),
            Case("name unknown", on_the_bus(NARROWED, eventBusName=UNKNOWN), "unknown"),
            Case("by a permission", permission(), "pass"),
            Case("permission of an account", permission(principal=ACCOUNT, condition=None), "pass"),
            Case("permission for anyone", permission(condition=None), "deny"),
            Case("permission for an unknown account", permission(principal=UNKNOWN, condition=None), "unknown"),
            Case("permission for whom it may be, of the organisation", permission(principal=UNKNOWN), "pass"),
            Case("permission without a principal", permission(principal=None), "deny"),
            *(
                Case(
                    f"permission, {key} {value}",
                    permission(condition={**PERMISSION.props["condition"], key: value}),
                    verdict,
                )
                for key, value, verdict in (
                    ("key", "aws:SourceAccount", "deny"),
                    ("type", "StringNotEquals", "deny"),
                    ("value", "*", "deny"),
                    ("value", UNKNOWN, "unknown"),
                )
            ),
        ),
    ),
    "ACC-19": Spec(
        good=(DOMAIN,),
        leaf="advancedSecurityOptions.enabled",
        bad=False,
        twins={"aws:opensearch/domain:Domain": "aws:elasticsearch/domain:Domain"},
        flips={f"{A}.Principal.AWS": "*", f"{A}.Effect": "Permit"},
        equivalent={
            "delete accessPolicies": "a domain without a policy lets nobody in",
            f"flip {A}.Action": "the rule is about who, whatever they do",
            f"delete {A}.Resource": "as above",
            f"flip {A}.Resource": "as above",
            "delete domainName": "what it is called does not matter",
            "flip domainName": "as above",
            "unknown domainName": "as above",
        },
        extra=(
            *about_the_public("opensearch/domainPolicy:DomainPolicy", "es:*", key="accessPolicies"),
            *about_the_public("elasticsearch/domainPolicy:DomainPolicy", "es:*", key="accessPolicies"),
            *about_the_public(
                "opensearch/domain:Domain", "es:*", key="accessPolicies", advancedSecurityOptions={"enabled": True}
            ),
            Case("without options", (of_type("opensearch/domain:Domain", accessPolicies=""),), "deny"),
            Case(
                "in a list, as the older provider has it",
                (of_type("elasticsearch/domain:Domain", advancedSecurityOptions=[{"enabled": True}]),),
                "pass",
            ),
        ),
    ),
}
