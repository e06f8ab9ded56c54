"""Waivers at work: which one accepts a finding, which have been used, and which are themselves violations."""

from collections.abc import Iterator, Sequence
from datetime import date

from policies.config import Waiver


class Ledger:
    """The waivers of a run and their use. Not locked: its owner is."""

    def __init__(self, waivers: Sequence[Waiver], today: date) -> None:
        self._waivers = tuple(waivers)
        self._today = today
        self._used: set[Waiver] = set()

    def accept(self, rule: str, urn: str) -> Waiver | None:
        """Return the waiver that accepts a finding, and count its use. An expired one accepts nothing."""
        waiver = self.waiver(rule, urn)
        if waiver:
            self._used.add(waiver)
        return waiver

    def waiver(self, rule: str, urn: str) -> Waiver | None:
        """Return the waiver that would accept a finding."""
        held = (waiver for waiver in self._waivers if waiver.covers(rule, urn) and waiver.expires >= self._today)
        return next(held, None)

    def complaints(self, *, whole_stack: bool) -> Iterator[str]:
        """Yield what is wrong with the waivers. A run of part of a stack cannot tell which are unused."""
        for waiver in self._waivers:
            about = f"the waiver of {waiver.rule} for {waiver.urn} (owner {waiver.owner})"
            if waiver.expires < self._today:
                yield f"{about} expired on {waiver.expires}: repair what it waived, or renew it with a reason"
            elif whole_stack and waiver not in self._used:
                yield f"{about} is not used: remove it, or correct its rule or URN glob"
