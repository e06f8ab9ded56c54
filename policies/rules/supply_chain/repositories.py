"""SUP-03 and SUP-04: where images are kept."""

import re
from collections.abc import Mapping
from typing import Any

from pulumi_policy import Severity

from policies.config import Settings
from policies.index import Resource, Stack
from policies.repair import put, switch_on
from policies.rule import Findings, LocatedFindings, ResourceRule, Rule, StackRule, Undecided, Violation, require
from policies.tokens import aws
from policies.values import Node
from policies.workloads import entries

REPOSITORY = aws("ecr/repository:Repository")
SCANNING = aws("ecr/registryScanningConfiguration:RegistryScanningConfiguration")
_IMMUTABLE = ("IMMUTABLE", "IMMUTABLE_WITH_EXCLUSION")
_ENHANCED = "ENHANCED"


def _keeps_its_tags(resource: Resource, settings: Settings) -> Findings:
    del settings
    yield from require(
        resource["imageTagMutability"], lambda v: v in _IMMUTABLE, "a tag can be given to another image", _IMMUTABLE[0]
    )


def _keep_tags(props: Any) -> bool:
    return put(props, "imageTagMutability", _IMMUTABLE[0], unless=lambda value: value in _IMMUTABLE)


def _every_repository_is_scanned(stack: Stack, settings: Settings) -> LocatedFindings:
    del settings
    configurations = stack.of(SCANNING)
    for repository in stack.of(REPOSITORY):
        own = repository["imageScanningConfiguration"]["scanOnPush"]
        if own.value is True:
            continue
        answers = [_covers(configuration, repository) for configuration in configurations]
        if any(answer is None for answer in answers):
            continue
        doubts = [(at, node) for at, answer in zip(configurations, answers, strict=True) for node in answer or ()]
        if own.unknown:
            yield repository, Undecided(own.path)
        elif doubts:
            at, node = doubts[0]
            yield at, Undecided(node.path)
        else:
            missing = own.value is None or own.value is False
            yield (
                repository,
                Violation(
                    own.path,
                    "images are not scanned for known vulnerabilities",
                    "true, or an ecr.RegistryScanningConfiguration of type ENHANCED whose filters cover its name",
                    companion=missing and not configurations,
                ),
            )


def _scan_on_push(props: Any) -> bool:
    """Whatever the registry scans: where it scans more than this, the setting is idle."""
    if props.get("imageScanningConfiguration") is None:
        props["imageScanningConfiguration"] = {}
    own = props["imageScanningConfiguration"]
    return isinstance(own, Mapping) and switch_on(own, "scanOnPush")


def _covers(configuration: Resource, repository: Resource) -> tuple[Node, ...] | None:
    """Return None where a registry's enhanced scanning covers a repository, else what is not known of that."""
    kind = configuration["scanType"]
    if not kind.unknown and kind.value != _ENHANCED:
        return ()
    name, named = repository.known("name"), repository["name"]
    doubts: list[Node] = []
    for rule in entries(configuration["rules"]):
        for node in entries(rule["repositoryFilters"]):
            pattern = node["filter"]
            if pattern.unknown:
                doubts.append(pattern)
            elif not isinstance(pattern.value, str):
                continue
            elif name is None and pattern.value.strip("*"):
                # Which repositories a filter covers is not known before their names are.
                doubts += [pattern] if named.unknown or named.value is None else []
            elif name is None or _matches(pattern.value, name):
                if not kind.unknown:
                    return None
                doubts.append(kind)
    return tuple(doubts)


def _matches(pattern: str, name: str) -> bool:
    """Whether a filter covers a name: as a whole where it has a `*`, else as a part of it."""
    if "*" not in pattern:
        return pattern in name
    first, *rest = (re.escape(part) for part in re.sub(r"\*+", "*", pattern).split("*"))
    *middle, last = rest
    return re.fullmatch(first + "".join(f"(?>.*?{part})" for part in middle) + ".*" + last, name) is not None


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="SUP-03",
        requirement="A tag names the same image for good.",
        why="What was deployed yesterday could otherwise not be told from what is deployed today.",
        fix="ecr.Repository(..., image_tag_mutability='IMMUTABLE')",
        types=REPOSITORY,
        severity=Severity.MEDIUM,
        controls=("F:ECR.2",),
        check=_keeps_its_tags,
        remediate=_keep_tags,
    ),
    StackRule(
        id="SUP-04",
        requirement="Images are scanned for known vulnerabilities.",
        why="Most intrusions use a hole that has been known, and could have been seen, for months.",
        fix="ecr.Repository(..., image_scanning_configuration={'scan_on_push': True})",
        types=REPOSITORY,
        joins=SCANNING,
        severity=Severity.HIGH,
        controls=("F:ECR.1", "AISF-RUNTIME-01", "EKS-5.1.1"),
        check=_every_repository_is_scanned,
        remediate=_scan_on_push,
        repairs=REPOSITORY,
    ),
)
