"""As `encryption`, for ACC rules about databases, secrets, clusters and machines."""

from dataclasses import replace
from typing import Any

from tests.policies.harness import UNKNOWN, R
from tests.policies.spec import Case, Spec, depending, of_type

DB = R("aws:rds/instance:Instance", {"publiclyAccessible": False}, "db")
SIGN_IN = R(
    "aws:rds/instance:Instance", {"iamDatabaseAuthenticationEnabled": True, "manageMasterUserPassword": True}, "db"
)
SECRET = R("aws:secretsmanager/secret:Secret", {"name": "token"}, "secret")
ROTATION = R(
    "aws:secretsmanager/secretRotation:SecretRotation",
    {"secretId": "token", "rotationRules": {"automaticallyAfterDays": 30}},
    "rotation",
)
CLUSTER = R(
    "aws:eks/cluster:Cluster",
    {"name": "c", "accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False}},
    "cluster",
)
ADMIN_POLICY = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
VIEW_POLICY = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
ADMINISTRATOR = "arn:aws:iam::111122223333:role/administrator"
ADMINS = {"clusterAdmins": [ADMINISTRATOR, "arn:aws:iam::111122223333:role/break-glass-*"]}
ROLE = R("aws:iam/role:Role", {"name": "administrator"}, "role")
OTHER_ROLE = R("aws:iam/role:Role", {"name": "other"}, "role")
MACHINE = R(
    "aws:ec2/launchTemplate:LaunchTemplate",
    {"metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1}},
    "template",
)


def rotated(**rules: Any) -> tuple[R, ...]:
    return (ROTATION.with_props({**ROTATION.props, "rotationRules": rules}), SECRET)


def tagged(value: Any, key: str = "external-rotation") -> R:
    return SECRET.with_props({"name": "token", "tags": {key: value}})


def association(**changes: Any) -> R:
    props = {"policyArn": ADMIN_POLICY, "principalArn": ADMINISTRATOR, "accessScope": {"type": "cluster"}}
    return R("aws:eks/accessPolicyAssociation:AccessPolicyAssociation", props | changes, "association")


def of_a_role(role: R) -> R:
    return depending(principalArn=role)(association(principalArn=UNKNOWN))


def entry_of(*roles: R) -> R:
    return R("aws:eks/accessEntry:AccessEntry", {"principalArn": UNKNOWN}, "entry", depends={"principalArn": roles})


def of_an_entry(*roles: R) -> R:
    return of_a_role(entry_of(*roles))


def machine(token: str, **props: Any) -> tuple[R, ...]:
    return (of_type(token, **props),)


SPECS: dict[str, Spec] = {
    "ACC-17": Spec(
        good=(DB,),
        leaf="publiclyAccessible",
        bad=True,
        absent="pass",
        equivalent={"delete publiclyAccessible": "private unless it says so, in a subnet group of private subnets"},
        extra=tuple(
            Case(f"{token} {value}", (of_type(token, publiclyAccessible=value),), verdict)
            for token in ("rds/clusterInstance:ClusterInstance", "rds/cluster:Cluster")
            for value, verdict in ((True, "deny"), (False, "pass"), ("true", "deny"), (UNKNOWN, "unknown"))
        ),
    ),
    "ACC-18": Spec(
        good=(SIGN_IN,),
        leaf="manageMasterUserPassword",
        bad=False,
        extra=(
            Case("without IAM", (SIGN_IN.with_props({"manageMasterUserPassword": True}),), "deny"),
            *(
                Case(f"{name} {verdict}", (SIGN_IN.with_props({**SIGN_IN.props, name: value}),), verdict)
                for name in ("password", "passwordWo", "masterPassword", "masterPasswordWo")
                for value, verdict in (("hunter2", "deny"), (UNKNOWN, "unknown"), (None, "pass"))
            ),
            Case(
                "a replica",
                (SIGN_IN.with_props({"iamDatabaseAuthenticationEnabled": True, "replicateSourceDb": "db"}),),
                "pass",
            ),
            Case("a replica without IAM", (SIGN_IN.with_props({"replicateSourceDb": "db"}),), "deny"),
            Case(
                "a replica, perhaps",
                (SIGN_IN.with_props({"iamDatabaseAuthenticationEnabled": True, "replicateSourceDb": UNKNOWN}),),
                "unknown",
            ),
            Case("a cluster", (replace(SIGN_IN, type="aws:rds/cluster:Cluster"),), "pass"),
            Case(
                "a cluster with a password",
                (of_type("rds/cluster:Cluster", **SIGN_IN.props, masterPassword="x"),),
                "deny",
            ),
            Case(
                "a cluster that is a replica",
                (
                    of_type(
                        "rds/cluster:Cluster", iamDatabaseAuthenticationEnabled=True, replicationSourceIdentifier="c"
                    ),
                ),
                "pass",
            ),
        ),
    ),
    "ACC-20": Spec(
        good=(ROTATION, SECRET),
        leaf="rotationRules.automaticallyAfterDays",
        bad=91,
        flips={"rotationRules.automaticallyAfterDays": 365},
        extra=(
            Case("no rotation", (SECRET,), "deny"),
            Case("of another secret", (ROTATION, SECRET.with_props({"name": "other"})), "deny"),
            Case("90 days", rotated(automaticallyAfterDays=90), "pass"),
            Case("as a float", rotated(automaticallyAfterDays=30.0), "pass"),
            Case("never", rotated(automaticallyAfterDays=0), "deny"),
            *(
                Case(schedule, rotated(scheduleExpression=schedule), verdict)
                for schedule, verdict in (
                    ("rate(30 days)", "pass"),
                    ("rate(1 day)", "pass"),
                    ("rate(4 hours)", "pass"),
                    ("rate(2160 hours)", "pass"),
                    ("rate(2161 hours)", "deny"),
                    ("rate(91 days)", "deny"),
                    ("rate(0 days)", "deny"),
                    ("rate(3 months)", "deny"),
                    ("cron(0 4 1 * ? *)", "pass"),
                    ("cron(0 4 ? * SUN *)", "pass"),
                    ("cron(0 4 ? * 1#5 *)", "deny"),
                    ("cron(0 4 1 1/3 ? *)", "deny"),
                    ("cron(0 4 1 * ? 2027)", "deny"),
                    ("soon", "deny"),
                )
            ),
            Case("schedule unknown", rotated(scheduleExpression=UNKNOWN), "unknown"),
            Case(
                "schedule before days", rotated(scheduleExpression="rate(365 days)", automaticallyAfterDays=30), "deny"
            ),
            Case("rotated elsewhere", (tagged("by the issuer"),), "pass"),
            Case(
                "rotated elsewhere, as the provider says",
                (replace(SECRET, default_tags={"external-rotation": "x"}),),
                "pass",
            ),
            Case("not rotated elsewhere", (tagged("false"),), "deny"),
            Case("tag unknown", (tagged(UNKNOWN),), "unknown"),
            Case("tag unknown, and rotated", (ROTATION, tagged(UNKNOWN)), "pass"),
            Case("another tag", (tagged("x", "rotated"),), "deny"),
            Case(
                "another tag, which the settings name",
                (tagged("x", "rotated"),),
                "pass",
                settings={"externalRotationTag": "rotated"},
            ),
            Case("secret unknown", (ROTATION.with_props({**ROTATION.props, "secretId": UNKNOWN}), SECRET), "unknown"),
            Case(
                "joined by dependency",
                (depending(secretId=SECRET)(ROTATION.with_props({**ROTATION.props, "secretId": UNKNOWN})), SECRET),
                "pass",
            ),
            Case(
                "joined by ARN",
                (
                    ROTATION.with_props(
                        {**ROTATION.props, "secretId": "arn:aws:secretsmanager:eu-west-1:1:secret:token-a"}
                    ),
                    replace(SECRET, outputs={"arn": "arn:aws:secretsmanager:eu-west-1:1:secret:token-a"}),
                ),
                "pass",
            ),
        ),
    ),
    "ACC-21": Spec(
        good=(CLUSTER,),
        leaf="accessConfig.authenticationMode",
        bad="API_AND_CONFIG_MAP",
        settings=ADMINS,
        equivalent={
            "delete name": "what it is called does not matter",
            "flip name": "as above",
            "unknown name": "as above",
        },
        extra=(
            Case(
                "creator administers",
                (
                    CLUSTER.with_props(
                        {"accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": True}}
                    ),
                ),
                "deny",
            ),
            Case(
                "creator administers by default",
                (CLUSTER.with_props({"accessConfig": {"authenticationMode": "API"}}),),
                "deny",
            ),
            Case("listed", (association(),), "pass"),
            Case(
                "listed by a pattern",
                (association(principalArn="arn:aws:iam::111122223333:role/break-glass-1"),),
                "pass",
            ),
            Case("not listed", (association(principalArn="arn:aws:iam::111122223333:role/other"),), "deny"),
            Case(
                "of another account",
                (association(principalArn="arn:aws:iam::444455556666:role/administrator"),),
                "deny",
            ),
            Case("nobody is listed", (association(),), "deny", settings={}),
            Case("another policy", (association(policyArn=VIEW_POLICY, principalArn="x"),), "pass"),
            Case(
                "in a namespace",
                (association(accessScope={"type": "namespace", "namespaces": ["a"]}, principalArn="x"),),
                "pass",
            ),
            Case("without a scope", (association(accessScope=None, principalArn="x"),), "deny"),
            Case("without a policy", (association(policyArn=None, principalArn="x"),), "deny"),
            Case("policy unknown", (association(policyArn=UNKNOWN, principalArn="x"),), "unknown"),
            Case("policy unknown, listed", (association(policyArn=UNKNOWN),), "pass"),
            Case("scope unknown", (association(accessScope={"type": UNKNOWN}, principalArn="x"),), "unknown"),
            Case("principal unknown", (association(principalArn=UNKNOWN),), "unknown"),
            Case(
                "principal unknown, another policy", (association(policyArn=VIEW_POLICY, principalArn=UNKNOWN),), "pass"
            ),
            Case("no principal", (association(principalArn=None),), "deny"),
            Case("a listed role of the stack", (of_a_role(ROLE), ROLE), "pass"),
            Case("another role of the stack", (of_a_role(OTHER_ROLE), OTHER_ROLE), "deny"),
            Case("a listed role of the stack, by its entry", (of_an_entry(ROLE), entry_of(ROLE), ROLE), "pass"),
            Case("another role, by its entry", (of_an_entry(OTHER_ROLE), entry_of(OTHER_ROLE), OTHER_ROLE), "deny"),
            Case(
                "a role of an unknown path",
                (of_a_role(role := ROLE.with_props({"name": "administrator", "path": UNKNOWN})), role),
                "unknown",
            ),
            Case("an entry of somebody unknown", (of_an_entry(), entry_of()), "unknown"),
            Case(
                "a role of another path",
                (of_a_role(role := ROLE.with_props({"name": "administrator", "path": "/x/"})), role),
                "deny",
            ),
            Case("a role without a name", (of_a_role(role := ROLE.with_props({"name": UNKNOWN})), role), "unknown"),
            *(
                Case(f"entry of {groups}", (of_type("eks/accessEntry:AccessEntry", kubernetesGroups=groups),), verdict)
                for groups, verdict in (
                    (["team"], "pass"),
                    (["team", "system:masters"], "deny"),
                    ([UNKNOWN], "unknown"),
                    ([3], "deny"),
                    (None, "pass"),
                )
            ),
        ),
    ),
    "ACC-22": Spec(
        good=(MACHINE,),
        leaf="metadataOptions.httpTokens",
        bad="optional",
        flips={"metadataOptions.httpPutResponseHopLimit": 2},
        equivalent={"delete metadataOptions.httpPutResponseHopLimit": "EC2's default is 1"},
        extra=(
            Case("no options", machine("ec2/launchTemplate:LaunchTemplate"), "deny"),
            Case("an instance without options", machine("ec2/instance:Instance"), "deny"),
            Case("an instance of a template", machine("ec2/instance:Instance", launchTemplate={"id": "lt-1"}), "pass"),
            Case("an instance of a template to come", machine("ec2/instance:Instance", launchTemplate=UNKNOWN), "pass"),
            Case(
                "an instance that overrides its template",
                machine(
                    "ec2/instance:Instance", launchTemplate={"id": "lt-1"}, metadataOptions={"httpTokens": "optional"}
                ),
                "deny",
            ),
            *(
                Case(
                    f"{token} {tokens} {hops}",
                    machine(token, metadataOptions={"httpTokens": tokens, "httpPutResponseHopLimit": hops}),
                    verdict,
                )
                for token in ("ec2/instance:Instance", "ec2/launchConfiguration:LaunchConfiguration")
                for tokens, hops, verdict in (
                    ("required", 1, "pass"),
                    ("required", None, "pass"),
                    ("required", 2, "deny"),
                    ("optional", 1, "deny"),
                    (UNKNOWN, 1, "unknown"),
                    ("required", UNKNOWN, "unknown"),
                )
            ),
            Case(
                "hops as text",
                machine(
                    "ec2/instance:Instance", metadataOptions={"httpTokens": "required", "httpPutResponseHopLimit": "1"}
                ),
                "deny",
            ),
        ),
    ),
}
