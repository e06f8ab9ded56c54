"""The args of a tracking server, for the tests of its parts."""

from typing import Any

import pulumi

from components.registry.tracking_args import Client, TrackingServerArgs, TrackingServerSettings

VPC = "10.20.0.0/16"
IMAGE = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/groundwork-dev-mlflow@sha256:" + "1" * 64


def arguments(configuration: str = "{}", **settings: Any) -> TrackingServerArgs:
    """The args, with one team; to be called inside a program."""
    team = pulumi.ComponentResource("groundwork:test:Team", "team-vision")
    client = Client(namespace="team-vision", workspace=team, training_secret="groundwork-dev/mlflow/vision/training")
    return TrackingServerArgs(
        settings=TrackingServerSettings.model_validate({"image": IMAGE} | settings),
        region="eu-west-1",
        access_configuration=configuration,
        clients={"vision": client},
        bucket_name="groundwork-dev-artifacts-111122223333-eu-west-1",
        database_address=pulumi.Output.from_input("registry.rds.example"),
        database_port=pulumi.Output.from_input(5432),
        master_secret_arn=pulumi.Output.from_input("arn:aws:secretsmanager:eu-west-1:111122223333:secret:rds!db-1"),
        server_secret="groundwork-dev/mlflow/server",
        queue_url="https://sqs.eu-west-1.amazonaws.com/111122223333/groundwork-dev-registry-events",
        vpc_cidr=VPC,
        database_ranges=("10.20.32.0/20",),
    )
