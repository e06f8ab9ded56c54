"""Entries of a secret become files, whatever they are called."""

import json

import jmespath
import pytest

from components.mounted_secret import secret_class_spec


@pytest.mark.parametrize("entry", ["pager", "github_app_id", "vision-on-call", "24x7"])
def test_an_entry_is_found_by_its_name(entry: str) -> None:
    spec = secret_class_spec("eu-west-1", "groundwork-dev/some", [entry])
    (secret,) = json.loads(spec["parameters"]["objects"])
    (file,) = secret["jmesPath"]
    assert file["objectAlias"] == entry
    assert jmespath.search(file["path"], {entry: "value", "other": "no"}) == "value"
