"""Object stores and container registries."""
