"""The programs of monitoring that are tried on a development machine."""
