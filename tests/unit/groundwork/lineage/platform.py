"""A tracking server, S3, ECR and STS on loopback, as far as a chain asks them; one whole version is in it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import yaml

from groundwork.lineage.tags import COMMIT, DATA, IMAGE, REPOSITORY
from tests.support import loopback
from tests.support.git import git

ACCOUNT = "111122223333"
REGION = "eu-west-1"
RUN_ID = "5f1e"
DIGEST = f"sha256:{'ab' * 32}"
IMAGE_URI = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/groundwork-dev-training@{DIGEST}"
MD5 = "2925c4a8cd201c79d97d3d283429ef23"
DVC_BUCKET = f"groundwork-dev-dvc-{ACCOUNT}-{REGION}"
DVC_KEY = f"teams/vision/files/md5/{MD5[:2]}/{MD5[2:]}"
ADDRESS = f"s3://{DVC_BUCKET}/{DVC_KEY}"
ARTIFACTS = f"groundwork-dev-artifacts-{ACCOUNT}-{REGION}"
FOLDER = "workspaces/vision/1/models/m-1/artifacts"
ARTIFACT_URI = f"mlflow-artifacts:/{FOLDER}"
KMS_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/of-artifacts"
REPOSITORY_URL = "https://github.com/vision/wine.git"
USER, PASSWORD = "vision-data-scientist", "a-password"
IDENTITY = (
    f"<GetCallerIdentityResponse><GetCallerIdentityResult><Account>{ACCOUNT}</Account>"
    "</GetCallerIdentityResult></GetCallerIdentityResponse>"
)
ML_MODEL = {
    "run_id": RUN_ID,
    "flavors": {
        "python_function": {"env": {"conda": "conda.yaml"}, "model_path": "model.skops", "data": "data"},
    },
}


@dataclass
class Platform:
    """What is there. A test takes away what it is about."""

    url: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    run: dict[str, Any] | None = None
    run_tags: dict[str, str] = field(default_factory=dict)
    version: dict[str, Any] = field(default_factory=dict)
    experiment_workspace: str = "vision"
    files: dict[str, bytes] = field(default_factory=dict)
    """Of the model, by path, as the tracking server has them."""
    objects: dict[str, tuple[bytes, dict[str, str]]] = field(default_factory=dict)
    """In S3: content and headers by `bucket/key`."""
    refused: set[str] = field(default_factory=set)
    """Buckets, and services, that answer 403."""
    images: set[str] = field(default_factory=set)
    seen: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    """Path, workspace and credentials of each request to the tracking server."""

    def put_model(self, described: dict[str, Any], *names: str) -> None:
        """Put the files of a model, in the server and in its object store."""
        self.files = dict.fromkeys(names, b"content") | {"MLmodel": yaml.safe_dump(described).encode()}
        headers = {"x-amz-server-side-encryption": "aws:kms", "x-amz-server-side-encryption-aws-kms-key-id": KMS_KEY}
        self.objects |= {
            f"{ARTIFACTS}/mlflow/{FOLDER}/{name}": (content, headers) for name, content in self.files.items()
        }


def whole(commit: str) -> Platform:
    """The version `wine/1`, with everything that it names."""
    tags = {COMMIT: commit, REPOSITORY: REPOSITORY_URL, IMAGE: IMAGE_URI, DATA + "wine.csv": ADDRESS}
    info = {
        "experiment_id": "1",
        "run_id": RUN_ID,
        "run_name": "calm-owl",
        "status": "FINISHED",
        "lifecycle_stage": "active",
        "end_time": 1795802700061,
        "user_id": USER,
    }
    data = {"params": [{"key": "alpha", "value": "0.01"}], "metrics": [{"key": "accuracy", "value": 0.987654321}]}
    version = {"name": "wine", "version": "1", "run_id": RUN_ID, "source": "models:/m-1", "aliases": ["candidate"]}
    made = Platform(tags=tags, run={"info": info, "data": data}, run_tags=dict(tags), version=version)
    made.objects[f"{DVC_BUCKET}/{DVC_KEY}"] = (b"a,b\n1,2\n", {})
    made.images.add(DIGEST)
    made.put_model(ML_MODEL, "model.skops", "conda.yaml", "data/rows/first.csv")
    return made


@contextmanager
def serving(platform: Platform) -> Iterator[Platform]:
    """Serve it on a port of loopback."""
    with loopback.serving(type("Handler", (_Handler,), {"platform": platform})) as place:
        platform.url = f"http://{place}"
        yield platform


class _Handler(BaseHTTPRequestHandler):
    platform: Platform

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
        """Say nothing."""

    def do_GET(self) -> None:
        if self.path.startswith("/api/"):
            self._tracking()
        else:
            self._object()

    do_HEAD = do_GET  # noqa: N815

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if "X-Amz-Target" in self.headers:
            self._ecr(json.loads(body))
        else:
            self._answer(200, IDENTITY.encode())

    def _tracking(self) -> None:
        url = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        asked = url.path.removeprefix("/api/2.0/")
        platform = self.platform
        workspace, credentials = self.headers["X-MLFLOW-WORKSPACE"], self.headers["Authorization"]
        platform.seen.append((asked, workspace, credentials))
        if credentials is None:
            self._answer(401, b"You are not authenticated.")
        elif workspace != "vision":
            self._answer(403, b"Permission denied")
        elif asked.startswith("mlflow-artifacts/artifacts/"):
            self._file(unquote(asked.removeprefix(f"mlflow-artifacts/artifacts/{FOLDER}/")))
        else:
            self._entity(asked, query)

    def _entity(self, asked: str, query: dict[str, str]) -> None:
        platform = self.platform
        tagged = [{"key": key, "value": value} for key, value in platform.tags.items()]
        match asked, query:
            case "mlflow/model-versions/get", {"name": "wine", "version": "1"}:
                self._json({"model_version": platform.version | {"tags": tagged}})
            case "mlflow/registered-models/alias", {"name": "wine", "alias": "candidate"}:
                self._json({"model_version": platform.version | {"tags": tagged}})
            case "mlflow/model-versions/get-download-uri", _:
                self._json({"artifact_uri": ARTIFACT_URI})
            case "mlflow/runs/get", {"run_id": run_id} if platform.run and run_id == RUN_ID:
                tags = [{"key": key, "value": value} for key, value in platform.run_tags.items()]
                data = platform.run["data"] | {"tags": tags}
                self._json({"run": platform.run | {"data": data}})
            case "mlflow/experiments/get", {"experiment_id": "1"}:
                self._json({"experiment": {"name": "wine", "workspace": platform.experiment_workspace}})
            case "mlflow-artifacts/artifacts", {"path": path}:
                self._json({"files": list(self._listed(path.removeprefix(FOLDER).strip("/")))})
            case "mlflow/runs/get", _:
                self._answer(403, b"Permission denied")
            case _:
                self._json({"error_code": "RESOURCE_DOES_NOT_EXIST", "message": f"no {asked}"}, 404)

    def _listed(self, under: str) -> Iterator[dict[str, Any]]:
        """One level of a folder, as MLflow lists it: no deeper."""
        prefix = f"{under}/" if under else ""
        seen = set()
        for name, content in self.platform.files.items():
            if name.startswith(prefix):
                first, *rest = name.removeprefix(prefix).split("/")
                if first not in seen:
                    seen.add(first)
                    yield {"path": first, "is_dir": bool(rest)} | ({} if rest else {"file_size": len(content)})

    def _file(self, name: str) -> None:
        found = self.platform.files.get(name)
        self._answer(404 if found is None else 200, found or b"")

    def _object(self) -> None:
        key = unquote(urlsplit(self.path).path).lstrip("/")
        if key.split("/")[0] in self.platform.refused:
            self._answer(403, b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")
        elif key in self.platform.objects:
            content, headers = self.platform.objects[key]
            self._answer(200, content, headers)
        else:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")

    def _ecr(self, asked: dict[str, Any]) -> None:
        wanted = asked["imageIds"][0]["imageDigest"]
        if "ecr" in self.platform.refused:
            self._json({"__type": "AccessDeniedException", "message": "not authorized"}, 400)
        elif asked["repositoryName"] != "groundwork-dev-training":
            self._json({"__type": "RepositoryNotFoundException", "message": "no"}, 400)
        elif wanted not in self.platform.images:
            self._json({"__type": "ImageNotFoundException", "message": "no"}, 400)
        else:
            detail = {"imageDigest": wanted, "imageTags": ["2026-11"], "imagePushedAt": 1795802700}
            self._json({"imageDetails": [detail]})

    def _json(self, document: Any, status: int = 200) -> None:
        self._answer(status, json.dumps(document).encode())

    def _answer(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def repository(folder: Path) -> str:
    """Make a clone whose commit holds the data's pointer and is on the remote's branch; its commit id."""
    bare, clone = folder / "remote.git", folder / "clone"
    folder.mkdir(exist_ok=True)
    git(folder, "init", "-q", "--bare", bare)
    git(folder, "init", "-q", clone)
    pointer = {"outs": [{"md5": MD5, "size": 8, "hash": "md5", "path": "wine.csv"}]}
    (clone / "wine.csv.dvc").write_text(yaml.safe_dump(pointer))
    git(clone, "add", "wine.csv.dvc")
    git(clone, "commit", "-q", "-m", "Wines")
    git(clone, "remote", "add", "origin", bare)
    git(clone, "push", "-q", "origin", "HEAD:main")
    git(clone, "remote", "set-url", "origin", "git@github.com:vision/wine.git")
    return git(clone, "rev-parse", "HEAD")
