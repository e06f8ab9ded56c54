"""A real server of the twin's AWS API on loopback ports of its own, for the tests of one module."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.twin.corrections.databases import INSTANCE, wait_for
from tests.twin.corrections.server import REGION, Twin
from tools import postgres, toolchain
from tools.progress import Progress
from twin import loopback_ports, state


@pytest.fixture(scope="session")
def postgres_bin() -> Path:
    return postgres.ensure(Progress()).bin


@pytest.fixture(scope="session")
def kubernetes_bin() -> Path:
    return toolchain.locate().kubernetes_bin


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory, postgres_bin: Path, kubernetes_bin: Path) -> Iterator[Twin]:
    root = tmp_path_factory.mktemp("twin")
    state.save(root / "twin.json", state.TwinState.new(*loopback_ports.free(2)))
    running = Twin(root, postgres_bin, kubernetes_bin)
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def rds(twin: Twin) -> Any:
    return twin.client("rds")


@pytest.fixture(scope="module")
def key(twin: Twin) -> dict[str, str]:
    return dict(twin.client("kms").create_key(Description="database")["KeyMetadata"])


@pytest.fixture(scope="module")
def instance(twin: Twin, rds: Any, key: dict[str, str]) -> dict[str, Any]:
    ec2 = twin.client("ec2")
    vpc_id = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc_id, CidrBlock=f"10.0.{i}.0/24", AvailabilityZone=REGION + zone)["Subnet"][
            "SubnetId"
        ]
        for i, zone in enumerate("ab")
    ]
    rds.create_db_subnet_group(DBSubnetGroupName="isolated", DBSubnetGroupDescription="d", SubnetIds=subnets)
    rds.create_db_parameter_group(DBParameterGroupName="registry", DBParameterGroupFamily="postgres17", Description="d")
    parameters = {"rds.force_ssl": "1", "log_connections": "1", "log_min_duration_statement": "1000"}
    wanted = [{"ParameterName": n, "ParameterValue": v, "ApplyMethod": "immediate"} for n, v in parameters.items()]
    rds.modify_db_parameter_group(DBParameterGroupName="registry", Parameters=wanted)
    made = rds.create_db_instance(
        **INSTANCE,
        KmsKeyId=key["KeyId"],
        PerformanceInsightsKMSKeyId=key["Arn"],
        MasterUserSecretKmsKeyId=key["Arn"],
        VpcSecurityGroupIds=["sg-0123456789abcdef0"],
    )["DBInstance"]
    assert made["DBInstanceStatus"] == "creating"
    assert "Endpoint" not in made
    return wait_for(rds, "available")
