"""The twin's Kubernetes provider: the engine's provider protocol in the place of `pulumi-resource-kubernetes`.

Described in docs/provider.md.
"""
