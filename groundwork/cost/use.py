"""How much an environment is used: what is charged by volume, as stated assumptions a month.

`use/default.json` holds the assumptions of every environment, `use/<environment>.json` what differs there, and a file
of one's own what differs again; each names only what it changes.

Units:  in the names; GB as AWS bills them, requests and events as such.
Errors: GroundworkError for a file that cannot be used.
"""

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field, ValidationError, model_validator

from components.model import Model
from groundwork.errors import GroundworkError

FOLDER: Final = Path(__file__).parent / "use"
DEFAULT: Final = "default"

Amount = Annotated[Decimal, Field(ge=0)]


class Measure(Model):
    """An amount for each resource that has it; a plain number in a file is the same for all."""

    each: Amount = Decimal(0)
    """For a resource that is not named."""
    named: Mapping[str, Amount] = Field(default={})
    """By logical name of the resource."""

    @model_validator(mode="before")
    @classmethod
    def _a_number_is_for_each(cls, value: Any) -> Any:
        return {"each": value} if isinstance(value, int | float | str | Decimal) else value

    def of(self, name: str) -> Decimal:
        """Return the amount of one resource."""
        return self.named.get(name, self.each)


NONE: Final = Measure()


class Use(Model):
    """A month's use. Without any, an environment is idle: it costs what stands there."""

    note: str = ""
    """What the numbers are meant for, and where they come from."""
    spot_percent: Annotated[Decimal, Field(ge=0, le=100)] = Decimal(100)
    """What a Spot machine costs, in per cent of its price on demand, which it never exceeds."""
    node_hours: Measure = NONE
    """Hours of machines beyond a pool's least size, of each pool."""
    nat_gb: Measure = NONE
    """GB through each NAT gateway."""
    endpoint_gb: Measure = NONE
    """GB through each interface endpoint."""
    stored_gb: Measure = NONE
    """GB in each bucket, old versions included."""
    put_requests: Measure = NONE
    """Requests that write to or list each bucket."""
    get_requests: Measure = NONE
    """All other requests to each bucket."""
    replicated_gb: Measure = NONE
    """GB that each replication copies to another region."""
    images_gb: Measure = NONE
    """GB of images in each repository."""
    backup_s3_gb: Measure = NONE
    """GB of backups of buckets in each vault."""
    backup_rds_gb: Measure = NONE
    """GB of backups of databases in each vault."""
    database_backup_gb: Measure = NONE
    """GB of each database's own backups beyond its size, up to which they are free."""
    enhanced_monitoring_gb: Measure = NONE
    """GB of operating system metrics that each database writes to CloudWatch Logs."""
    logs_gb: Measure = NONE
    """GB that each log group takes in."""
    streamed_gb: Measure = NONE
    """GB that each delivery stream takes in; Firehose counts each record as a multiple of 5 KB."""
    logs_stored_gb: Measure = NONE
    """GB that each log group keeps, as AWS compresses them."""
    kms_requests: Measure = NONE
    """Requests to each key."""
    secret_requests: Measure = NONE
    """Calls that read or write each secret."""
    data_events: Measure = NONE
    """Data events that each trail records."""
    queue_requests: Measure = NONE
    """Requests to each queue."""
    build_minutes: Measure = NONE
    """Minutes that builds of each project take."""

    def measures(self) -> Mapping[str, Measure]:
        """Return the measures by name."""
        values = ((name, getattr(self, name)) for name in type(self).model_fields)
        return {name: value for name, value in values if isinstance(value, Measure)}

    def names(self) -> frozenset[str]:
        """Return the resources that some measure names."""
        return frozenset(name for measure in self.measures().values() for name in measure.named)


IDLE: Final = Use(note="Nobody uses it: what is charged by the hour or by the month for being there.")


def load(environment: str, own: Path | None = None) -> Use:
    """Return the use of an environment; `own` is a file that changes some of it. Raises GroundworkError."""
    return merged([path for path in _paths(environment, own) if path is not None])


def _paths(environment: str, own: Path | None) -> Iterable[Path | None]:
    yield FOLDER / f"{DEFAULT}.json"
    of_environment = FOLDER / f"{environment}.json"
    yield of_environment if environment != DEFAULT and of_environment.is_file() else None
    yield own


def merged(paths: Iterable[Path]) -> Use:
    """Return the use that some files add up to, later ones over earlier ones. Raises GroundworkError."""
    values: dict[str, Any] = {}
    for path in paths:
        try:
            read = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
            if not isinstance(read, dict):
                raise GroundworkError(f'{path}: must be an object such as {{"nat_gb": 100}}')
            Use.model_validate(read)
        except (UnicodeDecodeError, json.JSONDecodeError) as error:
            raise GroundworkError(f"{path}: is no JSON ({error})") from None
        except ValidationError as error:
            raise GroundworkError(f"{path}: {_said(error)}") from None
        values |= read
    return Use.model_validate(values)


def _said(error: ValidationError) -> str:
    problems = []
    for details in error.errors():
        place = ".".join(str(part) for part in details["loc"])
        if details["type"] == "extra_forbidden":
            problems.append(f"{place}: there is no such measure; there is {', '.join(Use.model_fields)}")
        else:
            problems.append(
                f'{place}: {details["msg"]}; such as 100, or {{"each": 0, "named": {{"datasets-bucket": 100}}}}'
            )
    return "\n".join(problems)
