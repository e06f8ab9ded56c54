"""The twin's AWS provider: answers the engine's provider protocol with boto3 calls.

A resource type is a table (`twin.providers.aws.types`), one small engine (`twin.providers.aws.lifecycle`) serves them
all. How to add a type is in docs/provider.md.
"""
