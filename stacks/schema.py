"""The JSON Schema of a stack file, for editors: `python -m stacks.schema` writes it to settings.schema.json."""

import json
from pathlib import Path
from typing import Any

from stacks.problems import ROOT
from stacks.settings import StackSettings

FILE = Path(__file__).parent.parent / "settings.schema.json"


def stack_file_schema() -> dict[str, Any]:
    """Return the schema of `Pulumi.<environment>.yaml`; what is not ours in such a file is left to Pulumi."""
    settings = StackSettings.model_json_schema()
    definitions = settings.pop("$defs")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Stack file of Groundwork",
        "type": "object",
        "required": ["config"],
        "properties": {
            "config": {
                "type": "object",
                "required": [ROOT],
                "properties": {ROOT: settings},
            }
        },
        "$defs": definitions,
    }


def rendered() -> str:
    """Return the text of settings.schema.json."""
    return json.dumps(stack_file_schema(), indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    FILE.write_text(rendered(), encoding="utf-8")
