"""What of a pod is known: all else is named, nothing is passed over."""

from typing import Any

import pytest

from tests.unit.twin.pods.support import CONTAINER, POD
from twin.pods import supported
from twin.pods.errors import PodError


def pod(**spec: Any) -> dict[str, Any]:
    return {**POD, "spec": {**POD["spec"], **spec}}


def test_a_pod_as_the_platform_writes_it_is_known() -> None:
    probe = {"httpGet": {"path": "/", "port": 1}, "periodSeconds": 1}
    main = {
        **CONTAINER,
        "securityContext": {"readOnlyRootFilesystem": True},
        "readinessProbe": probe,
        "lifecycle": {"preStop": {"sleep": {"seconds": 1}}},
        "volumeMounts": [{"name": "v", "mountPath": "/v", "readOnly": True}],
    }
    supported.check(pod(containers=[main], topologySpreadConstraints=[{}], securityContext={"runAsNonRoot": True}))


@pytest.mark.parametrize(
    ("spec", "named"),
    [
        ({"hostNetwork": True}, "spec.hostNetwork"),
        ({"shareProcessNamespace": True}, "spec.shareProcessNamespace"),
        ({"aFieldOfTomorrow": 1}, "spec.aFieldOfTomorrow"),
        ({"containers": [{**CONTAINER, "stdin": True}]}, r"containers\[main\].stdin"),
        ({"containers": [{**CONTAINER, "lifecycle": {"postStart": {"exec": {}}}}]}, "lifecycle.postStart"),
        ({"containers": [{**CONTAINER, "readinessProbe": {"grpc": {"port": 1}}}]}, "readinessProbe.grpc"),
        ({"initContainers": [{**CONTAINER, "volumeDevices": [{}]}]}, r"initContainers\[main\].volumeDevices"),
    ],
)
def test_what_is_not_modelled_is_named(spec: dict[str, Any], named: str) -> None:
    with pytest.raises(PodError, match=f"Pod shop/counter-1 cannot run as processes; not modelled: .*{named}"):
        supported.check(pod(**spec))


def test_what_asks_for_nothing_is_no_matter() -> None:
    supported.check(pod(hostNetwork=False, ephemeralContainers=[]))
