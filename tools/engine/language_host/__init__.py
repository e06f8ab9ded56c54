"""The server that runs Python programs for the engine. `host.py` is copied beside the engine and runs alone."""
