"""Decides the names of the stack's outputs, which are a contract with whoever reads them."""

import json

import pulumi
import pytest

from stacks.exports import export
from stacks.settings import parse_settings
from stacks.wiring import build
from tests.support.recorder import run_program, stand_in
from tests.support.stack_files import written


@pytest.fixture(scope="module")
def exported() -> dict[str, object]:
    """Build dev and collect what it exports."""
    values: dict[str, object] = {}
    with pytest.MonkeyPatch.context() as patched, stand_in():
        patched.setattr(pulumi, "export", values.__setitem__)
        settings = parse_settings(json.dumps(written("dev")), stack="dev", allow_placeholders=True)
        resolved: dict[str, object] = {}

        def program() -> pulumi.Output[None]:
            export(build(settings))
            return pulumi.Output.all(**values).apply(resolved.update)

        run_program(program)
    return resolved


def test_the_outputs_are_few_flat_and_named_for_their_users(exported: dict[str, object]) -> None:
    assert set(exported) == {
        "vpc_id",
        *(f"key_alias_{key_name}" for key_name in ("internal", "confidential", "regulated", "data-versioning")),
        *(f"bucket_{store}" for store in ("datasets", "artifacts", "dvc", "access_logs", "audit")),
        *(
            f"repository_{name}"
            for name in ("mlflow", "tensorboard", "training", "serving", "grafana", "cloudwatch-exporter")
        ),
        *(f"dvc_config_{team}" for team in ("vision", "language")),
        "database_endpoint",
        "database_name",
        "database_master_secret_arn",
        "trail_arn",
        "cluster_name",
        "cluster_endpoint",
        "cluster_version",
        "kubeconfig",
        *(f"namespace_{name}" for name in ("mlflow", "training")),
        *(
            f"team_{team}_{name}"
            for team in ("vision", "language")
            for name in (
                "namespace",
                "role_training",
                "role_tensorboard",
                "tensorboard",
                "role_data-scientist",
                "role_ml-engineer",
                "role_release-approver",
            )
        ),
        *(f"platform_role_{persona}" for persona in ("platform-engineer", "auditor")),
        *(f"role_{name}" for name in ("trainer",)),
        *(f"role_tracking-{name}" for name in ("server", "bootstrap", "migration", "access")),
        "registry_events_queue_url",
        "tracking_server_url",
        "prometheus_url",
        "alertmanager_url",
        "role_alertmanager",
        "runners_build",
        "role_github_preview",
        "role_github_deploy",
    }
    assert all(isinstance(value, str) for value in exported.values())


def test_no_output_holds_a_secret(exported: dict[str, object]) -> None:
    assert exported["database_master_secret_arn"] == "arn:aws:secretsmanager:eu-west-1:111122223333:secret:rds!db-1"
    assert not [name for name in exported if "password" in name]


def test_the_kubeconfig_holds_no_credentials_and_asks_aws_for_a_token(exported: dict[str, object]) -> None:
    kubeconfig = json.loads(str(exported["kubeconfig"]))
    (user,) = kubeconfig["users"]
    assert set(user["user"]) == {"exec"}
    assert user["user"]["exec"]["args"] == [
        "eks", "get-token", "--cluster-name", "groundwork-dev", "--region", "eu-west-1"
    ]  # fmt: skip
    (cluster,) = kubeconfig["clusters"]
    assert cluster["cluster"]["server"] == exported["cluster_endpoint"]
    assert cluster["cluster"]["certificate-authority-data"] == "LS0tLS1CRUdJTg=="
