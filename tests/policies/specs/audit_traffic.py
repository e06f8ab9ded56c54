"""As `encryption`, for LOG-03 and LOG-04."""

from dataclasses import replace

from tests.policies.harness import UNKNOWN, R
from tests.policies.spec import Case, Spec, depending, edit, of_type, swap

BUCKET = R("aws:s3/bucket:Bucket", {"bucket": "data"}, "bucket")
LOGS = R("aws:s3/bucket:Bucket", {"bucket": "logs"}, "logs")
LOGGING = R("aws:s3/bucketLogging:BucketLogging", {"bucket": "data", "targetBucket": "logs"}, "logging")
LOGGED = (LOGGING, BUCKET, LOGS)
NAMELESS = replace(BUCKET, props={"bucket": UNKNOWN})
INLINE = BUCKET.with_props({"bucket": "data", "logging": {"targetBucket": "logs"}})
VPC = R("aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16"}, "vpc", outputs={"id": "vpc-1"})
FLOW = R("aws:ec2/flowLog:FlowLog", {"vpcId": "vpc-1", "trafficType": "ALL"}, "flow")
RECORDED = (FLOW, VPC)
ACCEPTED = FLOW.with_props({"vpcId": "vpc-1", "trafficType": "ACCEPT"})

SPECS: dict[str, Spec] = {
    "LOG-03": Spec(
        good=LOGGED,
        leaf="targetBucket",
        bad="data",
        twins={
            "aws:s3/bucket:Bucket": "aws:s3/bucketV2:BucketV2",
            LOGGING.type: "aws:s3/bucketLoggingV2:BucketLoggingV2",
        },
        extra=(
            Case("no companion", (BUCKET,), "deny"),
            Case("to a bucket of another stack", (LOGGING, BUCKET), "pass"),
            Case("a target that is logged by nobody", (LOGGING, BUCKET, LOGS), "pass"),
            Case("another bucket without a log", (*LOGGED, of_type("s3/bucket:Bucket", bucket="more")), "deny"),
            Case("to nowhere", swap(LOGGED, 0, edit("targetBucket", "")), "deny"),
            Case("to itself, by ARN of a twin", swap(LOGGED, 0, edit("targetBucket", "arn:aws:s3:::data")), "deny"),
            Case("of a bucket by ARN", swap(LOGGED, 0, edit("bucket", "arn:aws:s3:::data")), "pass"),
            Case("joined by dependency",
                 swap(swap(LOGGED, 0, edit("bucket", UNKNOWN)), 0, depending(bucket=BUCKET)), "pass"),
            Case("target joined by dependency",
                 swap(swap(LOGGED, 0, edit("targetBucket", UNKNOWN)), 0, depending(targetBucket=LOGS)), "pass"),
            Case("target unknown, of a stack reference",
                 swap(swap(LOGGED, 0, edit("targetBucket", UNKNOWN)), 0,
                      depending(targetBucket=R("pulumi:pulumi:StackReference", {}))), "unknown"),
            Case("logged to itself, name unknown",
                 (depending(bucket=NAMELESS, targetBucket=NAMELESS)(
                     LOGGING.with_props({"bucket": UNKNOWN, "targetBucket": UNKNOWN})), NAMELESS), "deny"),
            Case("names unknown, joined by dependency",
                 (depending(bucket=NAMELESS, targetBucket=LOGS)(
                     LOGGING.with_props({"bucket": UNKNOWN, "targetBucket": UNKNOWN})), NAMELESS, LOGS), "pass"),
            Case("bucket unknown, and so whose log it is", swap(LOGGED, 0, edit("bucket", UNKNOWN)), "unknown"),
            Case("inline", (INLINE, LOGS), "pass"),
            Case("inline to itself", (INLINE.with_props({"bucket": "data", "logging": {"targetBucket": "data"}}),),
                 "deny"),
            Case("inline without a target", (INLINE.with_props({"bucket": "data", "logging": {}}),), "deny"),
            Case("inline unknown", (INLINE.with_props({"bucket": "data", "logging": UNKNOWN}),), "unknown"),
            Case("inline, wrong type", (INLINE.with_props({"bucket": "data", "logging": "logs"}),), "deny"),
            Case("inline of the older twin", (
                R("aws:s3/bucketV2:BucketV2", {"bucket": "data", "loggings": [{"targetBucket": "logs"}]}, "b"), LOGS),
                 "pass"),
            Case("two that log to each other", (
                *LOGGED, R(LOGGING.type, {"bucket": "logs", "targetBucket": "data"}, "back")), "pass"),
        ),
    ),
    "LOG-04": Spec(
        good=RECORDED,
        leaf="trafficType",
        bad="ACCEPT",
        equivalent={
            "delete cidrBlock": "the range of a network says nothing of its records",
            "flip cidrBlock": "as above",
            "unknown cidrBlock": "as above",
        },
        extra=(
            Case("no companion", (VPC,), "deny"),
            Case("REJECT", swap(RECORDED, 0, edit("trafficType", "REJECT")), "pass"),
            Case("of another VPC", swap(RECORDED, 0, edit("vpcId", "vpc-2")), "deny"),
            Case("of a subnet", (FLOW.with_props({"subnetId": "subnet-1", "trafficType": "ALL"}), VPC), "deny"),
            Case("VPC unknown", swap(RECORDED, 0, edit("vpcId", UNKNOWN)), "unknown"),
            Case("joined by dependency",
                 swap(swap(RECORDED, 0, edit("vpcId", UNKNOWN)), 0, depending(vpcId=VPC)), "pass"),
            Case("one of two records what is refused", (replace(ACCEPTED, name="accepted"), *RECORDED), "pass"),
            Case("two that record what is accepted", (ACCEPTED, replace(ACCEPTED, name="again"), VPC), "deny"),
            Case("in lower case", swap(RECORDED, 0, edit("trafficType", "all")), "deny"),
            Case("another VPC without", (*RECORDED, replace(VPC, name="more", outputs={"id": "vpc-2"})), "deny"),
        ),
    ),
}  # fmt: skip
