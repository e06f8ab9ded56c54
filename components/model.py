"""Base of every settings and args model, and the type of a value that another component may still be making."""

from typing import Annotated, TypeAlias

import pulumi
from pydantic import BaseModel, ConfigDict, Field

Wire: TypeAlias = str | pulumi.Output[str]
"""A string known now, or one the engine learns later. Not `pulumi.Input[str]`: pydantic cannot resolve it."""


class Model(BaseModel):
    """Base of settings and args: a misspelt key is rejected by name, and nothing changes after construction."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, arbitrary_types_allowed=True)


ImageByDigest: TypeAlias = Annotated[
    str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*(:[0-9]+)?(/[a-z0-9._-]+)+@sha256:[a-f0-9]{64}$")
]
"""A container image by its digest: a tag can come to mean another image, a digest cannot."""
