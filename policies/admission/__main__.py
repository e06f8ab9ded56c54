"""`python -m policies.admission` prints the module that holds the data of the admission policies."""

import json
import sys
from typing import Final

from policies.admission.manifests import data

_HEAD: Final = '''\
"""The rules about pods and images, as the API server checks them. `python -m policies.admission` writes it."""

from collections.abc import Mapping
from typing import Any, Final

RULES: Final[Mapping[str, Any]] = '''


def rendered() -> str:
    """Return the module. What JSON has but for numbers, truth and null is Python as well."""
    return _HEAD + json.dumps(data(), indent=4) + "\n"


if __name__ == "__main__":
    sys.stdout.write(rendered())
