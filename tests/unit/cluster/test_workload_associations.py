"""Decides which service account is tied to which role."""

from components.cluster.workload_associations import (
    WorkloadAssociation,
    WorkloadAssociations,
    WorkloadAssociationsArgs,
)
from tests.support.recorder import Recorder, run_program


def test_each_workload_is_tied_to_its_own_role(recorder: Recorder) -> None:
    args = WorkloadAssociationsArgs(
        cluster_name="groundwork-dev",
        associations={
            name: WorkloadAssociation(namespace=f"{name}s", service_account=name, role_arn=f"arn:{name}")
            for name in ("trainer", "server")
        },
    )
    made = run_program(lambda: WorkloadAssociations("workloads", args))
    assert set(made.association_ids) == {"trainer", "server"}
    association = recorder.one("workloads-trainer").inputs
    assert association == {
        "clusterName": "groundwork-dev",
        "namespace": "trainers",
        "serviceAccount": "trainer",
        "roleArn": "arn:trainer",
    }
