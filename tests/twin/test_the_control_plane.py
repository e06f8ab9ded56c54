"""A cluster of a whole twin: kubectl comes in as on AWS, what is killed comes back, what is stopped is gone."""

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.twin.corrections.server import TRUST
from tools import toolchain
from twin import environment, lifecycle
from twin.account import Account
from twin.places import CODE, Places
from twin.services import cluster_programs

REGION = "eu-west-1"
DEV, PROD = "000000000000", "000000000001"
HEAL_SECONDS = 120


def said(line: str) -> None:
    """What a person would read is in the report of a test that fails."""
    sys.stderr.write(f"{line}\n")


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    found = Places(clone=CODE, root=tmp_path_factory.mktemp("twin") / ".twin")
    lifecycle.start(found, toolchain.locate(), said)
    yield found
    lifecycle.stop(found, said)


def variables(places: Places, account_id: str) -> dict[str, str]:
    held = lifecycle.required(places)
    return environment.environment(places, toolchain.locate(), held, account_id, REGION)


def make(places: Places, account_id: str, name: str) -> None:
    """A cluster whose root user may do everything in it."""
    account = Account.of(variables(places, account_id))
    ec2, eks, iam = (account.client(service) for service in ("ec2", "eks", "iam"))
    vpc_id = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc_id, CidrBlock=f"10.0.{i}.0/24", AvailabilityZone=REGION + zone)["Subnet"][
            "SubnetId"
        ]
        for i, zone in enumerate("ab")
    ]
    taken = {"Effect": "Allow", "Principal": {"Service": "eks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trust = json.dumps(TRUST | {"Statement": [taken]})
    role = iam.create_role(RoleName="cluster", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    access = {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": True}
    network = {"subnetIds": subnets}
    eks.create_cluster(name=name, roleArn=role, resourcesVpcConfig=network, accessConfig=access)
    eks.get_waiter("cluster_active").wait(name=name, WaiterConfig={"Delay": 1})
    run(places, account_id, "aws", "eks", "update-kubeconfig", "--name", name, "--alias", name)


def run(places: Places, account_id: str, program: str, *arguments: str) -> str:
    """The output of a program in the shell of `groundwork twin env`."""
    given = {"HOME": str(places.root)} | variables(places, account_id)
    command = shutil.which(program, path=given["PATH"])
    assert command is not None
    done = subprocess.run([command, *arguments], env=given, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def clusters(places: Places) -> dict[str, str]:
    """Name of the cluster by account."""
    named = {DEV: "groundwork-dev", PROD: "groundwork-prod"}
    for account_id, name in named.items():
        make(places, account_id, name)
    return named


def kubectl(places: Places, account_id: str, *arguments: str) -> str:
    name = "groundwork-dev" if account_id == DEV else "groundwork-prod"
    return run(places, account_id, "kubectl", f"--context={name}", *arguments)


def healthy(places: Places) -> bool:
    return all(one.state == "running" for one in lifecycle.status(places))


def wait_until_healthy(places: Places) -> None:
    deadline = time.monotonic() + HEAL_SECONDS
    while not healthy(places):
        assert time.monotonic() < deadline, lifecycle.status(places)
        time.sleep(0.2)


def test_two_accounts_have_clusters_side_by_side(places: Places, clusters: dict[str, str]) -> None:
    kubectl(places, DEV, "create", "namespace", "only-in-dev")
    assert "only-in-dev" in kubectl(places, DEV, "get", "namespaces", "--output=name")
    assert "only-in-dev" not in kubectl(places, PROD, "get", "namespaces", "--output=name")
    assert json.loads(kubectl(places, DEV, "version", "--output=json"))["serverVersion"]["minor"] == "36"
    # The root user of one account is nobody in the cluster of the other.
    with pytest.raises(AssertionError, match=r"must be logged in|asked for the client to provide credentials"):
        run(places, PROD, "kubectl", "--context=groundwork-dev", "get", "namespaces")
    assert stat_of(places.kubeconfig) == 0o600


def stat_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_program_that_is_killed_is_started_again(places: Places, clusters: dict[str, str]) -> None:
    wait_until_healthy(places)
    kubectl(places, DEV, "create", "configmap", "kept", "--from-literal=a=b")
    killed = [program.process for program in cluster_programs(places) if program.process]
    assert len(killed) == 12
    for process in killed:
        process.send_signal(signal.SIGKILL)
    psutil.wait_procs(killed, timeout=10)
    wait_until_healthy(places)
    assert kubectl(places, DEV, "get", "configmap", "kept", "--output=jsonpath={.data.a}") == "b"


def test_what_a_crash_of_the_api_leaves_behind_is_found(places: Places, clusters: dict[str, str]) -> None:
    wait_until_healthy(places)
    kubectl(places, PROD, "create", "configmap", "kept", "--from-literal=a=b")
    psutil.Process(lifecycle.required(places).processes["aws"].pid).kill()
    before = [program.process for program in cluster_programs(places) if program.process]
    assert before
    lifecycle.start(places, toolchain.locate(), said)
    wait_until_healthy(places)
    assert not any(process.is_running() for process in before)
    assert kubectl(places, PROD, "get", "configmap", "kept", "--output=jsonpath={.data.a}") == "b"


def test_nothing_is_left_of_a_twin_that_is_stopped(places: Places, clusters: dict[str, str]) -> None:
    wait_until_healthy(places)
    kubectl(places, DEV, "create", "configmap", "still-there", "--from-literal=a=b")
    addresses = [one.address for one in lifecycle.status(places) if one.name.startswith("kubernetes/") and one.address]
    ports = [int(address.rpartition(":")[2]) for address in addresses]
    assert len(ports) == 8
    lifecycle.stop(places, said, keep_state=True)
    assert not [program for program in cluster_programs(places) if program.process]
    assert not any(listening(port) for port in ports)
    lifecycle.start(places, toolchain.locate(), said)
    assert kubectl(places, DEV, "get", "configmap", "still-there", "--output=jsonpath={.data.a}") == "b"


def listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_logs_are_known_by_the_names_of_status(places: Places, clusters: dict[str, str]) -> None:
    wait_until_healthy(places)
    names = [one.name for one in lifecycle.status(places) if one.name.startswith("kubernetes/")]
    for name in names:
        list(lifecycle.logs(places, name, follow=False))
    folder = names[0].rpartition("/")[0]
    events = lifecycle.logs(places, f"{folder}/audit", follow=False)
    assert json.loads(next(events))["kind"] == "Event"  # of the last one only a part may be written yet
