"""What `pulumi up` runs."""

from stacks.process import short_lived

with short_lived():
    # Imported inside: the SDKs' thousands of classes are what the collector would look through.
    from stacks.exports import export
    from stacks.settings import load_settings
    from stacks.wiring import build

    export(build(load_settings()))
