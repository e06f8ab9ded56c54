"""LOG-03 and LOG-04: who came to a bucket, and what passed through a network."""

from collections.abc import Iterator

from pulumi_policy import Severity

from policies.config import Settings
from policies.index import S3_IDENTITIES, Resource, Stack
from policies.rule import Finding, LocatedFindings, Rule, StackRule, Violation, lacking, one_is_right, require, weigh
from policies.tokens import aws
from policies.values import Node

BUCKET = aws("s3/bucket:Bucket")
BUCKET_LOGGING = aws("s3/bucketLogging:BucketLogging")
VPC, FLOW_LOG = aws("ec2/vpc:Vpc"), aws("ec2/flowLog:FlowLog")

# LOG-03: access to buckets


def _targets(resource: Resource) -> tuple[Node, ...]:
    """Return where a logging resource, or a bucket of either type itself, sends its log."""
    if resource.type in BUCKET_LOGGING:
        return (resource["targetBucket"],)
    entries = (*resource["logging"].each(), *resource["loggings"].each())  # older twin: the plural
    return tuple(entry["targetBucket"] for entry in entries)


def _sources(stack: Stack) -> Iterator[tuple[frozenset[str], Resource, Node]]:
    """Yield the URNs of the buckets that are logged, as far as they are known, the resource that says so, and where."""
    for bucket in stack.of(BUCKET):
        yield from ((frozenset({bucket.urn}), bucket, node) for node in _targets(bucket))
    for child in stack.of(BUCKET_LOGGING):
        reference = stack.reference(child, child["bucket"], BUCKET, S3_IDENTITIES)
        urns = frozenset(target.urn for target in reference.targets)
        yield from ((urns, child, node) for node in _targets(child))


def _log_targets(stack: Stack) -> tuple[set[str], list[tuple[set[str], Resource, Node]]]:
    """Return the URNs of buckets that get the log of another, and those that may, with what is not known."""
    certain: set[str] = set()
    possible: list[tuple[set[str], Resource, Node]] = []
    for sources, resource, node in _sources(stack):
        reference = stack.reference(resource, node, BUCKET, S3_IDENTITIES)
        found = {target.urn for target in reference.targets} - sources
        if reference.certain:
            certain |= found
        elif found or not reference.targets:
            possible.append((found, resource, node))
    return certain, possible


def _logged(stack: Stack, bucket: Resource, source: Resource, node: Node) -> Iterator[Finding]:
    """Yield what is wrong with where the log of a bucket goes."""
    reference = stack.reference(source, node, BUCKET, S3_IDENTITIES)
    expected = "the name of another bucket, for logs"
    if reference.certain and bucket.urn in {target.urn for target in reference.targets}:
        yield Violation(node.path, "the bucket logs to itself: each log entry makes another", expected)
    elif not (node.unknown and reference.certain):
        good = require(node, lambda v: isinstance(v, str) and bool(v), "the log of accesses goes nowhere", expected)
        yield from good


def _access_is_logged(stack: Stack, settings: Settings) -> LocatedFindings:
    del settings
    log_targets, perhaps = _log_targets(stack)
    for bucket in stack.of(BUCKET):
        companions = stack.companions(bucket, BUCKET_LOGGING, "bucket", S3_IDENTITIES)
        logs = [(source, node) for source in (bucket, *companions.certain) for node in _targets(source)]
        for source, node in logs:
            yield from ((source, finding) for finding in _logged(stack, bucket, source, node))
        if logs or bucket.urn in log_targets:
            continue
        open_points = [(source, node) for urns, source, node in perhaps if not urns or bucket.urn in urns]
        expected = "a BucketLogging of it, to another bucket"
        missing = Violation("logging", "accesses to the bucket are not logged", expected, companion=True)
        yield from lacking(bucket, [*companions.possible, *open_points], missing)


# LOG-04: traffic of networks


def _traffic_is_recorded(stack: Stack, settings: Settings) -> LocatedFindings:
    del settings
    for vpc in stack.of(VPC):
        flow_logs = stack.companions(vpc, FLOW_LOG, "vpcId", ("id",))
        answers = [
            (
                flow_log,
                weigh(
                    require(
                        flow_log["trafficType"],
                        lambda v: v in ("ALL", "REJECT"),
                        "refused traffic is not recorded",
                        "ALL or REJECT",
                    )
                ),
            )
            for flow_log in flow_logs.certain
        ]
        expected = "an ec2.FlowLog of it, with traffic_type ALL or REJECT"
        missing = Violation("", "traffic of the VPC is not recorded", expected, companion=True)
        yield from one_is_right(vpc, answers, flow_logs.possible, missing)


RULES: tuple[Rule, ...] = (
    StackRule(
        id="LOG-03",
        requirement="Every bucket that gets no access log itself has its accesses logged to another bucket.",
        why="Without it nobody knows which objects an intruder has taken.",
        fix='s3.BucketLogging(bucket=bucket.bucket, target_bucket=logs.bucket, target_prefix="data/")',
        types=BUCKET,
        joins=BUCKET_LOGGING,
        severity=Severity.MEDIUM,
        controls=("F:S3.9", "800-53 AU-2/AU-12", "AISF-DATA-04"),
        check=_access_is_logged,
    ),
    StackRule(
        id="LOG-04",
        requirement="Every VPC has a flow log that records refused traffic.",
        why="Scans and connections that were refused are the first sign of somebody inside.",
        fix='ec2.FlowLog(vpc_id=vpc.id, traffic_type="ALL", log_destination=log_group.arn, iam_role_arn=role.arn)',
        types=VPC,
        joins=FLOW_LOG,
        severity=Severity.HIGH,
        controls=("F:EC2.6", "C7:4.7", "800-53 AU-2/AU-12", "AISF-INFRA-08"),
        check=_traffic_is_recorded,
    ),
)
