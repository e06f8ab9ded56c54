"""What the platform adds to MLflow: run by the Jobs and the sidecar of the tracking server."""
