"""Ten configurations, each worked out by hand from the price table and 730 hours a month: they agree to the cent."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from groundwork.cost import prices
from groundwork.cost.estimate import Estimate, estimate
from groundwork.cost.services import CHARGES
from groundwork.cost.use import IDLE, Use
from groundwork.policy.sources import Saved
from policies.values import SENTINELS
from tests.unit.groundwork.cost.stacks import made, stack, urn

NODES, TEMPLATE = "aws:eks/nodeGroup:NodeGroup", "aws:ec2/launchTemplate:LaunchTemplate"
BUCKET, ENDPOINT = "aws:s3/bucket:Bucket", "aws:ec2/vpcEndpoint:VpcEndpoint"
LOGS, DATABASE = "aws:cloudwatch/logGroup:LogGroup", "aws:rds/instance:Instance"
NAT, EIP = "aws:ec2/natGateway:NatGateway", "aws:ec2/eip:Eip"
SEARCH = "aws:opensearch/domain:Domain"
KEY, CLUSTER, VAULT = "aws:kms/key:Key", "aws:eks/cluster:Cluster", "aws:backup/vault:Vault"


def group(name: str, types: list[str], least: int, **more: Any) -> Saved:
    template = {"launchTemplate": {"id": f"{name}-template-id"}}
    return made(NODES, name, {"instanceTypes": types, "scalingConfig": {"minSize": least}} | template | more)


def template(name: str, size: int, **volume: Any) -> Saved:
    ebs = {"volumeType": "gp3", "volumeSize": size} | volume
    return made(TEMPLATE, f"{name}-template", {"blockDeviceMappings": [{"ebs": ebs}]})


def postgres(name: str, class_: str, size: int, **more: Any) -> Saved:
    inputs = {"engine": "postgres", "instanceClass": class_, "allocatedStorage": size, "storageType": "gp3"}
    return made(DATABASE, name, inputs | more)


def search(name: str, instance: Any = "m7g.large.search", count: Any = 3, **more: Any) -> Saved:
    ebs = {"ebsEnabled": True, "volumeType": "gp3", "volumeSize": 100, "iops": 3000, "throughput": 250}
    ebs |= more.pop("ebs", {})
    return made(
        SEARCH, name, {"clusterConfig": {"instanceType": instance, "instanceCount": count} | more, "ebsOptions": ebs}
    )


def use(**measures: Any) -> Use:
    return Use.model_validate(measures)


CONFIGURATIONS: dict[str, tuple[Sequence[Saved], Use, str]] = {
    # A NAT gateway: 730 h x 0.048 = 35.04; its address: 730 h x 0.005 = 3.65; 120 GB through it x 0.048 = 5.76
    # 35.04 + 3.65 + 5.76 = 44.45
    "a way out": (stack(made(NAT, "nat"), made(EIP, "address")), use(nat_gb=120), "44.45"),
    # Two interface endpoints, in three zones and in one: (3 + 1) x 730 h x 0.011 = 32.12; a gateway endpoint: nothing
    # 25 GB through each of the two: 50 x 0.01 = 0.50
    # 32.12 + 0.50 = 32.62
    "endpoints in three zones and in one": (
        stack(
            made(ENDPOINT, "kms", {"vpcEndpointType": "Interface", "subnetIds": ["a", "b", "c"]}),
            made(ENDPOINT, "sts", {"vpcEndpointType": "Interface", "subnetIds": ["a"]}),
            made(ENDPOINT, "s3", {"vpcEndpointType": "Gateway", "routeTableIds": ["r"]}),
        ),
        use(endpoint_gb=25),
        "32.62",
    ),
    # A control plane: 730 h x 0.10 = 73.00; three m7g.large: 3 x 730 h x 0.091 = 199.29; their volumes of 100 GB:
    # 3 x 100 x 0.088 = 26.40
    # 73.00 + 199.29 + 26.40 = 298.69
    "a cluster that nobody uses": (
        stack(
            made(CLUSTER, "eks", {"upgradePolicy": {"supportType": "STANDARD"}}),
            group("system", ["m7g.large", "m6g.large"], 3, capacityType="ON_DEMAND"),
            template("system", 100),
        ),
        IDLE,
        "298.69",
    ),
    # Spot at 40 per cent of its price on demand, from none: 146 h of g5.xlarge: 146 x 0.40 x 1.123 = 65.5832
    # 146 h are 0.2 nodes for a month, each with 200 GB: 0.2 x 200 x 0.088 = 3.52; beyond gp3's own 3,000 IOPS and
    # 125 MiB/s it has 1,000 and 125 more: 0.2 x 1,000 x 0.0055 = 1.10; 0.2 x 125 x 0.044 = 1.10
    # 65.5832 + 3.52 + 1.10 + 1.10 = 71.3032
    "GPU nodes on Spot, from zero": (
        stack(
            group("gpu", ["g5.xlarge"], 0, capacityType="SPOT"),
            template("gpu", 200, iops=4000, throughput=250),
        ),
        use(spot_percent=40, node_hours={"named": {"gpu": 146}}),
        "71.30",
    ),
    # One zone: 730 h x 0.017 = 12.41; 20 GB x 0.127 = 2.54; the master password's secret: 0.40
    # 12.41 + 2.54 + 0.40 = 15.35
    "a small database": (
        stack(postgres("db", "db.t4g.micro", 20, multiAz=False, manageMasterUserPassword=True, monitoringInterval=60)),
        IDLE,
        "15.35",
    ),
    # With a standby: 730 h x 0.372 = 271.56; 100 GB x 0.254 = 25.40; two vCPUs watched by Database Insights:
    # 2 x 730 h x 0.0125 = 18.25; the master password's secret: 0.40; 0.3 GB of enhanced monitoring x 0.57 = 0.171;
    # 60 GB of backups beyond its size x 0.095 = 5.70
    # 271.56 + 25.40 + 18.25 + 0.40 + 0.171 + 5.70 = 321.481
    "a database with a standby": (
        stack(
            postgres(
                "db",
                "db.m7g.large",
                100,
                multiAz=True,
                manageMasterUserPassword=True,
                monitoringInterval=60,
                databaseInsightsMode="advanced",
            )
        ),
        use(enhanced_monitoring_gb=0.3, database_backup_gb=60),
        "321.48",
    ),
    # 1,500 GB x 0.023 = 34.50, 200 GB x 0.023 = 4.60; requests to each: 2,000,000 x 0.000005 = 10.00 and
    # 10,000,000 x 0.0000004 = 4.00, twice: 28.00
    # 34.50 + 4.60 + 28.00 = 67.10
    "two buckets": (
        stack(made(BUCKET, "datasets"), made(BUCKET, "models")),
        use(stored_gb={"each": 200, "named": {"datasets": 1500}}, put_requests=2_000_000, get_requests=10_000_000),
        "67.10",
    ),
    # Here 100 GB x 0.023 = 2.30; in Frankfurt 100 GB x 0.0245 = 2.45; on the way there 30 GB x 0.02 = 0.60; a key here
    # and one there: 2 x 1.00; 500,000 requests to each: 1,000,000 x 0.000003 = 3.00
    # 2.30 + 2.45 + 0.60 + 2.00 + 3.00 = 10.35
    "a replica in another region": (
        stack(
            made(BUCKET, "models"),
            made(BUCKET, "replica", {"region": "eu-central-1"}),
            made("aws:s3/bucketReplicationConfig:BucketReplicationConfig", "replication"),
            made(KEY, "key"),
            made(KEY, "key-there", {"region": "eu-central-1"}),
        ),
        use(stored_gb=100, replicated_gb=30, kms_requests=500_000),
        "10.35",
    ),
    # Log groups: 40 GB in x 0.57 = 22.80 and 2 GB in x 0.57 = 1.14; 10 GB kept in each: 2 x 10 x 0.03 = 0.60; a trail:
    # 3,000,000 data events x 0.000001 = 3.00; three secrets: 3 x 0.40 = 1.20, 100,000 calls each x 0.000005 = 1.50;
    # a queue: 5,000,000 x 0.0000004 = 2.00; two alarms: 2 x 0.10 = 0.20; a delivery stream: 100 GB x 0.031 = 3.10
    # 22.80 + 1.14 + 0.60 + 3.00 + 1.20 + 1.50 + 2.00 + 0.20 + 3.10 = 35.54
    # A search domain: three data nodes and three masters: 6 x 730 h x 0.151 = 661.38; 3 x 100 GB x 0.134 = 40.20
    # 35.54 + 661.38 + 40.20 = 737.12
    "what records and tells": (
        stack(
            made(LOGS, "cluster"),
            made(LOGS, "flows"),
            made("aws:cloudtrail/trail:Trail", "trail"),
            *(made("aws:secretsmanager/secret:Secret", f"secret-{one}") for one in "abc"),
            made("aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream", "audit"),
            made("aws:sqs/queue:Queue", "events"),
            search("logs", dedicatedMasterEnabled=True, dedicatedMasterType="m7g.large.search", dedicatedMasterCount=3),
            made("aws:cloudwatch/metricAlarm:MetricAlarm", "connections", {"period": 300}),
            made("aws:cloudwatch/metricAlarm:MetricAlarm", "storage", {"period": 300}),
        ),
        use(
            logs_gb={"each": 2, "named": {"cluster": 40}},
            logs_stored_gb=10,
            data_events=3_000_000,
            secret_requests=100_000,
            streamed_gb=100,
            queue_requests=5_000_000,
        ),
        "737.12",
    ),
    # Repositories: 2 x 12 GB x 0.10 = 2.40; a vault: 400 GB of buckets x 0.05 = 20.00, 50 GB of databases x 0.095 =
    # 4.75; builds: 900 min x 0.005 = 4.50
    # 2.40 + 20.00 + 4.75 + 4.50 = 31.65
    "images, backups, builds": (
        stack(
            made("aws:ecr/repository:Repository", "mlflow"),
            made("aws:ecr/repository:Repository", "training"),
            made(VAULT, "vault"),
            made("aws:codebuild/project:Project", "ci", {"environment": {"computeType": "BUILD_GENERAL1_SMALL"}}),
        ),
        use(images_gb=12, backup_s3_gb=400, backup_rds_gb=50, build_minutes=900),
        "31.65",
    ),
}


def priced(resources: Sequence[Saved], used: Use) -> Estimate:
    return estimate(resources, prices.load(), used)


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_it_costs_what_it_costs_by_hand(name: str) -> None:
    resources, used, usd = CONFIGURATIONS[name]
    found = priced(resources, used)
    assert found.unknown == ()
    assert found.usd == Decimal(usd)


def test_every_formula_is_in_one_of_them() -> None:
    assert len(CONFIGURATIONS) == 10
    priced_types = {
        line.type for resources, used, _ in CONFIGURATIONS.values() for line in priced(resources, used).lines
    }
    assert {token for token in CHARGES if token.startswith("aws:")} == priced_types


def test_every_measure_of_use_is_in_one_of_them() -> None:
    used = {
        name for _, one, _ in CONFIGURATIONS.values() for name, value in one.measures().items() if value != IDLE.nat_gb
    }
    assert used == set(IDLE.measures())


UNKNOWN = next(iter(SENTINELS))


def nodes(types: Any, least: Any) -> Saved:
    return made(NODES, "n", {"instanceTypes": types, "scalingConfig": {"minSize": least}})


@pytest.mark.parametrize(
    ("resource", "said"),
    [
        (made(ENDPOINT, "e", {"vpcEndpointType": "Interface", "subnetIds": UNKNOWN}), "subnetIds is not known"),
        (made(ENDPOINT, "e", {"vpcEndpointType": "GatewayLoadBalancer"}), "no price for an endpoint of the type"),
        (made(CLUSTER, "c"), "extended support is charged once the version needs it"),
        (nodes(["t4g.medium"], UNKNOWN), "minSize is not known"),
        (nodes(UNKNOWN, 1), "instanceTypes is not known"),
        (nodes(["x9.huge"], 1), "no price for it in eu-west-1"),
        (nodes(["t4g.medium"], 1), "volumes of its nodes"),
        (postgres("d", UNKNOWN, 20), "instanceClass is not known"),
        (postgres("d", "db.x9.huge", 20), "no price for it in eu-west-1"),
        (postgres("d", "db.t4g.micro", 20, storageType="io2"), "no price for it in eu-west-1"),
        (postgres("d", "db.t4g.micro", 20, iops=12000), "there is no price for iops"),
        (postgres("d", "db.x9.huge", 20, databaseInsightsMode="advanced"), "vCPUs of db.x9.huge are not known"),
        (search("s", "x9.huge.search"), "no price for it in eu-west-1"),
        (search("s", UNKNOWN), "instanceType is not known"),
        (search("s", count=UNKNOWN), "instanceCount is not known"),
        (search("s", dedicatedMasterEnabled=True), "dedicatedMasterType is not known"),
        (search("s", warmEnabled=True), "there is no price for warmEnabled"),
        (search("s", ebs={"volumeType": "io1"}), "no price for it in eu-west-1"),
        (search("s", ebs={"volumeSize": UNKNOWN}), "volumeSize is not known"),
        (search("s", ebs={"throughput": 500}), "there is no price for throughput beyond 250"),
        (made("aws:ec2/instance:Instance", "i", {"instanceType": "t4g.small"}), "there is no price for this type"),
        (made("other:thing:Thing", "t"), "there is no price for this type"),
        (made("kubernetes:core/v1:Service", "s", {"spec": {"type": "LoadBalancer"}}), "no price for the load balancer"),
        (made("kubernetes:core/v1:PersistentVolumeClaim", "p"), "depends on the storage class"),
        (made(KEY, "k", {"region": "ap-east-1"}), "the price table has no price for it in ap-east-1"),
        (Saved(urn(KEY, "k"), KEY, {}, {}), "its region is not known"),
    ],
)  # fmt: skip
def test_what_is_not_known_is_named_and_never_counted_as_nothing(resource: Saved, said: str) -> None:
    found = priced(stack(resource), IDLE)
    assert any(said in line.unknown and line.name == resource.urn.rpartition("::")[2] for line in found.unknown)
    assert all(line.usd is None for line in found.unknown)
