"""Reasons about tags and what keeps data."""

from typing import Final

from tests.policies.platform.conditions import (
    is_another_parameter,
    is_not_confidential,
)
from tests.policies.platform.uncovered import EQUIVALENT as _E
from tests.policies.platform.uncovered import OUTSIDE as _O
from tests.policies.platform.uncovered import READING as _R
from tests.policies.platform.uncovered import Uncovered

STORES: Final = (
    Uncovered("default tag removed", "*", "provider.defaultTags.data-classification", _E,
              "the resource has a tag of its own"),
    Uncovered("tag removed", "*", 'tags["Name"]', _O, "no rule asks for a name"),
    Uncovered("tag removed", "*", 'tags["kubernetes.io/role/*"]', _O,
              "for load balancers to find subnets; it guards nothing"),
    Uncovered("tag removed", "*", 'tags["key-access-*"]', _E, "the role may then do less with the key"),
    Uncovered("tag removed", "*", 'tags["data-classification"]', _R,
              "the provider's default class, confidential, takes its place"),
    Uncovered("key *", "rds/instance:Instance", "performanceInsightsKmsKeyId", _O, "ENC-04 reads the storage's key"),
    Uncovered("key *", "rds/instance:Instance", "masterUserSecretKmsKeyId", _O,
              "ENC-13 is about secrets that the program declares"),
    Uncovered("key *", "kinesis/firehoseDeliveryStream:FirehoseDeliveryStream", "serverSideEncryption.keyArn", _O,
              "no rule is about delivery streams"),
    Uncovered("key *", "s3/bucketReplicationConfig:BucketReplicationConfig", "*", _O, "no rule is about replication"),
    Uncovered("key *", "ecr/repository:Repository", "encryptionConfigurations[0].kmsKey", _R,
              "ENC-10 asks for KMS, not for a key of one's own"),
    Uncovered("key of AWS", "eks/cluster:Cluster", "*keyArn", _R, "ENC-09 asks that the key is set"),
    Uncovered("key of AWS", "storage.k8s.io/v1:StorageClass", "*kmsKeyId", _R, "ENC-25 asks that the key is set"),
    Uncovered("key of AWS", "cloudwatch/logGroup:LogGroup", "kmsKeyId", _R,
              "below confidential a key of AWS counts as set", is_not_confidential),
    Uncovered("guard removed", "s3/bucketOwnershipControls:BucketOwnershipControls", "", _E,
              "S3's own default is BucketOwnerEnforced"),
    Uncovered("guard removed", "s3/bucketVersioning:BucketVersioning", "", _R,
              "RES-01 and MLG-02 ask it of data, models and what is confidential", is_not_confidential),
    Uncovered("versioning off", "s3/bucketVersioning:BucketVersioning", "*", _R,
              "RES-01 and MLG-02 ask it of data, models and what is confidential", is_not_confidential),
    Uncovered("guard removed", "s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration", "", _R,
              "RES-01 takes objectLockEnabled of the bucket for object lock"),
    Uncovered("part removed", "s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration", "rule", _R,
              "RES-01 takes objectLockEnabled of the bucket for object lock"),
    Uncovered("switch*", "s3/bucket:Bucket", "objectLockEnabled", _R,
              "RES-01 takes the lock configuration for object lock"),
    Uncovered("retention cut", "s3/bucketLifecycleConfiguration:*", "*daysAfterInitiation", _R,
              "RES-02 asks that uploads are aborted, not when"),
    Uncovered("switch removed", "rds/instance:Instance", "autoMinorVersionUpgrade", _E, "true by default"),
    Uncovered("switch*", "rds/instance:Instance", "performanceInsightsEnabled", _O, "no rule asks for insights"),
    Uncovered("switched on", "rds/instance:Instance", "allowMajorVersionUpgrade", _O,
              "no rule is about major upgrades"),
    Uncovered("switched on", "rds/instance:Instance", "applyImmediately", _O, "no rule is about maintenance windows"),
    Uncovered("switched on", "rds/instance:Instance", "deleteAutomatedBackups", _O,
              "RES-03 reads retention, tags and the last snapshot"),
    Uncovered("part removed", "rds/instance:Instance", "databaseInsightsMode", _O, "no rule asks for insights"),
    Uncovered("part removed", "rds/instance:Instance", "monitoringInterval", _O,
              "no rule asks for enhanced monitoring"),
    Uncovered("part removed", "rds/instance:Instance", "vpcSecurityGroupIds", _O,
              "the default group is closed by NET-03, so the database is out of reach"),
    Uncovered("parameter off", "rds/parameterGroup:ParameterGroup", "*", _O,
              "ENC-06 reads rds.force_ssl; what is logged is no rule's matter",
              is_another_parameter),
    Uncovered("log narrowed", "rds/instance:Instance", "enabledCloudwatchLogsExports*", _R,
              "LOG-07 asks that logs are exported, not which"),
)  # fmt: skip
