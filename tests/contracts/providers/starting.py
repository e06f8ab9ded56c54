"""What starting a provider takes, in processor time: seconds on the clock are of whatever else the machine does."""

import subprocess
import sys

import psutil

from tests.support.processes import spent

_LEAST = "import twin.providers.serve as s; s.without_the_sdk(); from pulumi.runtime.proto import provider_pb2_grpc"
"""What no provider process can do without."""
_TIMES = 3


def used_by(process: "subprocess.Popen[bytes]") -> float:
    """The processor time of a process that runs."""
    used = psutil.Process(process.pid).cpu_times()
    return float(used.user + used.system)


def least() -> float:
    """The processor time of a start that does nothing of its own: the longest, as of a machine with other work."""
    return max(spent(sys.executable, "-c", _LEAST)[0] for _ in range(_TIMES))
