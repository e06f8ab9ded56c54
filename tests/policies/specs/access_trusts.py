"""As `encryption`, for ACC rules about trust policies, attachments and users."""

from typing import Any

from tests.policies.harness import UNKNOWN, R
from tests.policies.mutate import ABSENT
from tests.policies.spec import Case, Spec, depending, of_type

T = "assumeRolePolicy.Statement[0]"

ISSUER = "oidc.eks.eu-west-1.amazonaws.com/id/ABC"
SUB = "system:serviceaccount:training:trainer"


def role(**statement: Any) -> R:
    base = {"Effect": "Allow", "Action": "sts:AssumeRole", **statement}
    kept = {key: value for key, value in base.items() if value is not ABSENT}
    return R("aws:iam/role:Role", {"assumeRolePolicy": {"Statement": [kept]}}, "role")


def service(condition: Any, name: str = "vpc-flow-logs.amazonaws.com") -> R:
    return role(Principal={"Service": name}, Condition=condition)


def federated(condition: Any, provider: str = f"arn:aws:iam::111122223333:oidc-provider/{ISSUER}") -> R:
    return role(Action="sts:AssumeRoleWithWebIdentity", Principal={"Federated": provider}, Condition=condition)


def trust(*statements: dict[str, Any]) -> tuple[R, ...]:
    return (R("aws:iam/role:Role", {"assumeRolePolicy": {"Statement": list(statements)}}, "role"),)


ANYONE = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}
UNPINNED = {
    "Action": "sts:AssumeRoleWithWebIdentity",
    "Principal": {"Federated": f"arn:aws:iam::1:oidc-provider/{ISSUER}"},
}
ACCOUNT = {"StringEquals": {"aws:SourceAccount": "111122223333"}}
PINNED = {"StringEquals": {f"{ISSUER}:sub": SUB, f"{ISSUER}:aud": "sts.amazonaws.com"}}
CONDITION = f"{T}.Condition.StringEquals"
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
OWN = "arn:aws:iam::111122223333:policy/own"
ATTACHED = R("aws:iam/rolePolicyAttachment:RolePolicyAttachment", {"role": "r", "policyArn": OWN}, "attachment")

SPECS: dict[str, Spec] = {
    "ACC-05": Spec(
        good=(service(ACCOUNT),),
        leaf="assumeRolePolicy",
        bad={
            "Statement": [
                {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "vpc-flow-logs.amazonaws.com"}}
            ]
        },
        flips={f"{T}.Effect": "Permit", f"{T}.Principal.Service": ABSENT, f"{CONDITION}.aws:SourceAccount": "*"},
        equivalent={f"flip {T}.Action": "the rule is about who, whatever the kind of assumption"},
        extra=(
            Case("anyone", (role(Principal="*"),), "deny"),
            Case("any AWS principal", (role(Principal={"AWS": ["arn:aws:iam::1:root", "*"]}),), "deny"),
            Case("anyone on a condition", (role(Principal={"AWS": "*"}, Condition=ACCOUNT),), "deny"),
            Case("anyone but", (role(NotPrincipal={"AWS": "arn:aws:iam::1:root"}),), "deny"),
            Case("no principal", (role(),), "deny"),
            Case("an account", (role(Principal={"AWS": "arn:aws:iam::111122223333:root"}),), "pass"),
            Case(
                "by ARN",
                (service({"ArnLike": {"AWS:sourcearn": "arn:aws:ec2:*:111122223333:vpc-flow-log/*"}}),),
                "pass",
            ),
            Case("if it exists", (service({"StringEqualsIfExists": {"aws:SourceAccount": "111122223333"}}),), "deny"),
            Case("not another", (service({"StringNotEquals": {"aws:SourceAccount": "111122223333"}}),), "deny"),
            Case("any ARN", (service({"ArnLike": {"aws:SourceArn": "*"}}),), "deny"),
            Case(
                "one account, and any",
                (service({"StringEquals": {"aws:SourceAccount": ["111122223333", "*"]}}),),
                "deny",
            ),
            Case("any account of twelve digits", (service({"StringLike": {"aws:SourceAccount": "?" * 12}}),), "deny"),
            Case("exempt", (service({}, "ec2.amazonaws.com"),), "pass"),
            Case("CloudTrail, which sends no source", (service({}, "cloudtrail.amazonaws.com"),), "pass"),
            Case(
                "one of two exempt",
                (role(Principal={"Service": ["ec2.amazonaws.com", "lambda.amazonaws.com"]}),),
                "deny",
            ),
            Case("denied to anyone", (role(Effect="Deny", Principal="*"),), "pass"),
            Case("anyone, taken back", trust(ANYONE, ANYONE | {"Effect": "Deny"}), "pass"),
            Case(
                "anyone, taken back but for one account",
                trust(ANYONE, {"Effect": "Deny", "NotPrincipal": {"AWS": "111122223333"}, "Action": "sts:*"}),
                "pass",
            ),
            Case(
                "anyone, another action taken back",
                trust(ANYONE, ANYONE | {"Effect": "Deny", "Action": "sts:TagSession"}),
                "deny",
            ),
            Case("anyone but everyone", (role(NotPrincipal="*"),), "pass"),
            Case("any account's role", (role(Principal={"AWS": "arn:aws:iam::*:role/x"}),), "deny"),
            Case(
                "the flow logs of any account",
                (service({"ArnLike": {"aws:SourceArn": "arn:aws:ec2:*:*:vpc-flow-log/*"}}),),
                "deny",
            ),
            Case(
                "a service, taken back for other accounts",
                trust(
                    of_a_service := {
                        "Effect": "Allow",
                        "Action": "sts:AssumeRole",
                        "Principal": {"Service": "lambda.amazonaws.com"},
                    },
                    of_a_service
                    | {"Effect": "Deny", "Condition": {"StringNotEquals": {"aws:SourceAccount": "111122223333"}}},
                ),
                "pass",
            ),
            Case(
                "a service, taken back for some other account",
                trust(
                    of_a_service,
                    of_a_service
                    | {"Effect": "Deny", "Condition": {"StringEquals": {"aws:SourceAccount": "444455556666"}}},
                ),
                "deny",
            ),
        ),
    ),
    "ACC-06": Spec(
        good=(federated(PINNED),),
        leaf="assumeRolePolicy",
        bad={
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": "sts:AssumeRoleWithWebIdentity",
                    "Principal": {"Federated": f"arn:aws:iam::1:oidc-provider/{ISSUER}"},
                }
            ]
        },
        flips={
            f"{T}.Effect": "Permit",
            f'{CONDITION}["{ISSUER}:sub"]': "system:serviceaccount:*:trainer",
            f'{CONDITION}["{ISSUER}:aud"]': "*",
            f"{T}.Principal.Federated": "arn:aws:iam::111122223333:oidc-provider/another.example.com",
        },
        equivalent={
            f"flip {T}.Action": "a federated principal can be trusted for this action only",
        },
        extra=(
            Case(
                "like, without wildcards",
                (
                    federated(
                        {"StringLike": {f"{ISSUER}:sub": SUB}, "StringEquals": {f"{ISSUER}:aud": "sts.amazonaws.com"}}
                    ),
                ),
                "pass",
            ),
            Case(
                "any branch of a repository",
                (
                    federated(
                        {
                            "StringLike": {f"{ISSUER}:sub": "repo:org/app:*"},
                            "StringEquals": {f"{ISSUER}:aud": "sts.amazonaws.com"},
                        }
                    ),
                ),
                "deny",
            ),
            Case(
                "one exact, one not",
                (
                    federated(
                        {"StringEquals": {f"{ISSUER}:sub": [SUB, "repo:*"], f"{ISSUER}:aud": "sts.amazonaws.com"}}
                    ),
                ),
                "deny",
            ),
            Case(
                "no values",
                (federated({"StringEquals": {f"{ISSUER}:sub": [], f"{ISSUER}:aud": "sts.amazonaws.com"}}),),
                "deny",
            ),
            Case(
                "another issuer's claims",
                (federated(PINNED, "arn:aws:iam::1:oidc-provider/token.actions.githubusercontent.com"),),
                "deny",
            ),
            Case("if it exists", (federated({"StringEqualsIfExists": PINNED["StringEquals"]}),), "deny"),
            Case("for all values", (federated({"ForAllValues:StringEquals": PINNED["StringEquals"]}),), "deny"),
            Case(
                "not pinned, taken back",
                trust(of_the_issuer := {**UNPINNED, "Effect": "Allow"}, of_the_issuer | {"Effect": "Deny"}),
                "pass",
            ),
            Case("SAML", (federated({}, "arn:aws:iam::1:saml-provider/corp"),), "pass"),
            Case("a service", (service({}),), "pass"),
        ),
    ),
    "ACC-07": Spec(
        good=(ATTACHED,),
        leaf="policyArn",
        bad=ADMIN,
        absent="pass",
        flips={"policyArn": ADMIN},
        equivalent={
            "delete policyArn": "nothing is attached",
            "delete role": "to whom it is attached does not matter",
            "flip role": "as above",
            "unknown role": "as above",
        },
        extra=(
            Case(
                "of a group",
                (
                    of_type(
                        "iam/groupPolicyAttachment:GroupPolicyAttachment",
                        policyArn="arn:aws:iam::aws:policy/IAMFullAccess",
                    ),
                ),
                "deny",
            ),
            Case(
                "another partition",
                (
                    of_type(
                        "iam/policyAttachment:PolicyAttachment", policyArn="arn:aws-cn:iam::aws:policy/PowerUserAccess"
                    ),
                ),
                "deny",
            ),
            Case("by the role", (of_type("iam/role:Role", managedPolicyArns=[OWN, ADMIN]),), "deny"),
            Case("by the role, unknown", (of_type("iam/role:Role", managedPolicyArns=[UNKNOWN]),), "unknown"),
            Case(
                "exclusive",
                (of_type("iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive", policyArns=[ADMIN]),),
                "deny",
            ),
            Case(
                "permission set",
                (of_type("ssoadmin/managedPolicyAttachment:ManagedPolicyAttachment", managedPolicyArn=ADMIN),),
                "deny",
            ),
            Case(
                "own policy of this name",
                (of_type("iam/role:Role", managedPolicyArns=["arn:aws:iam::1:policy/AdministratorAccess"]),),
                "pass",
            ),
            Case(
                "unknown, of this stack",
                (
                    depending(policyArn=R("aws:iam/policy:Policy", {}, "own"))(
                        ATTACHED.with_props({"policyArn": UNKNOWN})
                    ),
                ),
                "pass",
            ),
        ),
    ),
    "ACC-08": Spec(
        good=(R("aws:iam/policyAttachment:PolicyAttachment", {"users": [], "policyArn": OWN}),),
        leaf="users",
        bad=["someone"],
        absent="pass",
        equivalent={
            "delete policyArn": "what is attached does not matter: ACC-07 is about that",
            "flip policyArn": "as above",
            "unknown policyArn": "as above",
        },
        extra=tuple(
            Case(f"any {token}", (of_type(token),), "deny")
            for token in (
                "iam/user:User",
                "iam/accessKey:AccessKey",
                "iam/userPolicy:UserPolicy",
                "iam/userPolicyAttachment:UserPolicyAttachment",
            )
        ),
    ),
}
