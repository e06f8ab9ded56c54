"""What AWS does in and beside an EKS cluster, and what simulated pods would do: one process a cluster, a module each.

`loop.py` is the frame, `__main__.py` the process and the list of controllers.
"""
