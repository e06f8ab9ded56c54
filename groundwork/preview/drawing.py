"""The architecture as a drawing: components in their rooms, what a change does to each, and what changed ones need."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from groundwork.cost.estimate import component_of
from groundwork.events import name_of
from groundwork.preview.plan import Plan

ROOMS: Final = (
    "network",
    "security",
    "storage",
    "registry",
    "cluster",
    "compute",
    "teams",
    "runners",
    "monitoring",
    "cost",
)
"""The rooms of the platform, from what others stand on to what stands on them; any other comes after."""
OTHER: Final = "program"
BOX_WIDTH, BOX_HEIGHT, GAP, HEAD, COLUMNS = 216, 44, 10, 30, 4
_SIGNS: Final = {"create": "+", "update": "~", "replace": "±", "delete": "-", "import": "="}


@dataclass(frozen=True)
class Box:
    """One component."""

    name: str
    kind: str
    resources: int
    changes: str
    """Such as `+2 ~1`; empty: none."""
    state: str
    """The gravest of its changes, for the colour; a sign says the same."""
    x: int
    y: int


@dataclass(frozen=True)
class Room:
    """A panel with boxes."""

    name: str
    x: int
    y: int
    height: int
    boxes: tuple[Box, ...]


@dataclass(frozen=True)
class Drawing:
    """Everything that is drawn, with its places."""

    width: int
    height: int
    rooms: tuple[Room, ...]
    lines: tuple[tuple[str, str, str], ...]
    """From, to, path: a component that changes, and one that it needs."""

    @property
    def needs(self) -> Mapping[str, Sequence[str]]:
        """The lines in words: what each component that changes needs."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for one, other, _ in self.lines:
            found[one].append(other)
        return dict(found)


def draw(plan: Plan) -> Drawing:
    """Return the drawing of one environment's plan."""
    after = plan.source.resources
    everything = {one.urn: one for one in (*plan.before, *after)}
    outermost = {urn: component_of(one, everything) for urn, one in everything.items()}
    rooms = {
        name_of(one.urn): _room(one.type)
        for one in everything.values()
        if not one.custom and outermost[one.urn] == OTHER
    }
    kinds = {name_of(one.urn): one.type.rpartition(":")[2] for one in everything.values() if not one.custom}
    resources = Counter(outermost[one.urn] for one in after if one.custom)
    changed: dict[str, Counter[str]] = defaultdict(Counter)
    for step in plan.steps:
        if not step.type.startswith("groundwork:"):
            changed[outermost.get(step.urn, OTHER)][step.op] += 1
    names = sorted({name for urn, name in outermost.items() if everything[urn].custom})
    by_room: dict[str, list[str]] = defaultdict(list)
    for name in names:
        by_room[rooms.get(name, OTHER)].append(name)
    placed = tuple(_placed(by_room, kinds, resources, changed))
    boxes = {box.name: box for room in placed for box in room.boxes}
    return Drawing(
        width=COLUMNS * (BOX_WIDTH + 4 * GAP) + GAP,
        height=max((room.y + room.height for room in placed), default=0) + GAP,
        rooms=placed,
        lines=tuple(_lines(plan, outermost, boxes)),
    )


def _room(token: str) -> str:
    parts = token.split(":")
    return parts[1] if len(parts) == 3 and parts[0] == "groundwork" else OTHER


def _placed(
    by_room: Mapping[str, list[str]],
    kinds: Mapping[str, str],
    resources: Mapping[str, int],
    changed: Mapping[str, Counter[str]],
) -> Iterable[Room]:
    """Put each room below the shortest column."""
    bottoms = [GAP] * COLUMNS
    order = sorted(by_room, key=lambda name: (ROOMS.index(name) if name in ROOMS else len(ROOMS), name))
    for room in order:
        column = bottoms.index(min(bottoms))
        x, y = GAP + column * (BOX_WIDTH + 4 * GAP), bottoms[column]
        boxes = tuple(
            _box(name, kinds, resources, changed.get(name, Counter()), x + GAP, y + HEAD + place * (BOX_HEIGHT + GAP))
            for place, name in enumerate(by_room[room])
        )
        height = HEAD + len(boxes) * (BOX_HEIGHT + GAP)
        bottoms[column] = y + height + 2 * GAP
        yield Room(room, x, y, height, boxes)


def _box(
    name: str, kinds: Mapping[str, str], resources: Mapping[str, int], changes: Counter[str], x: int, y: int
) -> Box:
    told = " ".join(f"{sign}{changes[op]}" for op, sign in _SIGNS.items() if changes[op])
    state = next((op for op in ("delete", "replace", "create", "update", "import") if changes[op]), "same")
    return Box(name, kinds.get(name, ""), resources.get(name, 0), told, state, x, y)


def _lines(plan: Plan, outermost: Mapping[str, str], boxes: Mapping[str, Box]) -> Iterable[tuple[str, str, str]]:
    pairs = {
        (outermost.get(urn, OTHER), outermost.get(needed, OTHER))
        for urn, needs in plan.dependencies.items()
        for needed in needs
    }
    for one, other in sorted(pairs):
        if one != other and one in boxes and other in boxes and boxes[one].state != "same":
            yield one, other, _curve(boxes[one], boxes[other])


def _curve(one: Box, other: Box) -> str:
    """From the middle of a side to the middle of the facing one; in one column, around the right side."""
    y1, y2 = one.y + BOX_HEIGHT // 2, other.y + BOX_HEIGHT // 2
    if one.x == other.x:
        x = one.x + BOX_WIDTH
        return f"M{x} {y1}C{x + 18} {y1} {x + 18} {y2} {x} {y2}"
    x1, x2 = (one.x + BOX_WIDTH, other.x) if one.x < other.x else (one.x, other.x + BOX_WIDTH)
    middle = (x1 + x2) // 2
    return f"M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}"
