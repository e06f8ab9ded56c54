"""Before databases go: RDS' own deletion protection, which every database has, is lifted from those whose data may go.

Whoever answers for the data of the others lifts it by hand, as docs/architecture.md says.
"""

from collections.abc import Iterable, Mapping
from typing import Any


def disposable(state: Mapping[str, Any]) -> list[str]:
    """Return the identifiers of the databases in a state whose settings ask for no last snapshot."""
    return [
        resource["outputs"]["identifier"]
        for resource in state.get("resources", ())
        if resource["type"] == "aws:rds/instance:Instance"
        and resource.get("inputs", {}).get("skipFinalSnapshot") is True
        and "identifier" in resource.get("outputs", {})
    ]


def release(identifiers: Iterable[str], rds: Any) -> None:
    """Lift the deletion protection of databases, by a boto3 client of RDS. One that is gone already is left out."""
    for identifier in identifiers:
        try:
            rds.modify_db_instance(DBInstanceIdentifier=identifier, DeletionProtection=False, ApplyImmediately=True)
        except rds.exceptions.DBInstanceNotFoundFault:
            continue
