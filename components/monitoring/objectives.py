"""Service level objectives: how many of a service's events may be bad, and who is told how soon when it is too many.

An objective leaves an error budget: of 0.995, half a percent of what comes in 30 days. What counts is how fast it is
spent. Each alert looks at a long window, so that a moment does not wake anybody, and at a short one, so that it ends
soon after the trouble does.

Source: Google, "The Site Reliability Workbook", chapter 5, "Alerting on SLOs" (6: multiwindow, multi-burn-rate alerts),
        with its burn rates for 30 days.
Errors: pydantic.ValidationError naming the field.
"""

from typing import Annotated, Any, Final, NamedTuple

from pydantic import Field

from components.model import Model
from components.monitoring.data_files import document

SECONDS: Final = {"5m": 300, "30m": 1800, "1h": 3600, "2h": 7200, "6h": 21600, "1d": 86400, "3d": 259200}
"""The windows that are recorded."""


class Burn(NamedTuple):
    """One pair of windows: how many times too fast the budget goes in both of them."""

    long: str
    short: str
    rate: float


class Urgency(NamedTuple):
    """How an alert of a severity is decided."""

    severity: str
    pending: str
    burns: tuple[Burn, ...]


URGENCIES: Final = (
    # 2 percent of the budget in an hour, 5 in six.
    Urgency("critical", "2m", (Burn("1h", "5m", 14.4), Burn("6h", "30m", 6))),
    # 10 percent of the budget in a day, or in three.
    Urgency("warning", "15m", (Burn("1d", "2h", 3), Burn("3d", "6h", 1))),
)
FASTEST: Final = max(burn.rate for urgency in URGENCIES for burn in urgency.burns)


class Objective(Model):
    """What a service owes those who use it."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    """Its name, the label `slo` of what is recorded for it."""
    alert: Annotated[str, Field(pattern=r"^[A-Z][A-Za-z0-9]*$")]
    """The alert of its budget, of both severities."""
    service: str
    """Whose objective it is; of its alerts the critical one silences the other."""
    objective: Annotated[float, Field(gt=1 - 1 / FASTEST, lt=1)]
    """The share of events that has to be good; with less, the fastest alert could never fire."""
    minimum_requests: Annotated[int, Field(ge=1)]
    """With fewer in the longer window, nobody is told."""
    errors: Annotated[str, Field(pattern=r"\$window")]
    """PromQL: bad events a second."""
    total: Annotated[str, Field(pattern=r"\$window")]
    """PromQL: all events a second."""
    summary: str
    """What is wrong when too many are bad."""

    @property
    def budget(self) -> float:
        """The share of events that may be bad."""
        return round(1 - self.objective, 9)


def objectives() -> tuple[Objective, ...]:
    """Return the platform's objectives."""
    return tuple(Objective.model_validate(entry) for entry in document("objectives"))


def objective_groups() -> list[dict[str, Any]]:
    """Return the groups of Prometheus' rules that all objectives come to."""
    return [group_of(objective) for objective in objectives()]


def group_of(objective: Objective) -> dict[str, Any]:
    """Return the group of one objective: what is recorded in each window, and an alert for each severity."""
    return {"name": f"slo-{objective.name}", "rules": [*_recorded(objective), *_alerts(objective)]}


def _recorded(objective: Objective) -> list[dict[str, Any]]:
    labels = {"slo": objective.name, "service": objective.service}
    rules: list[dict[str, Any]] = []
    for window, seconds in SECONDS.items():
        errors, total = (text.replace("$window", window) for text in (objective.errors, objective.total))
        # Of what never happened there is no series: that is nought of them, and not unknown.
        ratio = f"(({errors}) or 0 * ({total}))\n/\n({total})"
        rules.append({"record": f"slo:error_ratio:rate{window}", "expr": ratio, "labels": labels})
        rules.append({"record": f"slo:requests:increase{window}", "expr": f"({total}) * {seconds}", "labels": labels})
    return [*rules, {"record": "slo:objective:ratio", "expr": f"vector({objective.objective})", "labels": labels}]


def _alerts(objective: Objective) -> list[dict[str, Any]]:
    return [
        {
            "alert": objective.alert,
            "expr": "\nor\n".join(_too_fast(objective, burn) for burn in urgency.burns),
            "for": urgency.pending,
            "labels": {"severity": urgency.severity},
            "annotations": {
                "summary": objective.summary,
                "description": f"{{{{ $value | humanizePercentage }}}} of the requests to {objective.service} "
                f"were bad; its objective allows {objective.budget:.3%} of them.",
            },
        }
        for urgency in URGENCIES
    ]


def _too_fast(objective: Objective, burn: Burn) -> str:
    of = f'{{slo="{objective.name}"}}'
    most = f"{burn.rate:g} * {objective.budget:g}"
    return (
        f"(\n  slo:error_ratio:rate{burn.long}{of} > {most}\n"
        f"  and slo:error_ratio:rate{burn.short}{of} > {most}\n"
        f"  and slo:requests:increase{burn.long}{of} >= {objective.minimum_requests}\n)"
    )
