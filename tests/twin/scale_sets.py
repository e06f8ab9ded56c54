"""What Actions Runner Controller does with a scale set, as far as the cluster sees it: nothing of it runs here.

Each object is made of the scale set that the API server holds, as the controller's resource builder does, and put there
with the token of the controller's own service account: what it may not do, fails as it would for the controller.

Source: Actions Runner Controller 0.14.2, controllers/actions.github.com/resourcebuilder.go.
"""

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twin.kubernetes import service_accounts
from twin.kubernetes.client import Client

API_VERSION = "actions.github.com/v1alpha1"
RBAC = "rbac.authorization.k8s.io/v1"
REGISTRATION = "ACTIONS_RUNNER_INPUT_JITCONFIG"
SCALE_SET_ID = 1
Manifest = dict[str, Any]


@dataclass(frozen=True)
class Controller:
    """The controller of a pool's namespace."""

    api: Client
    namespace: str
    scale_set: str

    @classmethod
    def of(cls, folder: Path, admin: Client, namespace: str, scale_set: str) -> "Controller":
        """Sign in as the pool's service account."""
        return cls(service_accounts.client(folder, admin, namespace, "controller"), namespace, scale_set)

    def read(self) -> Manifest:
        """Return the scale set, as the API server holds it."""
        held = self.api.get(API_VERSION, "AutoscalingRunnerSet", self.scale_set, self.namespace)
        assert held is not None, f"there is no scale set {self.scale_set} in {self.namespace}"
        return held

    def register(self) -> Manifest:
        """Do what it does first with a scale set: keep its id, guard it, make the set of its runners and the listener.

        Returns the set of runners.
        """
        held = self.read()
        metadata = {
            "annotations": {"actions.github.com/runner-scale-set-id": str(SCALE_SET_ID)},
            "finalizers": ["autoscalingrunnerset.actions.github.com/finalizer"],
        }
        self.api.patch(API_VERSION, "AutoscalingRunnerSet", self.scale_set, self.namespace, {"metadata": metadata})
        made = self.api.create(
            {
                "apiVersion": API_VERSION,
                "kind": "EphemeralRunnerSet",
                "metadata": self._metadata(f"{self.scale_set}-abcde"),
                "spec": {"patchID": 0, "replicas": 0, "ephemeralRunnerSpec": self._runner_spec(held)},
            }
        )
        self._make_listener(held, made["metadata"]["name"])
        return made

    def make_runner(self, name: str) -> Manifest:
        """Do what it does when GitHub has a job: an ephemeral runner, its registration, its pod. Returns the pod."""
        held = self.read()
        self.api.create(
            {
                "apiVersion": API_VERSION,
                "kind": "EphemeralRunner",
                "metadata": self._metadata(name),
                "spec": self._runner_spec(held),
            }
        )
        registration = {"jitToken": "cmVnaXN0cmF0aW9u", "runnerId": "MQ==", "runnerName": "cnVubmVy"}
        self.api.create({"apiVersion": "v1", "kind": "Secret", "metadata": self._metadata(name), "data": registration})
        return self.api.create(self.runner_pod(held, name))

    def runner_pod(self, held: Manifest, name: str) -> Manifest:
        """Return the pod of a runner: the template, and the variables that the controller adds."""
        template = copy.deepcopy(held["spec"]["template"])
        (container,) = [one for one in template["spec"]["containers"] if one["name"] == "runner"]
        reference = {"secretKeyRef": {"name": name, "key": "jitToken"}}
        container["env"] = [
            *container.get("env", ()),
            {"name": REGISTRATION, "valueFrom": reference},
            {"name": "GITHUB_ACTIONS_RUNNER_EXTRA_USER_AGENT", "value": "actions-runner-controller/0.14.2"},
            {"name": "ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE", "value": "1"},
        ]
        labels = {"actions-ephemeral-runner": "True", **template["metadata"].get("labels", {})}
        metadata = self._metadata(name) | {
            "labels": labels,
            "annotations": template["metadata"].get("annotations", {}),
        }
        return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}

    def end_runner(self, name: str) -> None:
        """Do what it does when a job is done: pod, registration and runner go."""
        self.api.delete("v1", "Pod", name, self.namespace)
        self.api.delete("v1", "Secret", name, self.namespace)
        self.api.delete(API_VERSION, "EphemeralRunner", name, self.namespace)

    def _make_listener(self, held: Manifest, runner_set: str) -> None:
        """Make the listener, its account, its role in the namespace, its configuration and its pod."""
        name = f"{self.scale_set}-listener"
        image = "000000000000.dkr.ecr.eu-west-1.amazonaws.com/groundwork-dev-runner-controller@sha256:" + "b2" * 32
        spec = {
            **_at_github(held),
            "runnerScaleSetId": SCALE_SET_ID,
            "autoscalingRunnerSetName": self.scale_set,
            "autoscalingRunnerSetNamespace": self.namespace,
            "ephemeralRunnerSetName": runner_set,
            "minRunners": held["spec"]["minRunners"],
            "maxRunners": held["spec"]["maxRunners"],
            "image": image,
            "template": held["spec"]["listenerTemplate"],
        }
        metadata = self._metadata(name)
        self.api.create({"apiVersion": API_VERSION, "kind": "AutoscalingListener", "metadata": metadata, "spec": spec})
        self.api.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})
        rules = [
            {
                "apiGroups": ["actions.github.com"],
                "resources": ["ephemeralrunnersets"],
                "resourceNames": [runner_set],
                "verbs": ["patch"],
            },
            {
                "apiGroups": ["actions.github.com"],
                "resources": ["ephemeralrunners", "ephemeralrunners/status"],
                "verbs": ["patch"],
            },
        ]
        self.api.create({"apiVersion": RBAC, "kind": "Role", "metadata": metadata, "rules": rules})
        subject = {"kind": "ServiceAccount", "name": name, "namespace": self.namespace}
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}
        self.api.create(
            {"apiVersion": RBAC, "kind": "RoleBinding", "metadata": metadata, "roleRef": role, "subjects": [subject]}
        )
        configuration = {"config.json": "e30="}
        self.api.create({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": configuration})
        self.api.create(self._listener_pod(held, name, image))

    def _listener_pod(self, held: Manifest, name: str, image: str) -> Manifest:
        template = copy.deepcopy(held["spec"]["listenerTemplate"])
        (from_template,) = template["spec"].pop("containers")
        container = {
            "name": "listener",
            "image": image,
            "command": ["/ghalistener"],
            "env": [{"name": "LISTENER_CONFIG_PATH", "value": "/etc/gha-listener/config.json"}],
            "volumeMounts": [{"name": "listener-config", "mountPath": "/etc/gha-listener", "readOnly": True}],
            "resources": from_template["resources"],
            "securityContext": from_template["securityContext"],
        }
        labels = {"app.kubernetes.io/component": "runner-scale-set-listener"}
        metadata = self._metadata(name)
        metadata |= {
            "labels": {**template["metadata"].get("labels", {}), **labels},
            "annotations": template["metadata"].get("annotations", {}),
        }
        spec = {
            "serviceAccountName": name,
            "nodeSelector": {"kubernetes.io/os": "linux"},
            "containers": [container],
            "volumes": [{"name": "listener-config", "secret": {"secretName": name}}],
            **template["spec"],
        }
        return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}

    def _metadata(self, name: str) -> Manifest:
        return {"name": name, "namespace": self.namespace}

    def _runner_spec(self, held: Manifest) -> Manifest:
        return {**_at_github(held), "runnerScaleSetId": SCALE_SET_ID, **copy.deepcopy(held["spec"]["template"])}


def _at_github(held: Manifest) -> Manifest:
    return {key: held["spec"][key] for key in ("githubConfigUrl", "githubConfigSecret")}
