"""One environment's plan: the engine's own preview, whole, with what was there, what will be, and what failed.

No policy takes part in it: the engine ends at the first objection, and a reviewer wants to see all of the change and
all objections. The same rules judge the plan afterwards (groundwork/policy/judging.py), in both passes.

Source: the engine's `display.PreviewDigest`, 3.255, as `pulumi preview --json --show-sames` prints it.
"""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from groundwork.deployment import ENGINE, Deployment
from groundwork.differences import Difference, differences
from groundwork.events import component_of, name_of, plain
from groundwork.policy import sources
from groundwork.policy.sources import Saved, Source
from groundwork.show import REPEATED

_SECONDS: Final = 1200
_STACK: Final = "pulumi:pulumi:Stack"
_QUIET: Final = frozenset({"same", "read", "discard", "refresh"})
_KEEPING: Final = frozenset({"same", "update"})
_LATE: Final = "exited prematurely"
"""What the engine says of a plugin that did not answer within five seconds that it may end now: once everything is
done. One that really ended before makes the engine fail, with other errors beside this one."""
_PART_OF_A_REPLACEMENT: Final = frozenset({"create-replacement", "delete-replaced", "discard-replaced"})


@dataclass(frozen=True)
class Step:
    """What happens to one resource; a replacement is one step."""

    op: str
    """create, update, delete, replace, import."""
    urn: str
    type: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    paths: tuple[str, ...]
    replaced_for: tuple[str, ...]

    @property
    def name(self) -> str:
        """The logical name."""
        return name_of(self.urn)

    @property
    def component(self) -> str:
        """Name of the type of the component around it."""
        return component_of(self.urn)

    @cached_property
    def differences(self) -> tuple[Difference, ...]:
        """Return the properties that differ, of a resource that is there before and after."""
        if not self.before or not self.after:
            return ()
        inputs = (self.before.get("inputs") or {}, self.after.get("inputs") or {})
        return differences(self.type, *inputs, self.paths) or differences(self.type, *inputs)


@dataclass(frozen=True)
class Plan:
    """What the engine plans for one environment."""

    environment: str
    steps: tuple[Step, ...]
    before: tuple[Saved, ...]
    source: Source
    """What will be there."""
    dependencies: Mapping[str, tuple[str, ...]]
    """By URN: those that a resource needs."""
    unchanged: int
    errors: tuple[str, ...]


def plan(deployment: Deployment) -> Plan:
    """Let the engine plan; what failed is in the plan. Nothing is changed."""
    command = (
        str(deployment.pulumi_root / "bin" / "pulumi"), "preview", "--json", "--show-sames", "--non-interactive",
        "--stack", deployment.environment,
    )  # fmt: skip
    done = subprocess.run(
        command, cwd=deployment.work_dir, env={**os.environ, **ENGINE, **deployment.variables},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_SECONDS, check=False,
    )  # fmt: skip
    complaint = (done.stderr or f"the engine ended with {done.returncode}") if done.returncode else ""
    return read(deployment.environment, done.stdout, complaint)


def read(environment: str, text: str, complaint: str) -> Plan:
    """Return the plan in what the engine printed. `complaint`: what else it said when it failed; empty: it did not."""
    try:
        digest = json.loads(text)
    except ValueError:
        digest = None
    if not isinstance(digest, dict):
        return _failed(environment, [complaint or text])
    steps: Sequence[Mapping[str, Any]] = digest.get("steps") or ()
    states = [_after(step) for step in steps if step["op"] not in sources.DELETING and step.get("newState")]
    document = {
        "steps": [{"op": "same", "urn": state["urn"], "newState": state} for state in states],
        "changeSummary": {},
    }
    errors = tuple(_errors(digest, complaint))
    return Plan(
        environment,
        tuple(_steps(steps)),
        sources.planned(
            step["oldState"] for step in steps if step.get("oldState") and not step["oldState"].get("delete")
        ),
        sources.read(json.dumps(document), environment),
        {state["urn"]: tuple(state.get("dependencies") or ()) for state in states},
        sum(step["op"] == "same" for step in steps),
        errors,
    )


def _after(step: Mapping[str, Any]) -> dict[str, Any]:
    """Return the state that will be there: what stays has its id and outputs in the old one alone."""
    new, old = step["newState"], step.get("oldState") or {}
    if step["op"] not in _KEEPING:
        return dict(new)
    return {**new, "id": new.get("id") or old.get("id"), "outputs": new.get("outputs") or old.get("outputs") or {}}


def _failed(environment: str, said: Sequence[str]) -> Plan:
    errors = tuple(text for text in (plain(one).strip() for one in said) if text) or ("the engine said nothing",)
    empty = sources.read('{"steps": [], "changeSummary": {}}', environment)
    return Plan(environment, (), (), empty, {}, 0, errors)


def _steps(steps: Sequence[Mapping[str, Any]]) -> Iterator[Step]:
    replaced = {step["urn"] for step in steps if step["op"] == "replace"}
    for step in steps:
        op, urn = step["op"], step["urn"]
        if op in _QUIET or (op in _PART_OF_A_REPLACEMENT and urn in replaced):
            continue
        before, after = step.get("oldState") or {}, _after(step) if step.get("newState") else {}
        type_ = (after or before).get("type", "")
        if type_ == _STACK:
            continue
        yield Step(
            op="replace" if op in _PART_OF_A_REPLACEMENT else op,
            urn=urn,
            type=type_,
            before=before,
            after={} if op in sources.DELETING else after,
            paths=tuple(step.get("detailedDiff") or step.get("diffReasons") or ()),
            replaced_for=tuple(step.get("replaceReasons") or ()),
        )


def _errors(digest: Mapping[str, Any], complaint: str) -> Iterator[str]:
    """Yield the causes; what the engine says last repeats them."""
    diagnostics = [one for one in digest.get("diagnostics") or () if complaint or _LATE not in one.get("message", "")]
    told = [
        f"{name_of(one['urn'])}: {text}" if one.get("urn") else text
        for one in diagnostics
        if one.get("severity") in ("error", "info#err")
        and (text := plain(one.get("message", "")).strip().removeprefix("error: "))
    ]
    causes = [text for text in dict.fromkeys(told) if text not in REPEATED and not text.endswith("context canceled")]
    failed = any(one.get("severity") == "error" for one in diagnostics) or complaint
    if failed:
        yield from causes or told or [plain(complaint).strip() or "the engine failed and did not say why"]
