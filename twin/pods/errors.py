"""What keeps a pod from running as processes, in the words of whoever refused it: kubelet's, the driver's, AWS'."""

from twin.errors import TwinError


class PodError(TwinError):
    """A pod cannot be run: what, of which pod, and what to do. Its text is printed as it is; it holds no secret."""
