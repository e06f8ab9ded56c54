"""What `pulumi up` runs."""

from stacks.exports import export
from stacks.settings import load_settings
from stacks.wiring import build

export(build(load_settings()))
