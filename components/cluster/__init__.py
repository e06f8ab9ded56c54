"""The Kubernetes cluster: EKS control plane, who gets in, add-ons and their versions, upgrades."""
