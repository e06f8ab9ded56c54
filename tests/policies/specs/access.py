"""As `encryption`, for ACC."""

from typing import Any

from tests.policies.harness import UNKNOWN, R
from tests.policies.mutate import ABSENT
from tests.policies.spec import KEY_ARN, Case, Spec, depending, of_type

S = "policy.Statement[0]"
T = "assumeRolePolicy.Statement[0]"


def policy(*statements: dict[str, Any], kind: str = "iam/policy:Policy") -> R:
    return R(f"aws:{kind}", {"policy": {"Statement": list(statements)}}, "policy")


def grant(action: Any = "s3:GetObject", resource: Any = "arn:aws:s3:::data/*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def refuse(action: Any = ABSENT, resource: Any = "*", **more: Any) -> dict[str, Any]:
    statement = {"Effect": "Deny", "Action": action, "Resource": resource, **more}
    return {key: value for key, value in statement.items() if value is not ABSENT}


def everywhere(rule_bad: dict[str, Any]) -> tuple[Case, ...]:
    """Return cases that hold for every rule about identity policies: the places where such a policy is written."""
    inline = {"inlinePolicies": [{"name": "x", "policy": {"Statement": [rule_bad]}}]}
    return (
        *(
            Case(f"in {token}", (policy(rule_bad, kind=token),), "deny")
            for token in ("iam/rolePolicy:RolePolicy", "iam/userPolicy:UserPolicy", "iam/groupPolicy:GroupPolicy")
        ),
        Case("inline of a role", (R("aws:iam/role:Role", inline),), "deny"),
        Case("inline of a role, unknown", (R("aws:iam/role:Role", {"inlinePolicies": UNKNOWN}),), "unknown"),
        Case("role without inline policies", (R("aws:iam/role:Role", {}),), "pass"),
        Case(
            "permission set",
            (
                R(
                    "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy",
                    {"inlinePolicy": {"Statement": rule_bad}},
                ),
            ),
            "deny",
        ),
        Case("statement as object", (R("aws:iam/policy:Policy", {"policy": {"Statement": rule_bad}}),), "deny"),
        Case("second statement", (policy(grant(), rule_bad),), "deny"),
        Case("deny statement", (policy(rule_bad | {"Effect": "Deny"}),), "pass"),
        Case("taken back", (policy(rule_bad, refuse("*")),), "pass"),
        Case("taken back by the same words", (policy(rule_bad | {"Effect": "Deny"}, rule_bad),), "pass"),
        Case(
            "taken back but for what is not allowed",
            (policy(rule_bad, refuse(NotAction="none:Such")),),
            "pass" if "NotAction" not in rule_bad and rule_bad["Action"] != "*" else "deny",
        ),
        Case("taken back on one resource", (policy(rule_bad, refuse("*", "arn:aws:s3:::x")),), "deny"),
        Case(
            "taken back on a condition",
            (policy(rule_bad, refuse("*", Condition={"Bool": {"aws:MultiFactorAuthPresent": "false"}})),),
            "deny",
        ),
        Case("another action taken back", (policy(rule_bad, refuse("sts:GetSessionToken")),), "deny"),
        Case("not JSON", (R("aws:iam/policy:Policy", {"policy": "{"}),), "deny"),
        Case("no statements", (R("aws:iam/policy:Policy", {"policy": "{}"}),), "deny"),
        Case("misspelt element", (policy({"effect": "Allow", "action": "*", "resource": "*"}),), "deny"),
    )


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
    "ACC-01": Spec(
        good=(policy(grant("s3:GetObject", "*")),),
        leaf="policy",
        bad={"Statement": [grant("*", "*")]},
        flips={f"{S}.Action": "*", f"{S}.Effect": "Permit"},
        excused={
            f"delete {S}.Resource": "a statement without Resource counts as *, which this action is on already",
            f"flip {S}.Resource": "narrower than the good one",
        },
        extra=(
            *everywhere(grant("*", "*")),
            Case("action on one resource", (policy(grant("*", "arn:aws:s3:::data")),), "pass"),
            Case("NotAction", (policy({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}),), "deny"),
            Case("NotResource", (policy({"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::x"}),), "deny"),
            Case("no Resource", (policy({"Effect": "Allow", "Action": "*"}),), "deny"),
            Case("spelt in full", (policy(grant(["s3:GetObject", "*:*"], "arn:aws:*:*:*:*")),), "deny"),
            Case("every name, by another wildcard", (policy(grant("?*", "*")),), "deny"),
            Case(
                "NotAction, taken back",
                (
                    policy(
                        {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"},
                        refuse(NotAction=["iam:List*", "iam:GetRole"]),
                    ),
                ),
                "pass",
            ),
            Case(
                "NotAction, taken back but for more",
                (policy({"Effect": "Allow", "NotAction": "iam:List*", "Resource": "*"}, refuse(NotAction="iam:*")),),
                "deny",
            ),
            Case("one service", (policy(grant("s3:*", "*")),), "pass"),
        ),
    ),
    "ACC-02": Spec(
        good=(policy(grant("s3:GetObject", "*")),),
        leaf="policy",
        bad={"Statement": [grant(["iam:PassRole", "ec2:RunInstances"], "*")]},
        flips={f"{S}.Action": "iam:AttachRolePolicy", f"{S}.Effect": "Permit"},
        excused={
            f"delete {S}.Resource": "a statement without Resource counts as *, which this action is on already",
            f"flip {S}.Resource": "narrower than the good one",
        },
        extra=(
            *everywhere(grant("iam:CreatePolicyVersion", "*")),
            Case("PassRole alone", (policy(grant("iam:PassRole", "*")),), "pass"),
            Case(
                "one of the set taken back",
                (policy(grant(["iam:PassRole", "ec2:RunInstances"], "*"), refuse("iam:Pass*")),),
                "pass",
            ),
            Case(
                "one of many ways taken back", (policy(grant("iam:*", "*"), refuse("iam:CreatePolicyVersion")),), "deny"
            ),
            Case(
                "PassRole of one role",
                (policy(grant("iam:PassRole", "arn:aws:iam::1:role/x"), grant("ec2:RunInstances", "*")),),
                "pass",
            ),
            Case(
                "spread over statements",
                (policy(grant("iam:PassRole", "*"), grant("lambda:CreateFunction", "*")),),
                "deny",
            ),
            Case("by wildcard, in another case", (policy(grant("IAM:attach*", "*")),), "deny"),
            Case("by NotAction", (policy({"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}),), "deny"),
            Case(
                "NotAction without IAM",
                (
                    policy(
                        {
                            "Effect": "Allow",
                            "NotAction": [
                                "iam:*",
                                "lambda:*",
                                "ssm:*",
                                "codebuild:*",
                                "sagemaker:*",
                                "ec2-instance-connect:*",
                            ],
                            "Resource": "*",
                        }
                    ),
                ),
                "pass",
            ),
        ),
    ),
    "ACC-03": Spec(
        good=(policy(grant()),),
        leaf="policy",
        bad={"Statement": [grant("s3:*")]},
        flips={f"{S}.Action": "s3:*", f"{S}.Resource": "*", f"{S}.Effect": "Permit"},
        extra=(
            *everywhere(grant("kms:*")),
            Case(
                "write on one resource and on everything",
                (policy(grant("s3:PutObject", ["arn:aws:s3:::x", "*"])),),
                "deny",
            ),
            Case("write on everything", (policy(grant("s3:PutObject", "*")),), "deny"),
            Case("data on everything", (policy(grant("s3:GetObject", "*")),), "deny"),
            Case(
                "reads on everything",
                (policy(grant(["ec2:DescribeVpcs", "s3:ListAllMyBuckets", "ecr:GetAuthorizationToken"], "*")),),
                "pass",
            ),
            Case("a wildcard that is more than reads", (policy(grant("s3:L*", "*")),), "deny"),
            Case("a wildcard of reads", (policy(grant("ec2:Describe*", "*")),), "pass"),
            Case("a wildcard within a service", (policy(grant("s3:Get*")),), "pass"),
            Case("a wildcard of services", (policy(grant("s*:GetObject")),), "deny"),
            Case("every name", (policy(grant("s3:?*")),), "deny"),
            Case(
                "NotAction", (policy({"Effect": "Allow", "NotAction": "iam:*", "Resource": "arn:aws:s3:::x"}),), "deny"
            ),
        ),
    ),
    "ACC-04": Spec(
        good=(policy(grant("kms:Decrypt", KEY_ARN)),),
        leaf="policy",
        bad={"Statement": [grant("kms:Decrypt", "*")]},
        flips={
            f"{S}.Action": "kms:*",
            f"{S}.Resource": "arn:aws:kms:eu-west-1:111122223333:key/*",
            f"{S}.Effect": "Permit",
        },
        excused={f"flip {S}.Action": "every action of one key is not every key: ACC-03 sees it"},
        extra=(
            *everywhere(grant("kms:ReEncryptFrom", "*")),
            Case("by wildcard", (policy(grant("kms:D*", "*")),), "deny"),
            Case(
                "taken back with every key",
                (policy(grant("kms:*", "*"), refuse(["kms:Decrypt", "kms:ReEncrypt*"], "arn:aws:kms:*:*:key/*")),),
                "pass",
            ),
            Case(
                "taken back with some",
                (policy(grant("kms:*", "*"), refuse("kms:*", "arn:aws:kms:*:*:key/mrk-*")),),
                "deny",
            ),
            Case("one of two taken back", (policy(grant("kms:*", "*"), refuse("kms:Decrypt")),), "deny"),
            Case("all keys of everyone", (policy(grant("kms:Decrypt", "arn:aws:kms:*:*:key/*")),), "deny"),
            Case(
                "all keys of some regions",
                (policy(grant("kms:Decrypt", "arn:aws:kms:eu-?est-*:111122223333:key/*")),),
                "deny",
            ),
            Case("some keys", (policy(grant("kms:Decrypt", "arn:aws:kms:*:*:key/mrk-*")),), "pass"),
            Case("all of KMS", (policy(grant("kms:Decrypt", "arn:aws:kms:eu-west-1:111122223333:*")),), "deny"),
            Case("an alias", (policy(grant("kms:Decrypt", "arn:aws:kms:eu-west-1:111122223333:alias/*")),), "pass"),
            Case("another action on all keys", (policy(grant("kms:DescribeKey", "*")),), "pass"),
            Case(
                "all but one", (policy({"Effect": "Allow", "Action": "kms:Decrypt", "NotResource": KEY_ARN}),), "deny"
            ),
            Case(
                "only through S3",
                (
                    policy(
                        grant(
                            "kms:Decrypt",
                            "*",
                            Condition={"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}},
                        )
                    ),
                ),
                "deny",
            ),
        ),
    ),
    "ACC-05": Spec(
        good=(service(ACCOUNT),),
        leaf="assumeRolePolicy",
        bad={
            "Statement": [
                {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "vpc-flow-logs.amazonaws.com"}}
            ]
        },
        flips={f"{T}.Effect": "Permit", f"{T}.Principal.Service": ABSENT, f"{CONDITION}.aws:SourceAccount": "*"},
        excused={f"flip {T}.Action": "the rule is about who, whatever the kind of assumption"},
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
        },
        excused={
            f"flip {T}.Action": "a federated principal can be trusted for this action only",
            f"flip {T}.Principal.Federated": "another issuer: its own claims are not pinned, so it is denied as well",
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
        excused={
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
        excused={
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
