"""Base of every settings and args model, and the type of a value that another component may still be making."""

from typing import TypeAlias

import pulumi
from pydantic import BaseModel, ConfigDict

Wire: TypeAlias = str | pulumi.Output[str]
"""A string known now, or one the engine learns later. Not `pulumi.Input[str]`: pydantic cannot resolve it."""


class Model(BaseModel):
    """Base of settings and args: a misspelt key is rejected by name, and nothing changes after construction."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, arbitrary_types_allowed=True)
