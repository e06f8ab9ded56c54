"""What a mutant must still be like for a reason to hold: read from the mutant itself."""

from policies.config import DEFAULTS
from policies.documents import Statement, is_everything, is_public, matches, parse
from policies.values import Node
from tests.policies.platform.mutants import Mutant


def _statements(mutant: Mutant) -> list[Statement]:
    assert mutant.after is not None
    statements, _ = parse(Node(mutant.after.inputs[mutant.path], mutant.path))
    return list(statements)


def _is_on_everything(statement: Statement) -> bool:
    """Whether it is about every resource, or every one but some."""
    named = statement.resources
    return bool(statement.not_resources) or not named or any(is_everything(node.value) for node in named)


def reads_only(mutant: Mutant) -> bool:
    """Whether every statement on every resource only looks: what ACC-03 takes for reading."""

    def reads(action: str) -> bool:
        verb = action.partition(":")[2]
        return verb.startswith(("List", "Describe")) or any(matches(p, action) for p in DEFAULTS.read_only_actions)

    wide = [s for s in _statements(mutant) if s.allows and _is_on_everything(s)]
    return all(reads(node.value) for statement in wide for node in statement.actions)


def still_narrow(mutant: Mutant) -> bool:
    """Whether every statement for everybody, or for a service, is narrowed by a condition that is left."""
    open_ones = [
        statement
        for statement in _statements(mutant)
        if statement.allows
        and any(kind in ("*", "service") or node.value == "*" for kind, node in statement.principals)
    ]
    return all(any(condition.pins() for condition in statement.conditions) for statement in open_ones)


def is_not_confidential(mutant: Mutant) -> bool:
    return "access-logs" in mutant.before.urn or (mutant.before.inputs.get("tags") or {}).get(
        "data-classification"
    ) in ("public", "internal")


def tls_stays(mutant: Mutant) -> bool:
    return "Tls" not in mutant.operator and "Transport" not in mutant.operator


def opens_something(mutant: Mutant) -> bool:
    """Whether a network policy is one that opens something: what is left without it is closed."""
    return not mutant.before.urn.endswith("-default-deny")


def _parameter(mutant: Mutant) -> str:
    number = int(mutant.path.split("[")[1].split("]")[0])
    return str(mutant.before.inputs["parameters"][number]["name"])


def narrow_for_anyone(mutant: Mutant) -> bool:
    """Whether every statement for anyone is narrowed by a condition that is left."""
    open_ones = [
        statement
        for statement in _statements(mutant)
        if statement.allows and any(is_public(kind, node.value) for kind, node in statement.principals)
    ]
    return all(any(condition.pins() for condition in statement.conditions) for statement in open_ones)


def is_another_parameter(mutant: Mutant) -> bool:
    """Whether the parameter is not the one that forces TLS."""
    return "rds.force_ssl" not in _parameter(mutant)


def was_for_priorities(mutant: Mutant) -> bool:
    """Whether a quota is the one that keeps a priority class to the platform."""
    return mutant.before.urn.endswith("-priorities")


def is_about_some_pods(mutant: Mutant) -> bool:
    """Whether a network policy selects pods instead of all of its namespace."""
    return bool(mutant.before.inputs["spec"].get("podSelector"))


def says_what_the_api_is_used_for(mutant: Mutant) -> bool:
    """Whether the pods have the annotation by which they declare their use of the API server."""
    metadata = mutant.before.inputs["spec"]["template"]["metadata"]
    return bool((metadata.get("annotations") or {}).get(DEFAULTS.api_use_annotation))
