"""Artifacts in S3, all of whose bytes go through the server.

MLflow's own repository for `s3:` offers clients presigned URLs as soon as it is behind a server, with no setting to
leave that out. Whoever has such a URL needs no permission of MLflow any more, and clients would have to reach the
object store themselves. This one does the same work and offers nothing of the kind.

What the object store refuses becomes an error of MLflow's. Of any other the server makes an answer that names nothing,
and then ends the connection, on which the client may have asked for the next thing already.

Source: MLflow documentation, "MLflow Plugins" (`mlflow.artifact_repository`); boto3 documentation, "Error handling".
Errors: MlflowException RESOURCE_DOES_NOT_EXIST (404), TEMPORARILY_UNAVAILABLE (503), or INTERNAL_ERROR (500).
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError
from mlflow.entities import FileInfo
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INTERNAL_ERROR, RESOURCE_DOES_NOT_EXIST, TEMPORARILY_UNAVAILABLE
from mlflow.store.artifact.artifact_repo import ArtifactRepository
from mlflow.store.artifact.s3_artifact_repo import S3ArtifactRepository

NOT_FOUND, TOO_MANY, OWN_FAULT = 404, 429, 500
"""HTTP statuses of S3: nothing is there; slow down; from here on it is S3 that has failed."""


class ProxiedS3ArtifactRepository(ArtifactRepository):
    """MLflow's repository for S3, without the three ways around the server that it inherits."""

    def __init__(self, artifact_uri: str, *arguments: Any, **options: Any) -> None:
        super().__init__(artifact_uri, *arguments, **options)
        self._s3 = S3ArtifactRepository(artifact_uri, *arguments, **options)

    def log_artifact(self, local_file: str, artifact_path: str | None = None) -> None:
        """Upload one file."""
        with _told(f"did not take {Path(local_file).name}"):
            self._s3.log_artifact(local_file, artifact_path)

    def log_artifacts(self, local_dir: str, artifact_path: str | None = None) -> None:
        """Upload the files of a folder."""
        with _told(f"did not take {Path(local_dir).name}"):
            self._s3.log_artifacts(local_dir, artifact_path)

    def list_artifacts(self, path: str | None = None) -> list[FileInfo]:
        """List what is directly under a path."""
        with _told(f"did not list {path or 'the artifacts'}"):
            return list(self._s3.list_artifacts(path))

    def _download_file(self, remote_file_path: str, local_path: str) -> None:
        with _told(f"did not give {remote_file_path}"):
            self._s3._download_file(remote_file_path, local_path)

    def delete_artifacts(self, artifact_path: str | None = None) -> None:
        """Delete what is under a path."""
        with _told(f"did not delete {artifact_path or 'the artifacts'}"):
            self._s3.delete_artifacts(artifact_path)

    def upload_archived_trace_data_bytes(self, data: bytes) -> None:
        """Upload the data of a trace that leaves the database."""
        with _told("did not take the data of a trace"):
            self._s3.upload_archived_trace_data_bytes(data)


@contextmanager
def _told(what: str) -> Iterator[None]:
    try:
        yield
    except (Boto3Error, BotoCoreError, ClientError) as error:
        message = f"The object store {what}: {error}"
        logging.getLogger(__name__).warning(message)
        raise MlflowException(message, error_code=_code(error)) from error


def _code(error: BaseException) -> int:
    """Return MLflow's code. boto3's transfers hide the answer behind an error of their own."""
    answer = error if isinstance(error, ClientError) else error.__context__
    if not isinstance(answer, ClientError):
        return int(TEMPORARILY_UNAVAILABLE)  # nothing came back at all
    status = answer.response["ResponseMetadata"]["HTTPStatusCode"]
    if status == NOT_FOUND:
        return int(RESOURCE_DOES_NOT_EXIST)
    return int(TEMPORARILY_UNAVAILABLE if status == TOO_MANY or status >= OWN_FAULT else INTERNAL_ERROR)
