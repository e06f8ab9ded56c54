"""Prometheus and Alertmanager with their command lines: what monitoring is tried with on a development machine."""
