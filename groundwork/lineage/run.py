"""The run that made a model: it is there, in the same workspace, and was not deleted."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from groundwork.lineage.link import Link, State
from groundwork.lineage.tags import values
from groundwork.lineage.tracking import Tracking, UnavailableError


def check(tracking: Tracking, run_id: str) -> tuple[Link, dict[str, str]]:
    """Look the run up, and return its tags as well: none when it cannot be read. Raises GroundworkError."""
    if not run_id:
        said = "the version names none: register it from a run, or from a logged model"
        return Link("run", State.MISSING, said), {}
    try:
        run = tracking.get("runs/get", run_id=run_id)["run"]
        experiment = tracking.get("experiments/get", experiment_id=run["info"]["experiment_id"])["experiment"]
    except UnavailableError as error:
        said = f"not in workspace {tracking.workspace}, or not shown to {tracking.user} ({error})"
        return Link("run", State.BROKEN, said, run_id), {}
    info, data = run["info"], run.get("data", {})
    details = {
        "experiment": experiment["name"],
        "parameters": _listed({entry["key"]: entry["value"] for entry in data.get("params", ())}),
        "metrics": _listed({entry["key"]: f"{entry['value']:.6g}" for entry in data.get("metrics", ())}),
    }
    state, said = _judged(tracking, info, experiment)
    return Link("run", state, said, run_id, details), values(data.get("tags"))


def _judged(tracking: Tracking, info: Mapping[str, Any], experiment: Mapping[str, Any]) -> tuple[State, str]:
    workspace = experiment.get("workspace", tracking.workspace)
    if workspace != tracking.workspace:
        return State.BROKEN, f"is in workspace {workspace}, the model in {tracking.workspace}"
    if info.get("lifecycle_stage") != "active":
        return State.BROKEN, "was deleted, and is gone for good after MLflow's next garbage collection: restore it"
    ended = f", {datetime.fromtimestamp(info['end_time'] / 1000, UTC):%Y-%m-%d %H:%M} UTC" if "end_time" in info else ""
    return State.VERIFIED, f"{info.get('run_name', '')}, {info['status'].lower()}{ended}, by {info.get('user_id', '?')}"


def _listed(pairs: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in sorted(pairs.items()))
