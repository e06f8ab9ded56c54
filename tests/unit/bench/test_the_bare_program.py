"""Decides that the bare program, which the components are measured against, registers what the whole program does."""

from collections import Counter
from collections.abc import Callable

from tests.bench.program import bare, platform, recorded
from tests.support.recorder import run_program, stand_in


def registered(program: Callable[[], object]) -> Counter[tuple[str, str]]:
    """Types and names of everything but components."""
    with stand_in("dev") as recorder:
        run_program(program)
    return Counter(
        (made.typ, made.name) for made in recorder.made if not made.typ.startswith(("groundwork:", "pulumi:"))
    )


def test_it_registers_every_resource_of_the_program_once_and_no_other() -> None:
    of_components = registered(platform())
    assert len(of_components) > 100
    assert registered(bare(recorded(platform()))) == of_components
