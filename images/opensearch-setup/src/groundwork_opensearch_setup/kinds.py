"""How each kind of object is listed, read and written: OpenSearch's paths and the shapes of its answers.

Source: OpenSearch documentation, "Access control API" (an object comes under its own name), "ISM API" (a policy is
changed against the sequence number and term that were read, and indices keep the old one until they are told), "Index
templates", "Audit logs API" (there is one configuration, written whole; parts of it are AWS' own: other values are
refused).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from groundwork_opensearch_setup.signed import Domain

Body = dict[str, Any]
POLICY_PAGE = 1000
AUDIT = "/_plugins/_security/api/audit"


@dataclass(frozen=True)
class Found:
    """An object as the domain has it."""

    body: Mapping[str, Any]
    condition: str = ""
    """The query by which a change is made of this version alone."""


@dataclass(frozen=True)
class Kind:
    """One kind of object of the API."""

    path: str
    list_path: str
    names: Callable[[Body], list[str]]
    found: Callable[[str, Body], Found | None]
    read_path: str = ""
    """Where an object is read, if not where it is written."""
    whole: bool = False
    """What is wanted is a part of the object: the rest is written as it was found."""

    def listed(self, domain: Domain) -> list[str]:
        """Return the names of all objects of the kind."""
        return self.names(domain.call("GET", self.list_path) or {})

    def read(self, domain: Domain, name: str) -> Found | None:
        """Return an object, None where there is none of that name."""
        answer = domain.call("GET", self.read_path or f"{self.path}/{name}")
        return None if answer is None else self.found(name, answer)


def _secured(word: str) -> Kind:
    path = f"/_plugins/_security/api/{word}"
    return Kind(path, path, list, lambda name, answer: Found(answer[name]) if name in answer else None)


def _policy(_: str, answer: Body) -> Found:
    condition = f"?if_seq_no={answer['_seq_no']}&if_primary_term={answer['_primary_term']}"
    return Found({"policy": answer["policy"]}, condition)


def _template(name: str, answer: Body) -> Found | None:
    found = [one["index_template"] for one in answer["index_templates"] if one["name"] == name]
    return Found(found[0]) if found else None


POLICIES = Kind(
    path="/_plugins/_ism/policies",
    list_path=f"/_plugins/_ism/policies?size={POLICY_PAGE}",
    names=lambda answer: [one["_id"] for one in answer.get("policies", [])],
    found=_policy,
)
KINDS: Mapping[str, Kind] = {
    "tenants": _secured("tenants"),
    "roles": _secured("roles"),
    "index_templates": Kind(
        path="/_index_template",
        list_path="/_index_template",
        names=lambda answer: [one["name"] for one in answer.get("index_templates", [])],
        found=_template,
    ),
    "policies": POLICIES,
    "mappings": _secured("rolesmapping"),
    "audit": Kind(
        path=AUDIT,
        list_path=AUDIT,
        names=lambda _: [],  # it cannot be removed
        found=lambda name, answer: Found(answer[name]) if name in answer else None,
        read_path=AUDIT,
        whole=True,
    ),
}
