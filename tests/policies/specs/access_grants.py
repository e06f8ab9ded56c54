"""As `encryption`, for ACC rules about identity policies."""

from typing import Any

from tests.policies.harness import UNKNOWN, R
from tests.policies.mutate import ABSENT
from tests.policies.spec import KEY_ARN, Case, Spec

S = "policy.Statement[0]"


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


SPECS: dict[str, Spec] = {
    "ACC-01": Spec(
        good=(policy(grant("s3:GetObject", "*")),),
        leaf="policy",
        bad={"Statement": [grant("*", "*")]},
        flips={f"{S}.Action": "*", f"{S}.Effect": "Permit"},
        equivalent={
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
        equivalent={
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
        equivalent={f"flip {S}.Action": "every action of one key is not every key: ACC-03 sees it"},
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
}
