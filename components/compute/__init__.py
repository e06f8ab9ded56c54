"""Machines for the cluster: managed node groups, with and without GPUs."""
