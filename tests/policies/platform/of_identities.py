"""Reasons about documents, trusts and bindings."""

from typing import Final

from tests.policies.platform.conditions import (
    narrow_for_anyone,
    reads_only,
    still_narrow,
    tls_stays,
)
from tests.policies.platform.uncovered import EQUIVALENT as _E
from tests.policies.platform.uncovered import OUTSIDE as _O
from tests.policies.platform.uncovered import READING as _R
from tests.policies.platform.uncovered import Uncovered

_TRUST = "assumeRolePolicy"
IDENTITIES: Final = (
    Uncovered("a stranger *", "iam/role:Role", _TRUST, _O,
              "ACC-05 and ACC-06 ask whether it is anyone, not which account",
              ),
    Uncovered("a stranger *", "kms/key:Key", "policy", _O, "ACC-13 is about principals that are anyone"),
    Uncovered("every action*", "iam/role:Role", _TRUST, _E,
              "a trust policy allows sts actions only, whatever it lists"),
    Uncovered("every action*", "kms/key:Key", "policy", _O, "ACC-13 is about who may use a key, not for what"),
    Uncovered("every action*", "s3/bucketPolicy:BucketPolicy", "policy", _O,
              "ACC-12 is about who reaches a bucket, not for what"),
    Uncovered("every action*", "ec2/vpcEndpoint:VpcEndpoint", "policy", _O, "no rule is about policies of endpoints"),
    Uncovered("every resource*", "s3/bucketPolicy:BucketPolicy", "policy", _E,
              "a bucket policy is about its own bucket only"),
    Uncovered("every resource*", "ec2/vpcEndpoint:VpcEndpoint", "policy", _O, "no rule is about policies of endpoints"),
    Uncovered("every resource*", "iam/*", "policy", _R,
              "ACC-03 lets List*, Describe* and the listed reads be on every resource", reads_only),
    Uncovered("every principal*", "s3/bucketPolicy:BucketPolicy", "policy", _R,
              "a condition on account or source narrows it", still_narrow),
    Uncovered("every action*", "sns/topic:Topic", "policy", _R,
              "ACC-14 asks of a wildcard that a condition narrows it", still_narrow),
    Uncovered("every resource*", "sns/topic:Topic", "policy", _E, "a topic's policy is about its own topic only"),
    Uncovered("every principal*", "sns/topic:Topic", "policy", _R,
              "a condition on account or source narrows it", still_narrow),
    Uncovered("a stranger*", "sns/topic:Topic", "policy", _O, "ACC-14 is about principals that are anyone"),
    Uncovered("condition *", "sns/topic:Topic", "policy", _O,
              "ACC-14 is about principals that are anyone; a service without its source is not", narrow_for_anyone),
    Uncovered("condition *", "iam/policy:Policy", "policy", _R,
              "ACC-01 to ACC-04 judge the resource; conditions excuse nothing and are not asked for"),
    Uncovered("condition *", "iam/rolePolicy:RolePolicy", "policy", _R,
              "ACC-01 to ACC-04 judge the resource; conditions excuse nothing and are not asked for"),
    Uncovered("condition *", "iam/role:Role", _TRUST, _R, "another condition still pins the source", still_narrow),
    Uncovered("condition *", "kms/key:Key", "policy", _R,
              "another condition narrows what is for anyone, as ACC-13 takes it", narrow_for_anyone),
    Uncovered("condition *", "s3/bucketPolicy:BucketPolicy", "policy", _O,
              "ACC-12 is about principals that are anyone; a service without its source is not"),
    Uncovered("condition *", "ec2/vpcEndpoint:VpcEndpoint", "policy", _O, "no rule is about policies of endpoints"),
    Uncovered("denial *", "s3/bucketPolicy:BucketPolicy", "policy", _O,
              "which key an upload may choose is no rule's matter; the denial of plain HTTP is", tls_stays),
    Uncovered("denial *", "secretsmanager/secretPolicy:SecretPolicy", "policy", _R,
              "ACC-15 is about what a policy gives; these give nothing"),
    Uncovered("denial *", "sqs/queue:Queue", "policy", _R, "ACC-14 is about what a policy gives; these give nothing"),
    Uncovered("denial *", "sns/topic:Topic", "policy", _R, "ACC-14 is about what a policy gives; these give nothing"),
    Uncovered("denial *", "iam/policy:Policy", "policy", _R, "a Deny takes nothing back, so none is asked for"),
    Uncovered("boundary removed", "iam/role:Role", "permissionsBoundary", _O,
              "no rule asks for a permissions boundary"),
    Uncovered("part removed", "kms/key:Key", "policy", _E,
              "KMS then gives the account the key, as the catalogue allows"),
    Uncovered("part removed", "ec2/vpcEndpoint:VpcEndpoint", "policy", _O, "no rule is about policies of endpoints"),
    Uncovered("everybody bound", "rbac.authorization.k8s.io/v1:*", "subjects*", _O,
              "ACC-25 names anonymous, unauthenticated and masters; system:authenticated is none of them"),
)  # fmt: skip
