"""What Kubernetes' cluster-autoscaler does, for one whose pod is simulated: see docs/twin.md.

`flags.py` reads its command line, `node_groups.py` finds its groups, `scale_up.py` and `scale_down.py` decide, and
twin/kubernetes/controllers/autoscaler.py does what they decide, with the rights of the autoscaler's own identity.

Source: kubernetes/autoscaler, cluster-autoscaler: FAQ.md and cloudprovider/aws/README.md.
"""
