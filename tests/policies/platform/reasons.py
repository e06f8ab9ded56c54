"""Every reason, and the one that covers a mutant."""

from typing import Final

from tests.policies.platform.mutants import Mutant
from tests.policies.platform.of_identities import IDENTITIES
from tests.policies.platform.of_others import OTHERS
from tests.policies.platform.of_stores import STORES
from tests.policies.platform.uncovered import Uncovered

UNCOVERED: Final = (*IDENTITIES, *STORES, *OTHERS)


def excuse(mutant: Mutant) -> Uncovered | None:
    """Return why a mutant may survive."""
    return next((entry for entry in UNCOVERED if entry.covers(mutant)), None)
