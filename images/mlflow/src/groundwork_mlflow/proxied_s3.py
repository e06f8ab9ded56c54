"""Artifacts in S3, all of whose bytes go through the server.

MLflow's own repository for `s3:` offers clients presigned URLs as soon as it is behind a server, with no setting to
leave that out. Whoever has such a URL needs no permission of MLflow any more, and clients would have to reach the
object store themselves. This one does the same work and offers nothing of the kind.

Source: MLflow documentation, "MLflow Plugins" (`mlflow.artifact_repository`).
"""

from typing import Any

from mlflow.entities import FileInfo
from mlflow.store.artifact.artifact_repo import ArtifactRepository
from mlflow.store.artifact.s3_artifact_repo import S3ArtifactRepository


class ProxiedS3ArtifactRepository(ArtifactRepository):
    """MLflow's repository for S3, without the three ways around the server that it inherits."""

    def __init__(self, artifact_uri: str, *arguments: Any, **options: Any) -> None:
        super().__init__(artifact_uri, *arguments, **options)
        self._s3 = S3ArtifactRepository(artifact_uri, *arguments, **options)

    def log_artifact(self, local_file: str, artifact_path: str | None = None) -> None:
        """Upload one file."""
        self._s3.log_artifact(local_file, artifact_path)

    def log_artifacts(self, local_dir: str, artifact_path: str | None = None) -> None:
        """Upload the files of a folder."""
        self._s3.log_artifacts(local_dir, artifact_path)

    def list_artifacts(self, path: str | None = None) -> list[FileInfo]:
        """List what is directly under a path."""
        return list(self._s3.list_artifacts(path))

    def _download_file(self, remote_file_path: str, local_path: str) -> None:
        self._s3._download_file(remote_file_path, local_path)

    def delete_artifacts(self, artifact_path: str | None = None) -> None:
        """Delete what is under a path."""
        self._s3.delete_artifacts(artifact_path)

    def upload_archived_trace_data_bytes(self, data: bytes) -> None:
        """Upload the data of a trace that leaves the database."""
        self._s3.upload_archived_trace_data_bytes(data)
