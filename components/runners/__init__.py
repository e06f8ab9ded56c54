"""Where the jobs of a pipeline run: ephemeral runners inside the platform's own network."""
