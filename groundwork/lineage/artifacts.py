"""The files of the model: of this run, complete, and in the object store under the platform's key.

The tracking server is asked for the files, since nobody else has a right to its part of the object store. Whoever does
have it is told the key as well.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

import yaml

from components.naming import bucket_name
from groundwork.lineage.aws import Aws, NotAnsweredError, found
from groundwork.lineage.link import Link, State
from groundwork.lineage.tracking import Tracking, UnavailableError

PROXIED: Final = "mlflow-artifacts"
PREFIX: Final = "mlflow/"
"""Where in the bucket of artifacts the tracking server keeps them."""
DESCRIPTION: Final = "MLmodel"


def check(tracking: Tracking, version: Mapping[str, Any], environment: str, aws: Aws) -> Link:
    """Look the files up. Raises GroundworkError."""
    source = str(version.get("source", ""))
    try:
        uri = tracking.get("model-versions/get-download-uri", name=version["name"], version=version["version"])
        address = str(uri["artifact_uri"])
        folder = urlsplit(address)
        if folder.scheme != PROXIED:
            return Link(
                "artifacts", State.UNCHECKED, "not behind the tracking server, which is all that is asked", address
            )
        path = folder.path.lstrip("/")
        files = tracking.artifact_files(path)
        described = yaml.safe_load(tracking.artifact(f"{path}/{DESCRIPTION}")) if DESCRIPTION in files else {}
    except UnavailableError as error:
        return Link("artifacts", State.BROKEN, f"not there, or not shown to {tracking.user} ({error})", source)
    state, said = _judged(files, described, str(version.get("run_id", "")))
    if state is not State.VERIFIED:
        return Link("artifacts", state, said, address)
    try:
        bucket = bucket_name(environment, "artifacts", aws.account_id, aws.region)
        return _in_the_store(Link("artifacts", state, said, address), bucket, PREFIX + path, files, aws)
    except NotAnsweredError as error:
        return Link("artifacts", state, said, address, {"key": f"not read: {error}"})


def _judged(files: Mapping[str, int], described: Mapping[str, Any], run_id: str) -> tuple[State, str]:
    if not files:
        return State.BROKEN, "no file is there"
    if DESCRIPTION not in files:
        return State.BROKEN, f"{len(files)} files, but no {DESCRIPTION}: it is no whole model"
    if absent := [name for name in _named(described) if not _is_there(name, files)]:
        return State.BROKEN, f"{DESCRIPTION} names {', '.join(absent)}, which is not there"
    if described.get("run_id") != run_id:
        return State.BROKEN, f"they are of the run {described.get('run_id')}, the version names {run_id or 'none'}"
    return State.VERIFIED, f"{len(files)} files, {sum(files.values()):,} bytes, of this run"


def _named(described: Mapping[str, Any]) -> Iterator[str]:
    """What MLmodel says is beside it.

    Source: MLflow documentation, "Python Function Model", configuration: `env`, `data`, `code`, `model_path`.
    """
    function = described.get("flavors", {}).get("python_function", {})
    environments = function.get("env") or {}
    yield from environments.values() if isinstance(environments, dict) else [environments]
    yield from (function[key] for key in ("data", "code", "model_path") if function.get(key))


def _is_there(name: str, files: Mapping[str, int]) -> bool:
    return name in files or any(file.startswith(f"{name.rstrip('/')}/") for file in files)


def _in_the_store(link: Link, bucket: str, folder: str, files: Mapping[str, int], aws: Aws) -> Link:
    """Look every file up in the bucket as well. Raises NotAnsweredError."""
    client, keys = aws.client("s3"), set[str]()
    location = {"object store": f"s3://{bucket}/{folder}"}
    for name in sorted(files):
        head = found(partial(client.head_object, Bucket=bucket, Key=f"{folder}/{name}"))
        if head is None:
            said = f"{name} is not in s3://{bucket}/{folder}: is it another environment (--env)?"
            return Link(link.name, State.BROKEN, said, link.value, location)
        if head.get("ServerSideEncryption") not in ("aws:kms", "aws:kms:dsse"):
            said = f"{name} is not encrypted with a KMS key in s3://{bucket}/{folder}"
            return Link(link.name, State.BROKEN, said, link.value, location)
        keys.add(head.get("SSEKMSKeyId", "the key of S3"))
    return Link(link.name, link.state, link.said, link.value, location | {"key": ", ".join(sorted(keys))})
