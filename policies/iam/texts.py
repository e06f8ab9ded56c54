"""Sets of texts that patterns describe: actions or resources, of a statement or of a request that is partly open."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from policies.documents import covers

Truth: TypeAlias = bool | None
"""None: it may hold, depending on what is left open."""


def all_of(truths: Iterable[Truth]) -> Truth:
    """Return whether all hold."""
    answer: Truth = True
    for truth in truths:
        if truth is False:
            return False
        answer = answer if truth else None
    return answer


def any_of(truths: Iterable[Truth]) -> Truth:
    """Return whether one holds."""
    return opposite(all_of(opposite(truth) for truth in truths))


def opposite(truth: Truth) -> Truth:
    """Return whether it does not hold."""
    return None if truth is None else not truth


def overlaps(one: str, other: str) -> bool:
    """Whether some text matches both patterns.

    >>> overlaps("s3:Get*", "s3:*Object"), overlaps("s3:Get*", "s3:Put*")
    (True, False)
    """
    # Which beginnings of `other` can be reached together with the part of `one` that has been read.
    reached = _past_stars({0}, other)
    for char in one:
        if char == "*":
            reached = set(range(min(reached), len(other) + 1)) if reached else reached
        else:
            reached = _past_stars({place for at in reached for place in _step(char, other, at)}, other)
    return len(other) in reached


def _past_stars(places: set[int], pattern: str) -> set[int]:
    """Return also the places behind stars, which may stand for nothing."""
    found = set(places)
    for place in sorted(places):
        while place < len(pattern) and pattern[place] == "*":
            place += 1
            found.add(place)
    return found


def _step(char: str, pattern: str, at: int) -> tuple[int, ...]:
    """Return where in `pattern` one may be after it has taken one more character like `char` (`?` is any)."""
    if at == len(pattern):
        return ()
    if pattern[at] == "*":
        return (at,)
    return (at + 1,) if "?" in (char, pattern[at]) or char == pattern[at] else ()


@dataclass(frozen=True)
class Texts:
    """The texts that match one of the patterns, or all but those."""

    patterns: tuple[str, ...]
    complement: bool = False

    def includes(self, asked: "Texts") -> Truth:
        """Whether the texts of `asked`, which has one pattern or is a complement, are among these; None: some are."""
        if asked.complement:
            if self.complement:
                inside = all(any(covers(left_out, p) for left_out in asked.patterns) for p in self.patterns)
            else:
                inside = any(not pattern.strip("*") and pattern for pattern in self.patterns)
            return True if inside else None
        (pattern,) = asked.patterns
        if self.complement:
            if any(covers(p, pattern) for p in self.patterns):
                return False
            return None if any(overlaps(p, pattern) for p in self.patterns) else True
        if any(covers(p, pattern) for p in self.patterns):
            return True
        return None if any(overlaps(p, pattern) for p in self.patterns) else False


EVERYTHING = Texts(("*",))
