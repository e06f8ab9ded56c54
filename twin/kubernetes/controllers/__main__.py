"""The controllers of one EKS cluster: `python -m twin.kubernetes.controllers --cluster-folder DIR`.

The fleet of control planes starts it once the API server is ready, with the variables of twin/environment.py for the
cluster's account. It ends in good order at SIGTERM, and by itself when the AWS API or the cluster is gone.
"""

import argparse
import logging
import os
import signal
import threading
from collections.abc import Sequence
from pathlib import Path

from twin.kubernetes.controllers.activity import Activity
from twin.kubernetes.controllers.addons import Addons
from twin.kubernetes.controllers.api_endpoints import ApiEndpoints
from twin.kubernetes.controllers.autoscaler import Autoscaler
from twin.kubernetes.controllers.device_plugin import DevicePlugin
from twin.kubernetes.controllers.load_balancers import LoadBalancers
from twin.kubernetes.controllers.loop import Controller, Rounds, only_one, run_until, world_of
from twin.kubernetes.controllers.node_groups import NodeGroups
from twin.kubernetes.controllers.pod_readiness import PodReadiness
from twin.kubernetes.controllers.spot import SpotInterruptions
from twin.kubernetes.controllers.volumes import Volumes

CONTROLLERS: Sequence[Controller] = (
    ApiEndpoints(),
    NodeGroups(),
    PodReadiness(),
    DevicePlugin(),
    SpotInterruptions(),
    Autoscaler(),
    Addons(),
    Volumes(),
    LoadBalancers(),
)
"""In the order in which they are called: the API server and nodes first, then what runs on them."""


def main() -> None:
    """Run until there is no reason to. Raises TwinError when the controllers of this cluster run already."""
    options = argparse.ArgumentParser(prog="python -m twin.kubernetes.controllers", description="Run the controllers.")
    options.add_argument("--cluster-folder", type=Path, required=True, help="the cluster's folder in the twin")
    folder: Path = options.parse_args().cluster_folder.absolute()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("botocore").setLevel(logging.WARNING)
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    parent = os.getppid()
    with only_one(folder):
        world, rounds, activity = world_of(folder, os.environ), Rounds(CONTROLLERS), Activity()
        activity.watch(world.api)
        run_until(ended, lambda: os.getppid() != parent, lambda: rounds.run(world), folder, activity)


if __name__ == "__main__":
    main()
