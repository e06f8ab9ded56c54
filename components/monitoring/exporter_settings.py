"""What the stack file says about the exporters that belong to metrics: images and sizes.

Units:  memory is MiB; CPU is thousandths of a core.
Errors: pydantic.ValidationError naming the field.
"""

from typing import Annotated

from pydantic import Field

from components.model import ImageByDigest, Model

KUBE_STATE_METRICS_IMAGE = (
    "registry.k8s.io/kube-state-metrics/kube-state-metrics"
    "@sha256:42cfe3723a5f058171c627537fb57a3ea0f26e4380fa18555a95cb1a1b4cfc5b"
)
"""v2.20.0."""
NODE_EXPORTER_IMAGE = (
    "quay.io/prometheus/node-exporter@sha256:0f422f62c15f154af8d8572b23d623aebfb10cec73a5c654d18f911f3f9df241"
)
"""v1.11.1."""
DCGM_EXPORTER_IMAGE = (
    "nvcr.io/nvidia/k8s/dcgm-exporter@sha256:a7ad6547d4546eaf4dd5d6b4c0b4db4101e63ef7dc3cdff7f42b767d2c60b706"
)
"""4.5.2-4.8.1, for amd64. All three were taken from what others published, not from the registries: see
docs/first-deployment.md."""


class KubeStateMetricsSettings(Model):
    """What the stack file says about kube-state-metrics."""

    image: ImageByDigest = Field(
        default=KUBE_STATE_METRICS_IMAGE,
        examples=["123456789012.dkr.ecr.eu-west-1.amazonaws.com/kube-state-metrics@sha256:" + "0" * 64],
    )
    """Its image by digest; absent, upstream's v2.20.0."""
    cpu_request_millicores: Annotated[int, Field(ge=10, le=2000)] = Field(default=20, examples=[20])
    """What its pod asks for; it may use five times as much for a while."""
    memory_mib: Annotated[int, Field(ge=64, le=4096)] = Field(default=128, examples=[256])
    """What its pod asks for and uses at most; it grows with the number of objects."""


class NodeExporterSettings(Model):
    """What the stack file says about the node exporter."""

    image: ImageByDigest = Field(
        default=NODE_EXPORTER_IMAGE,
        examples=["123456789012.dkr.ecr.eu-west-1.amazonaws.com/node-exporter@sha256:" + "0" * 64],
    )
    """Its image by digest; absent, upstream's v1.11.1."""


class DcgmExporterSettings(Model):
    """What the stack file says about NVIDIA's exporter of GPU metrics."""

    image: ImageByDigest = Field(
        default=DCGM_EXPORTER_IMAGE,
        examples=["123456789012.dkr.ecr.eu-west-1.amazonaws.com/dcgm-exporter@sha256:" + "0" * 64],
    )
    """Its image by digest; absent, NVIDIA's 4.5.2-4.8.1 for amd64."""


class ExportersSettings(Model):
    """What the stack file says about what tells Prometheus of the cluster, its nodes and their GPUs."""

    kube_state_metrics: KubeStateMetricsSettings = Field(default=KubeStateMetricsSettings(), examples=[{}])
    """The objects of the cluster as series."""
    node_exporter: NodeExporterSettings = Field(default=NodeExporterSettings(), examples=[{}])
    """Each node's CPU, memory and disk."""
    dcgm_exporter: DcgmExporterSettings = Field(default=DcgmExporterSettings(), examples=[{}])
    """Each GPU's use, memory, heat and errors; on GPU nodes alone."""
