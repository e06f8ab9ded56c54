"""The database behind the experiment and model registry."""
