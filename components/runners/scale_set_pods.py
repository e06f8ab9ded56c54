"""The pods of a scale set: its controller, the Job of its credentials, and the templates of listener and runners.

All are restricted, and have requests and limits, since the namespace refuses others. A runner finds its own program in
the image's home folder and writes beside it, so the home is a volume that an init container fills from the image. No
container runs Docker: it would be root on its node.

The controller waits for a pod that has no place yet for as long as it takes, and so does a job at GitHub for a day. So
nothing here counts the time until a node is there: a pod's deadline begins when its node has taken it, and what only
fails (a GPU that is not announced yet) is made again, five times. A node is not emptied while a job runs on it.

Source: Actions Runner Controller 0.14.2, controllers/actions.github.com (resourcebuilder.go: what it adds to pods and
how a listener's template is merged; ephemeralrunner_controller.go: pods that wait, fail or are refused), chart
gha-runner-scale-set-controller (flags), Dockerfile (user); actions/runner, images/Dockerfile (user, home);
Kubernetes API, PodSpec (activeDeadlineSeconds); cluster autoscaler FAQ (safe-to-evict).
"""

import re
from typing import Any

from components.cluster.priority_classes import TRAINING
from components.labels import API_USE, GPU, NODE_POOL, labels
from components.mounted_secret import secret_volume
from components.pod_security import restricted_container, restricted_pod
from components.runners.scale_set_settings import ScaleSetSettings

APPLICATION = "actions-runner-controller"
CONTROLLER, CREDENTIALS, RUNNER = "controller", "credentials", "runner"
LISTENER = "listener"
LISTENER_COMPONENT = "runner-scale-set-listener"
"""What the controller says in its own label of a listener's pod."""
COMPONENT = "app.kubernetes.io/component"
SAFE_TO_EVICT = "cluster-autoscaler.kubernetes.io/safe-to-evict"
REGISTRATION_VARIABLE = "ACTIONS_RUNNER_INPUT_JITCONFIG"
"""How a runner gets its registration, good for one job: the controller knows no other way than a variable."""
GITHUB_SECRET = "github"  # noqa: S105 - the name of a Secret
SECRET_KEYS = ("github_app_id", "github_app_installation_id", "github_app_private_key")
SECRET_DIRECTORY = "/run/secrets/github"  # noqa: S105 - a folder
ACCOUNT_DIRECTORY = "/var/run/secrets/kubernetes.io/serviceaccount"
RUNNER_USER = 1001
NONROOT_USER = 65532
HOME = "/home/runner"
FILLED = "/home/filled"
PROBES_PORT = 8081
GRACE_SECONDS = 120
"""What a runner has to give its job up in: the notice of a spot machine."""
TMP_MOUNT = {"name": "tmp", "mount_path": "/tmp"}  # noqa: S108 - a volume of the pod


def controller_pod(settings: ScaleSetSettings, namespace: str) -> dict[str, Any]:
    """Return the pod of the controller, which watches its own namespace alone."""
    return _pod(CONTROLLER, NONROOT_USER, token=True) | {
        "priority_class_name": TRAINING,
        "termination_grace_period_seconds": 10,
        "containers": [
            {
                "name": "manager",
                "image": settings.controller_image,
                "command": ["/manager"],
                "args": [
                    "--auto-scaling-runner-set-only",
                    f"--watch-single-namespace={namespace}",
                    "--log-level=info",
                    "--log-format=json",
                    f"--health-probe-bind-address=:{PROBES_PORT}",
                    "--metrics-addr=0",
                    "--listener-metrics-addr=0",
                    "--listener-metrics-endpoint=",
                ],
                "env": [
                    {"name": "CONTROLLER_MANAGER_CONTAINER_IMAGE", "value": settings.controller_image},
                    {
                        "name": "CONTROLLER_MANAGER_POD_NAMESPACE",
                        "value_from": {"field_ref": {"field_path": "metadata.namespace"}},
                    },
                ],
                "liveness_probe": _probe("/healthz", 15),
                "readiness_probe": _probe("/readyz", 5),
                "resources": _resources("50m", "128Mi", cpu_limit="500m", memory_limit="512Mi"),
                "security_context": restricted_container(),
                "volume_mounts": [TMP_MOUNT],
            }
        ],
        "volumes": [_scratch("tmp", "64Mi")],
    }


def controller_metadata() -> dict[str, Any]:
    """Return the labels of the controller's pod, and why it has a token."""
    return _metadata(CONTROLLER, {API_USE: "makes runners, their registrations and the listener"})


def credentials_pod(settings: ScaleSetSettings) -> dict[str, Any]:
    """Return the pod that makes the Secret of what is mounted from Secrets Manager."""
    environment = {
        "CREDENTIALS_DIRECTORY": SECRET_DIRECTORY,
        "SECRET_NAME": GITHUB_SECRET,
        "ACCOUNT_DIRECTORY": ACCOUNT_DIRECTORY,
    }
    return _pod(CREDENTIALS, NONROOT_USER, token=True) | {
        "restart_policy": "Never",
        "containers": [
            {
                "name": CREDENTIALS,
                "image": settings.credentials_image,
                "command": ["groundwork-runner-credentials"],
                "env": [{"name": name, "value": value} for name, value in environment.items()],
                "resources": _resources("20m", "64Mi", cpu_limit="200m", memory_limit="128Mi"),
                "security_context": restricted_container(),
                "volume_mounts": [{"name": GITHUB_SECRET, "mount_path": SECRET_DIRECTORY, "read_only": True}],
            }
        ],
        "volumes": [secret_volume(GITHUB_SECRET, GITHUB_SECRET)],
    }


def credentials_metadata() -> dict[str, Any]:
    """Return the labels of the credentials' pod, and why it has a token."""
    return _metadata(CREDENTIALS, {API_USE: "makes the Secret by which the controller signs in to GitHub"})


def runner_template(settings: ScaleSetSettings) -> dict[str, Any]:
    """Return the template of runners, in the words of the API: a custom resource is not the SDK's to translate."""
    home = {"name": "home", "mount_path": HOME}
    template = {
        "metadata": _metadata(RUNNER, {SAFE_TO_EVICT: "false"}),
        "spec": _pod(RUNNER, RUNNER_USER, token=False)
        | {
            "restart_policy": "Never",
            "priority_class_name": TRAINING,
            "active_deadline_seconds": settings.job_timeout_minutes * 60,
            "termination_grace_period_seconds": GRACE_SECONDS,
            "node_selector": {NODE_POOL: settings.node_pool},
            "tolerations": [{"key": GPU, "operator": "Exists", "effect": "NoSchedule"}],
            "init_containers": [
                {
                    "name": "home",
                    "image": settings.image,
                    # Without the folder's own owner and times, which nobody but root may set on a volume.
                    "command": ["cp", "-R", f"{HOME}/.", FILLED],
                    "resources": _resources("100m", "256Mi", cpu_limit="1", memory_limit="256Mi"),
                    "security_context": restricted_container(),
                    "volume_mounts": [{"name": "home", "mount_path": FILLED}],
                }
            ],
            "containers": [
                {
                    "name": RUNNER,
                    "image": settings.image,
                    "command": [f"{HOME}/run.sh"],
                    "env": [{"name": "HOME", "value": HOME}],
                    "resources": _runner_resources(settings),
                    "security_context": restricted_container(),
                    "volume_mounts": [home, TMP_MOUNT],
                }
            ],
            "volumes": [_scratch("home", f"{settings.work_gib}Gi"), _scratch("tmp", f"{settings.work_gib}Gi")],
        },
    }
    words: dict[str, Any] = in_words_of_the_api(template)
    return words


def listener_template() -> dict[str, Any]:
    """Return what is added to the listener's pod. Of it the controller keeps its own account, image and configuration,
    and takes everything else from here."""
    template = {
        "metadata": _metadata(LISTENER, {SAFE_TO_EVICT: "true", API_USE: "says how many runners there are to be"}),
        "spec": {
            "restart_policy": "Never",
            "priority_class_name": TRAINING,
            "termination_grace_period_seconds": 60,
            "security_context": restricted_pod(NONROOT_USER),
            "containers": [
                {
                    "name": LISTENER,
                    "resources": _resources("20m", "64Mi", cpu_limit="200m", memory_limit="256Mi"),
                    "security_context": restricted_container(),
                }
            ],
        },
    }
    words: dict[str, Any] = in_words_of_the_api(template)
    return words


def in_words_of_the_api(tree: Any) -> Any:
    """Return a tree with its keys as the API writes them: `node_selector` is `nodeSelector` there."""
    if isinstance(tree, dict):
        return {_camel(key): in_words_of_the_api(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [in_words_of_the_api(value) for value in tree]
    return tree


def _camel(key: str) -> str:
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), key)


def _pod(account: str, user: int, *, token: bool) -> dict[str, Any]:
    return {
        "service_account_name": account,
        "automount_service_account_token": token,
        "security_context": restricted_pod(user),
    }


def _metadata(component: str, annotations: dict[str, str]) -> dict[str, Any]:
    return {"labels": labels(APPLICATION, component), "annotations": annotations}


def _runner_resources(settings: ScaleSetSettings) -> dict[str, Any]:
    asked = {"cpu": str(settings.cpu), "memory": f"{settings.memory_gib}Gi", GPU: str(settings.gpus)}
    return {"requests": asked, "limits": asked}


def _resources(cpu: str, memory: str, *, cpu_limit: str, memory_limit: str) -> dict[str, Any]:
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"cpu": cpu_limit, "memory": memory_limit}}


def _scratch(name: str, size: str) -> dict[str, Any]:
    return {"name": name, "empty_dir": {"size_limit": size}}


def _probe(path: str, delay: int) -> dict[str, Any]:
    return {"http_get": {"path": path, "port": PROBES_PORT}, "initial_delay_seconds": delay}
