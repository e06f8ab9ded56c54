"""Installs what Groundwork runs on. Standard library only: it works before any environment exists."""
