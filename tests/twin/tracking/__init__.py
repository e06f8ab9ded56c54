"""The tracking server from the cluster's own manifest, with real clients, PostgreSQL over TLS, and IAM enforced."""
