"""The log groups of pods: one a data class, by which a line's namespace says how sensitive it is.

Source: CloudWatch Logs user guide, "Working with log groups and log streams".
"""

from typing import Final

from components.naming import physical_name
from components.tags import LogClass

DEFAULT_LOG_CLASS: Final[LogClass] = "confidential"
GROUP_LIMIT: Final = 500


def log_group_name(environment: str, log_class: str) -> str:
    """Return the log group of a data class, such as `/pods/groundwork-dev-confidential`.

    It holds the environment's own beginning of names, by which the pipeline's rights know what is ours.
    """
    return f"/pods/{physical_name(environment, log_class, limit=GROUP_LIMIT)}"
