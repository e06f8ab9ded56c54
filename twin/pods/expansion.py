"""`$(NAME)` in a container's command, arguments and environment variables.

Source: Kubernetes documentation, "Define Dependent Environment Variables"; k8s.io/kubernetes,
third_party/forked/golang/expansion: a name that is not known stays as it is written, `$$` is one `$`.
"""

import re
from collections.abc import Mapping

_REFERENCE = re.compile(r"\$(?:\$|\(([^)]*)\))")


def expand(text: str, variables: Mapping[str, str]) -> str:
    """The text with its references replaced.

    >>> expand("$(A)-$(B)-$$(A)-$A-$(A", {"A": "1"})
    '1-$(B)-$(A)-$A-$(A'
    """

    def value(found: re.Match[str]) -> str:
        if found[0] == "$$":
            return "$"
        return variables.get(found[1], found[0])

    return _REFERENCE.sub(value, text)
