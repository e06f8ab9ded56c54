"""Manifests of a small server and a Job, whose program says what it has seen: of variables, files, AWS."""

import json
from typing import Any

NAMESPACE = "shop"
ACCOUNT = "clerk"
STRANGER = "stranger"
"""A service account whose role may read no secret."""
SECRET = "shop/database"
PASSWORD = "/tmp/pw of the api server"  # noqa: S108 - it looks like a path of the container and is none
LABELS = {"app": "counter"}
IMAGE = f"111122223333.dkr.ecr.eu-west-1.amazonaws.com/groundwork-test-counter@sha256:{'0' * 64}"
PROGRAM = """
import json, os, pathlib, stat, sys
from http.server import BaseHTTPRequestHandler, HTTPServer

import boto3

def seen():
    files = {}
    for folder in os.environ["FOLDERS"].split(","):
        for file in sorted(pathlib.Path(folder).rglob("*")):
            if file.is_file():
                name = os.path.join(os.path.basename(folder), str(file.relative_to(folder)))
                files[name] = [file.read_text(errors="replace"), oct(stat.S_IMODE(file.stat().st_mode))]
    try:
        who = boto3.client("sts").get_caller_identity()["Arn"]
    except Exception as error:
        who = f"{type(error).__name__}: {error}"
    here = {"cwd": os.getcwd(), "pid": os.getpid(), "arguments": sys.argv[1:], "who": who}
    return {"environment": dict(os.environ), "files": files, **here}

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(seen()).encode())

if sys.argv[1] == "serve":
    print("listening", flush=True)
    HTTPServer((sys.argv[2], int(sys.argv[3])), Handler).serve_forever()
print(json.dumps(seen()))
"""


def objects() -> list[dict[str, Any]]:
    """What the pods refer to."""
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
        _held("ServiceAccount", ACCOUNT),
        _held("ServiceAccount", STRANGER),
        _held("ConfigMap", "settings", data={"COLOUR": "green", "SIZE": "9"}),
        _held("ConfigMap", "program", data={"program.py": PROGRAM}),
        _held("Secret", "login", stringData={"password": PASSWORD}),
        _held("Service", "counter", spec={"selector": LABELS, "ports": [{"port": 80, "targetPort": "http"}]}),
    ]


def secrets() -> dict[str, Any]:
    """The secret of Secrets Manager as the pods mount it: whole, and one part of it."""
    of_secret = [
        {"objectName": SECRET, "objectType": "secretsmanager", "objectAlias": "whole", "jmesPath": [
            {"path": "password", "objectAlias": "password"},
        ]}
    ]  # fmt: skip
    spec = {"provider": "aws", "parameters": {"usePodIdentity": "true", "objects": json.dumps(of_secret)}}
    return {**_held("SecretProviderClass", "database", spec=spec), "apiVersion": "secrets-store.csi.x-k8s.io/v1"}


def container(**more: Any) -> dict[str, Any]:
    """A container with variables and files of every kind."""
    return {
        "name": "main",
        "image": IMAGE,
        "env": [
            {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
            {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "login", "key": "password"}}},
            {"name": "ONE_COLOUR", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "COLOUR"}}},
            {"name": "PEER", "value": "http://counter.shop.svc.cluster.local/$(ONE_COLOUR)"},
            {"name": "AUTHORITY", "value": "/etc/groundwork/rds-ca.pem"},
            {"name": "FOLDERS", "value": "/etc/login,/etc/settings,/var/run/info,/mnt/database"},
        ],
        "envFrom": [{"configMapRef": {"name": "settings"}, "prefix": "SHOP_"}],
        "volumeMounts": [
            {"name": "program", "mountPath": "/app"},
            {"name": "login", "mountPath": "/etc/login", "readOnly": True},
            {"name": "settings", "mountPath": "/etc/settings"},
            {"name": "info", "mountPath": "/var/run/info"},
            {"name": "database", "mountPath": "/mnt/database", "readOnly": True},
            {"name": "scratch", "mountPath": "/tmp"},  # noqa: S108 - in the container
        ],
        **more,
    }


def volumes() -> list[dict[str, Any]]:
    """What the container mounts."""
    info = [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels['app']"}}]
    return [
        {"name": "program", "configMap": {"name": "program"}},
        {"name": "login", "secret": {"secretName": "login"}},
        {"name": "settings", "configMap": {"name": "settings", "items": [{"key": "SIZE", "path": "in/size"}]}},
        {"name": "info", "projected": {"sources": [{"downwardAPI": {"items": info}}]}},
        {"name": "scratch", "emptyDir": {}},
        {
            "name": "database",
            "csi": {
                "driver": "secrets-store.csi.k8s.io",
                "readOnly": True,
                "volumeAttributes": {"secretProviderClass": "database"},
            },
        },
    ]


def pod(*containers: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The spec of a pod of these containers."""
    return {"serviceAccountName": ACCOUNT, "containers": list(containers), "volumes": volumes(), **more}


def deployment(name: str, spec: dict[str, Any], labels: dict[str, str] = LABELS) -> dict[str, Any]:
    """One pod with this spec, again and again."""
    template = {"metadata": {"labels": labels}, "spec": spec}
    made = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    return {**_held("Deployment", name, spec=made), "apiVersion": "apps/v1"}


def job(name: str, spec: dict[str, Any], **more: Any) -> dict[str, Any]:
    """One pod with this spec, once."""
    made = {"template": {"spec": {"restartPolicy": "Never", **spec}}, **more}
    return {**_held("Job", name, spec=made), "apiVersion": "batch/v1"}


def server(**more: Any) -> dict[str, Any]:
    """The container as a server with a readiness probe."""
    return container(
        command=["python"],
        args=["/app/program.py", "serve", "$(POD_IP)", "8080", "--colour=$(SHOP_COLOUR)", "$$(POD_IP)", "$(NOBODY)"],
        ports=[{"name": "http", "containerPort": 8080}],
        readinessProbe={"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 1},
        **more,
    )


def _held(kind: str, name: str, **content: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": NAMESPACE}, **content}
