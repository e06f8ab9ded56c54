"""MLG-10: where experiments are recorded: the artifacts are safe, and nobody comes in without a name."""

import re
from collections.abc import Iterator

from pulumi_policy import Severity

from policies.config import Settings
from policies.index import S3_IDENTITIES, Resource, Stack
from policies.labels import carries
from policies.rule import Finding, LocatedFindings, Rule, StackRule, Undecided, Violation
from policies.rules.governance.stores import BUCKET, RULES_OF_STORES, findings_by_store
from policies.tokens import aws, kubernetes, with_forms
from policies.values import Node
from policies.workloads import Pod, objects, pods

SERVER = aws("sagemaker/mlflowTrackingServer:MlflowTrackingServer")
DEPLOYMENT = with_forms(kubernetes("apps/v1:Deployment"))
SERVICE = with_forms(kubernetes("core/v1:Service"))
INGRESS = with_forms(kubernetes("networking.k8s.io/v1:Ingress"))
ARTIFACT_RULES = [rule for id_, rule in RULES_OF_STORES.items() if id_ in ("ENC-01", "RES-01")]
_S3 = re.compile(r"^s3://([^/]+)")


# The server that AWS runs: its bucket


def _artifacts(stack: Stack, server: Resource, settings: Settings) -> LocatedFindings:
    node = server["artifactStoreUri"]
    match = _S3.match(node.value) if isinstance(node.value, str) else None
    if not node.unknown and match is None:
        yield server, Violation(node.path, "where artifacts are kept cannot be read", "s3://bucket/path")
        return
    name = node if match is None else Node(match[1], node.path)
    reference = stack.reference(server, name, BUCKET, S3_IDENTITIES)
    if not reference.certain:
        yield server, Undecided(node.path)
    elif not reference.targets:
        missing = "a bucket of this stack"
        yield server, Violation(node.path, "the bucket of artifacts is not to be seen", missing, companion=True)
    for bucket in reference.targets if reference.certain else ():
        for rule in ARTIFACT_RULES:
            for subject, finding in findings_by_store(stack, settings, rule).get(bucket.urn, ()):
                if isinstance(finding, Violation):
                    what = f"the bucket of artifacts breaks {rule.id}"
                    yield server, Violation(node.path, what, "what that rule demands", companion=finding.companion)
                else:
                    yield subject, finding


# The server that the cluster runs: who reaches it


def _servers(stack: Stack, settings: Settings) -> Iterator[tuple[Pod, bool]]:
    """Yield the pods of each tracking server, and whether it is certain that they are."""
    for resource in stack.of(DEPLOYMENT):
        for pod in pods(resource, settings):
            labels = [part["metadata"]["labels"] for part in (pod.object, pod.template)]
            answers = [carries(node, settings.tracking_label) for node in labels]
            if True in answers or None in answers:
                yield pod, True in answers


def _asks_who(item: Node, settings: Settings) -> bool | None:
    """Whether an annotation says that callers are asked who they are."""
    nodes = [item["metadata"]["annotations"][key] for key in settings.authentication_annotations]
    if any(node.is_set and node.value != "none" for node in nodes):
        return True
    return None if any(node.unknown for node in nodes) else False


def _is_exposed(service: Node) -> bool | None:
    type_, addresses = service["spec"]["type"], service["spec"]["externalIPs"]
    if type_.value in ("LoadBalancer", "NodePort") or addresses.is_set:
        return True
    return None if type_.unknown or addresses.unknown else False


def _selects(service: Node, pod: Pod) -> bool | None:
    """Whether a service is in the namespace of a pod and selects it."""
    pairs = [(service["metadata"]["namespace"], pod.namespace)]
    selector, labels = service["spec"]["selector"], pod.template["metadata"]["labels"]
    if selector.unknown or labels.unknown or any(node.unknown for pair in pairs for node in pair):
        return None
    if not isinstance(selector.value, dict) or not selector.value:
        return False
    pairs += [(selector[key], labels[key]) for key in selector.value]
    if any(one.value != other.value for one, other in pairs if not (one.unknown or other.unknown)):
        return False
    return None if any(node.unknown for pair in pairs for node in pair) else True


def _backends(ingress: Node) -> Iterator[Node]:
    yield ingress["spec"]["defaultBackend"]["service"]["name"]
    for rule in ingress["spec"]["rules"].each():
        for path in rule["http"]["paths"].each():
            yield path["backend"]["service"]["name"]


def _finding(node: Node, certain: bool) -> Finding:
    if certain:
        expected = "a ClusterIP, or an annotation that says how callers are asked who they are"
        return Violation(node.path, "the tracking server answers whoever calls", expected)
    return Undecided(node.path)


def _entrances(stack: Stack, settings: Settings) -> LocatedFindings:
    """Yield the services and ingresses by which a tracking server is reached without a name."""
    servers = list(_servers(stack, settings))
    if not servers:
        return
    for_ingresses: list[tuple[Node, Node, bool]] = []
    for resource in stack.of(SERVICE):
        for service in objects(resource):
            answers = [(_selects(service, pod), sure) for pod, sure in servers]
            if all(selects is False for selects, _ in answers):
                continue
            certain = any(selects and sure for selects, sure in answers)
            for_ingresses.append((service["metadata"]["name"], service["metadata"]["namespace"], certain))
            exposed, asks = _is_exposed(service), _asks_who(service, settings)
            if exposed is not False and not asks:
                yield resource, _finding(service["spec"], bool(certain and exposed and asks is False))
    for resource in stack.of(INGRESS):
        for ingress in objects(resource):
            if (asks := _asks_who(ingress, settings)) is not True:
                yield from ((resource, finding) for finding in _routes(ingress, for_ingresses, asks is False))


def _routes(ingress: Node, services: list[tuple[Node, Node, bool]], sure: bool) -> Iterator[Finding]:
    namespace = ingress["metadata"]["namespace"]
    for backend in _backends(ingress):
        for name, place, certain in services:
            nodes = (backend, name, namespace, place)
            unknown = any(node.unknown for node in nodes)
            if unknown or (backend.value == name.value and backend.is_set and namespace.value == place.value):
                yield _finding(backend, sure and certain and not unknown)
                return


def _tracking_is_safe(stack: Stack, settings: Settings) -> LocatedFindings:
    for server in stack.of(SERVER):
        yield from _artifacts(stack, server, settings)
    yield from _entrances(stack, settings)


RULES: tuple[Rule, ...] = (
    StackRule(
        id="MLG-10",
        requirement="The artifacts of a tracking server are in a safe bucket, and whoever reaches it is asked who they "
        "are.",
        why="Who can write artifacts can replace a model, and loading one runs code.",
        fix='a bucket with ENC-01 and RES-01; core.v1.Service(spec={"type": "ClusterIP"}), an Ingress with '
        "nginx.ingress.kubernetes.io/auth-url or alb.ingress.kubernetes.io/auth-type",
        types=SERVER | DEPLOYMENT | SERVICE | INGRESS,
        joins=frozenset().union(*(rule.reads for rule in ARTIFACT_RULES)),
        severity=Severity.HIGH,
        controls=("ISO42-A.6.2.8",),
        check=_tracking_is_safe,
    ),
)
