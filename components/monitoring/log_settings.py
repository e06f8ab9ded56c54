"""What the stack file says about the logs of pods.

Units:  days, MiB.
Errors: pydantic.ValidationError naming the field.
"""

from typing import Annotated, Self

from pydantic import Field, model_validator

from components.model import ImageByDigest, Model
from components.monitoring.log_classes import DEFAULT_LOG_CLASS
from components.monitoring.search_settings import SearchSettings
from components.retention import FromOneMonth
from components.tags import LogClass

IMAGE = "cr.fluentbit.io/fluent/fluent-bit@sha256:c5542543523c9678398dd78d927c05e8425ec15b038f226b67b3b019b1a70845"
"""v5.1.3. Taken from what others pin, not from the registry: see docs/first-deployment.md."""


class LogsSettings(Model):
    """What the stack file says about the logs of pods."""

    image: ImageByDigest = Field(
        default=IMAGE, examples=["123456789012.dkr.ecr.eu-west-1.amazonaws.com/fluent-bit@sha256:" + "0" * 64]
    )
    """Fluent Bit's image by digest; absent, upstream's v5.1.3."""
    retention_in_days: Annotated[dict[LogClass, FromOneMonth], Field(min_length=1)] = Field(
        default={"internal": 90, "confidential": 365}, examples=[{"internal": 30, "confidential": 90}]
    )
    """The data classes that have a log group, and for how many days it keeps what pods said. A namespace says its class
    by the label `groundwork.io/data-class`."""
    default_class: LogClass = Field(default=DEFAULT_LOG_CLASS, examples=["confidential"])
    """The class of a namespace that says none, or one without a log group."""
    memory_mib: Annotated[int, Field(ge=64, le=1024)] = Field(default=128, examples=[128])
    """What Fluent Bit asks for on each node, and uses at most twice."""
    buffer_mib: Annotated[int, Field(ge=64, le=20480)] = Field(default=512, examples=[512])
    """How much of each node's disk may hold what CloudWatch has not taken yet; beyond it the oldest goes."""
    opensearch: SearchSettings | None = Field(default=None, examples=[None])
    """A search domain with dashboards for the same lines; absent, CloudWatch alone has them."""
    protect: bool = Field(default=True, examples=[True])
    """The engine refuses to delete the log groups."""

    @model_validator(mode="after")
    def _the_default_has_a_group(self) -> Self:
        if self.default_class not in self.retention_in_days:
            raise ValueError(f"default_class {self.default_class} has no log group: add it to retention_in_days")
        return self

    @model_validator(mode="after")
    def _each_class_has_a_life_in_the_search_domain(self) -> Self:
        if self.opensearch and self.opensearch.days.keys() != self.retention_in_days.keys():
            raise ValueError(
                f"opensearch.days names {', '.join(sorted(self.opensearch.days))}, and retention_in_days "
                f"{', '.join(sorted(self.retention_in_days))}: each line goes to both, so name the same classes, as in "
                f"days: {dict.fromkeys(sorted(self.retention_in_days), 14)}"
            )
        return self
