"""Where a server in a pod listens, if people come to it by `kubectl port-forward`.

The kubelet's container runtime enters the pod's network namespace and dials its loopback address, so that a server that
listens at the pod's own address alone refuses it. Network policies hold at the pod's address as before.

Source: containerd, internal/cri/server/sandbox_portforward_linux.go (IPv4 first).
"""

ANY_ADDRESS = "0.0.0.0"  # noqa: S104 - of the pod's network namespace
