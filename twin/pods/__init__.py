"""Pods of a cluster as processes of this machine: what the API server holds is run, nothing is made up beside it."""
