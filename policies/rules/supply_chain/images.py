"""SUP-01 and SUP-02: which images run."""

from pulumi_policy import Severity

from policies import images
from policies.config import Settings
from policies.rule import Findings, ResourceRule, Rule, Undecided, Violation, require
from policies.rules.pods.levels import every_pod
from policies.values import Node, describe
from policies.workloads import WORKLOADS, Pod, is_custom

_REFERENCE = "a reference such as host/name@sha256:..."


def _is_pinned(pod: Pod, settings: Settings) -> Findings:
    del settings
    for container in pod.containers:
        node = container["image"]
        yield from require(node, _names_one_image, "it may be another image tomorrow", "a sha256 digest after an @")
        image = images.parse(node.value) if isinstance(node.value, str) else None
        if image and image.digest is None and image.tag in (None, "latest"):
            missing = "latest is whatever was pushed last" if image.tag else "without a tag it is latest"
            yield Violation(node.path, missing, "a version as tag, beside the digest", describe(node.value))


def _names_one_image(value: object) -> bool:
    return isinstance(value, str) and images.is_pinned(value)


def _is_from_a_listed_registry(pod: Pod, settings: Settings) -> Findings:
    for container in pod.containers:
        yield from _comes_from(container["image"], settings.registries)


def _comes_from(node: Node, registries: tuple[str, ...]) -> Findings:
    if node.unknown:
        yield Undecided(node.path)
        return
    image = images.parse(node.value) if isinstance(node.value, str) else None
    if image is None:
        yield Violation(node.path, "it cannot be read", _REFERENCE, describe(node.value))
    elif not any(image.is_from(registry) for registry in registries):
        expected = f"one of {', '.join(registries)}" if registries else "one of the setting registries, which is empty"
        yield Violation(node.path, "its registry is not on the list", expected, describe(node.value))


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="SUP-01",
        requirement="Every image is pinned by its digest.",
        why="A tag can be moved to another image after everybody has tested it.",
        fix="image=f'{repository_url}@sha256:...'",
        types=WORKLOADS,
        also=is_custom,
        severity=Severity.HIGH,
        controls=(),
        check=every_pod(_is_pinned),
    ),
    ResourceRule(
        id="SUP-02",
        requirement="Every image comes from a registry of the list.",
        why="Anybody can publish an image; what is not from our registry was neither scanned nor approved.",
        fix="image= of the account's own ECR, as a copy or through a pull-through cache",
        types=WORKLOADS,
        also=is_custom,
        severity=Severity.HIGH,
        controls=("EKS-5.1.4",),
        check=every_pod(_is_from_a_listed_registry),
    ),
)
