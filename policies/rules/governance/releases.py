"""MLG-04: a model that serves in production was released by somebody else than who made it."""

import re
from collections.abc import Callable, Iterator

from pulumi_policy import Severity

from policies.config import Settings
from policies.index import Resource, Stack
from policies.labels import carries, tag
from policies.rule import Findings, LocatedFindings, Rule, StackRule, Undecided, Violation, is_set, require
from policies.tokens import aws, kubernetes, with_forms
from policies.values import Node
from policies.workloads import Pod, pods

MODEL = aws("sagemaker/model:Model")
INFERENCE = kubernetes("serving.kserve.io/v1beta1:InferenceService")
DEPLOYMENT = with_forms(kubernetes("apps/v1:Deployment"))
_DIGEST = re.compile(r"(^|@)sha256:[0-9a-f]{64}$")
_VERSION = re.compile(r":model-package/[^/]+/\d+$")
Said = Callable[[str], Node]


def _released(said: Said, settings: Settings) -> Findings:
    """Judge what is said of the release: `said` returns an annotation or a tag."""
    approval, author, approver = (
        said(key) for key in (settings.approval_key, settings.author_key, settings.approver_key)
    )
    yield from require(approval, lambda value: value == "Approved", "the model is not approved", "Approved")
    yield from is_set(author, "who made the model is not stated", "a person")
    yield from is_set(approver, "who approved the model is not stated", "a person")
    names = [node.value.strip().casefold() for node in (author, approver) if isinstance(node.value, str)]
    if len(names) == 2 and names[0] == names[1]:
        yield Violation(approver.path, "who made the model approved it", "somebody else than the author")


def _is_pinned(value: object) -> bool:
    return isinstance(value, str) and _DIGEST.search(value) is not None


def _pinned(image: Node) -> Findings:
    yield from require(image, _is_pinned, "what serves is not pinned by its digest", "an image with @sha256:...")


def _model(resource: Resource, settings: Settings) -> Findings:
    yield from _released(lambda key: tag(resource, key), settings)
    containers = (*resource["primaryContainer"].each(), *resource["containers"].each())
    if not containers:
        yield Violation("primaryContainer", "there is no container", "one with modelPackageName")
    for container in containers:
        package, image = container["modelPackageName"], container["image"]
        if package.value is not None:
            what = "no single version in the registry is named"
            yield from require(package, lambda v: isinstance(v, str) and bool(_VERSION.search(v)), what, "its ARN")
        else:
            version = tag(resource, settings.model_version_key)
            yield from is_set(version, "no version in the registry is named", "a version, or modelPackageName")
        if package.value is None or image.value is not None:
            yield from _pinned(image)


def _object(pods_of_one: tuple[Pod, ...], settings: Settings) -> Findings:
    first = pods_of_one[0]

    def said(key: str) -> Node:
        own = first.object["metadata"]["annotations"][key]
        return first.template["metadata"]["annotations"][key] if own.value is None else own

    yield from _released(said, settings)
    yield from is_set(said(settings.model_version_key), "no version in the registry is named", "a version")
    models = tuple(pod.spec["model"]["image"] for pod in pods_of_one if pod.spec["model"]["image"].value is not None)
    images = (*models, *(container["image"] for pod in pods_of_one for container in pod.containers))
    for image in images:
        yield from _pinned(image)
    if not images:
        digest = said(settings.model_digest_key)
        yield from require(digest, _is_pinned, "what serves is not pinned by its digest", "sha256:...")


def _serving(resource: Resource, settings: Settings) -> Iterator[tuple[bool | None, Node, tuple[Pod, ...]]]:
    """Yield whether each object of a resource serves (None: not known), where that is said, and its pods."""
    found = pods(resource, settings)
    if resource.type in INFERENCE:
        if found:
            yield True, found[0].object, found
        return
    for pod in found:
        labels = [part["metadata"]["labels"] for part in (pod.object, pod.template)]
        answers = [carries(node, settings.serving_label) for node in labels]
        serves = True if True in answers else None if None in answers else False
        yield serves, next((node for node in labels if node.unknown), labels[0]), (pod,)


def _models_are_released(stack: Stack, settings: Settings) -> LocatedFindings:
    if not settings.production:
        return
    for resource in stack.of(MODEL):
        yield from ((resource, finding) for finding in _model(resource, settings))
    for resource in stack.of(INFERENCE | DEPLOYMENT):
        for serves, labels, found in _serving(resource, settings):
            if serves is False:
                continue
            findings = tuple(_object(found, settings))
            if serves is None and findings:
                yield resource, Undecided(labels.path)
            else:
                yield from ((resource, finding) for finding in findings)


RULES: tuple[Rule, ...] = (
    StackRule(
        id="MLG-04",
        requirement="In production a served model is a pinned version of the registry that somebody else than its "
        "author approved.",
        why="Otherwise one person brings a model to customers that nobody else has seen.",
        fix='primary_container={"model_package_name": version_arn}; annotations or tags groundwork.io/model-version, '
        "groundwork.io/approval=Approved, groundwork.io/author, groundwork.io/approver; images by digest",
        types=MODEL | INFERENCE | DEPLOYMENT,
        joins=frozenset(),
        severity=Severity.CRITICAL,
        controls=("AISF-ML-04", "AIA-14", "ISO42-A.6.2.4", "ISO42-A.6.2.5"),
        check=_models_are_released,
    ),
)
