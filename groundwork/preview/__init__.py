"""The report of a pull request: what its head changes against what its base has built, for each environment."""
