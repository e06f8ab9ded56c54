"""Kubernetes' control plane, etcd, kwok (which plays the nodes) and kubectl, by two ways."""
