"""What the pack remembers of a run: inputs by URN, questions left open, notices, and the waivers used.

Resource rules see inputs, stack rules see outputs: the inputs that the resource pass saw are kept here and joined in
the stack pass of the same process. The engine calls from up to four threads; every access is under one lock. A run ends
with its stack pass, and the first resource after it begins the next.
"""

import json
import threading
import weakref
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Final

from pulumi_policy import PolicyResource, ResourceValidationArgs

from policies.config import DEFAULTS, Waiver, read
from policies.index import Resource, Stack
from policies.rule import Undecided
from policies.tokens import canonical
from policies.values import plain
from policies.waivers import Ledger

LIMIT: Final = 20_000
"""Resources whose inputs are remembered. The oldest give way; stack rules then see their outputs."""


class Run:
    """The memory of the pack. One for each process."""

    def __init__(self, rules: frozenset[str], tokens: frozenset[str], today: date, limit: int = LIMIT) -> None:
        self._lock = threading.RLock()
        self._rules, self._tokens, self._today, self._limit = rules, tokens, today, limit
        self._config: Mapping[str, Any] | None = None
        self.settings = DEFAULTS
        self.setting_errors: list[str] = []
        self._local = threading.local()
        self._ended = False
        self._clear()

    def _clear(self) -> None:
        self._seen: OrderedDict[str, tuple[weakref.ref[Any], Resource]] = OrderedDict()
        self._open: dict[tuple[str, str], tuple[Resource, tuple[Undecided, ...]]] = {}
        self._notices: dict[str, list[str]] = {}
        self.ledger = Ledger(self.settings.waivers, self._today)
        self._ended = False

    def configure(self, config: Mapping[str, Any]) -> None:
        """Take the settings of the pack; the same ones again change nothing."""
        with self._lock:
            if config == self._config:
                return
            self._config = dict(config)
            self.settings, self.setting_errors = read(plain(config), self._rules)
            self.ledger = Ledger(self.settings.waivers, self._today)

    @staticmethod
    def read(args: ResourceValidationArgs) -> Resource:
        """Return the resource of a request as plain data."""
        return Resource(
            urn=args.urn,
            type=canonical(args.resource_type),
            inputs=plain(args.props),
            default_tags=_default_tags(args.provider.props) if args.provider else None,
            protect=bool(args.opts.protect),
            parent=args.opts.parent,
        )

    def see(self, args: ResourceValidationArgs) -> Resource:
        """Return the resource of a request, converted once, and remember it for the stack pass."""
        with self._lock:
            if self._ended:
                self._clear()
            known = self._seen.get(args.urn)
            if known and known[0]() is args.props:
                return known[1]
            resource = self.read(args)
            self._seen[args.urn] = (weakref.ref(args.props), resource)
            if len(self._seen) > self._limit:
                self._seen.popitem(last=False)
            return resource

    def defer(self, rule: str, resource: Resource, open_points: tuple[Undecided, ...]) -> bool:
        """Leave a question to the stack pass. False: there are too many, and it has to be answered now."""
        with self._lock:
            if len(self._open) >= self._limit:
                return False
            self._open[rule, resource.urn] = (resource, open_points)
            return True

    def answered(self, rule: str, urn: str) -> None:
        """Forget a question about a resource that is judged anew."""
        with self._lock:
            self._open.pop((rule, urn), None)

    def deferred(self, rule: str) -> list[tuple[Resource, tuple[Undecided, ...]]]:
        """Return the open questions of a rule."""
        with self._lock:
            return [question for (id_, _), question in self._open.items() if id_ == rule]

    def accept(self, rule: str, urn: str) -> Waiver | None:
        """Return the waiver that accepts a finding, and count its use."""
        with self._lock:
            return self.ledger.accept(rule, urn)

    def is_waived(self, rule: str, urn: str) -> bool:
        """Whether a waiver accepts what the rule finds in a resource. This is no use of it."""
        with self._lock:
            return self.ledger.waiver(rule, urn) is not None

    def notice(self, urn: str, text: str) -> None:
        """Keep a line that is printed whatever the level of its rule."""
        with self._lock:
            lines = self._notices.setdefault(urn, [])
            if text not in lines:
                lines.append(text)

    def take_notices(self, urn: str | None = None) -> list[tuple[str, str]]:
        """Return the lines about a resource, or all, and drop them."""
        with self._lock:
            urns = list(self._notices) if urn is None else [urn]
            return [(key, text) for key in urns for text in self._notices.pop(key, [])]

    def begin_stack(self, resources: list[PolicyResource]) -> Stack:
        """Build the index of a stack pass, for this thread, which runs all rules of the request."""
        with self._lock:
            self._ended = True
            seen = {urn: resource for urn, (_, resource) in self._seen.items()}
        stack = Stack(self._joined(resource, seen.get(resource.urn)) for resource in resources)
        self._local.stack = stack
        return stack

    def stack(self, resources: list[PolicyResource]) -> Stack:
        """Return the index of this request."""
        current: Stack | None = getattr(self._local, "stack", None)
        return current if current is not None else self.begin_stack(resources)

    def end_stack(self) -> None:
        """Drop the index."""
        self._local.stack = None

    def _joined(self, args: PolicyResource, seen: Resource | None) -> Resource:
        """Return a resource of the stack pass: outputs, dependencies, and the inputs seen before."""
        outputs = plain(args.props) if args.resource_type in self._tokens else {}
        return replace(
            seen or Resource(args.urn, canonical(args.resource_type), outputs, protect=bool(args.opts.protect)),
            outputs=outputs,
            parent=args.parent.urn if args.parent else None,
            dependencies={key: tuple(r.urn for r in targets) for key, targets in args.property_dependencies.items()},
        )


def _default_tags(provider: Mapping[str, Any]) -> Any:
    """Return the provider's default tags: a map, UNKNOWN or None. The Python SDK sends them as a JSON text."""
    tags = plain(provider).get("defaultTags")
    if isinstance(tags, str):
        try:
            tags = plain(json.loads(tags))
        except ValueError:
            return None
    return tags.get("tags") if isinstance(tags, dict) else tags
