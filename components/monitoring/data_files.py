"""The data beside this package: rules, objectives, dashboards. It is part of the program, as its code is."""

from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import yaml

DATA = files("components.monitoring") / "data"


def documents(folder: str) -> Iterator[tuple[str, Any]]:
    """Give what each YAML file of a folder holds, by its name without the ending, in the order of the names."""
    for entry in sorted((DATA / folder).iterdir(), key=lambda entry: entry.name):
        name, _, ending = entry.name.rpartition(".")
        if ending == "yaml":
            yield name, yaml.safe_load(entry.read_text("utf-8"))


def document(name: str) -> Any:
    """Return what one YAML file holds."""
    return yaml.safe_load((DATA / f"{name}.yaml").read_text("utf-8"))


def written(content: Any) -> str:
    """Return YAML, the same text for the same content, as a person would write it: expressions over several lines."""
    return yaml.dump(content, Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=True)


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's own signature
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)
