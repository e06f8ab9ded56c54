"""The cluster of the twin: what speaks to the Kubernetes API, and what stands in for EKS around a real one."""
