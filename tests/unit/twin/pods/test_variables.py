"""The variables of a container, as kubelet makes them."""

import base64
from typing import Any

import pytest

from tests.unit.twin.pods.support import ADDRESS, CONTAINER, held, sources
from twin.pods.errors import PodError
from twin.pods.variables import of_services, variables

OBJECTS = (
    held("ConfigMap", "settings", data={"COLOUR": "green", "SIZE": "9"}),
    held("Secret", "login", data={"PASSWORD": base64.b64encode(b"/srv s3cret").decode()}),
)


def made(*env: dict[str, Any], **container: Any) -> dict[str, str]:
    return variables({**CONTAINER, "env": list(env), **container}, sources(*OBJECTS), {"LINK": "tcp://1"}).values


def of(name: str, **source: Any) -> dict[str, Any]:
    return {"name": name, "valueFrom": source}


def test_env_goes_over_env_from_and_both_over_services() -> None:
    given = made(
        {"name": "SIZE", "value": "10"},
        {"name": "BOTH", "value": "$(COLOUR) $(SIZE) $(LINK) $(LATER)"},
        {"name": "LATER", "value": "x"},
        envFrom=[{"configMapRef": {"name": "settings"}}, {"prefix": "P_", "secretRef": {"name": "login"}}],
    )
    assert given == {
        "LINK": "tcp://1",
        "COLOUR": "green",
        "SIZE": "10",
        "P_PASSWORD": "/srv s3cret",
        "BOTH": "green 10 tcp://1 $(LATER)",
        "LATER": "x",
    }


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("metadata.name", "counter-1"),
        ("metadata.namespace", "shop"),
        ("metadata.uid", "u-1"),
        ("metadata.labels['a']", "1"),
        ("metadata.labels['none']", ""),
        ("metadata.annotations['note']", "n"),
        ("spec.nodeName", "node-1"),
        ("spec.serviceAccountName", "clerk"),
        ("status.podIP", ADDRESS),
        ("status.hostIP", "127.0.0.1"),
    ],
)
def test_fields_of_the_pod(path: str, value: str) -> None:
    assert made(of("X", fieldRef={"fieldPath": path}))["X"] == value


@pytest.mark.parametrize(
    ("resource", "divisor", "value"),
    [
        ("limits.memory", "1Mi", "1024"),
        ("requests.cpu", "1m", "250"),
        ("requests.cpu", "0", "1"),
        ("requests.memory", "1", "0"),
        ("limits.cpu", "1", "4"),
    ],
)
def test_resources_are_rounded_up_and_a_missing_limit_is_the_nodes(resource: str, divisor: str, value: str) -> None:
    assert made(of("X", resourceFieldRef={"resource": resource, "divisor": divisor}))["X"] == value


def test_values_of_secrets_are_known_as_such_until_something_else_takes_their_name() -> None:
    secret = {"name": "login", "key": "PASSWORD"}
    container = {
        **CONTAINER,
        "envFrom": [{"secretRef": {"name": "login"}}],
        "env": [of("DIRECT", secretKeyRef=secret), {"name": "PASSWORD", "value": "open"}],
    }
    assert variables(container, sources(*OBJECTS), {}).of_secrets == {"DIRECT"}


def test_what_is_optional_may_be_missing() -> None:
    optional = {"optional": True}
    given = made(
        of("A", configMapKeyRef={"name": "none", "key": "k", **optional}),
        of("B", secretKeyRef={"name": "login", "key": "none", **optional}),
        envFrom=[{"configMapRef": {"name": "none", **optional}}, {"secretRef": {"name": "none", **optional}}],
    )
    assert given == {"LINK": "tcp://1"}


@pytest.mark.parametrize(
    ("container", "words"),
    [
        ({"env": [of("A", configMapKeyRef={"name": "none", "key": "k"})]}, 'configmap "none" not found'),
        (
            {"env": [of("A", configMapKeyRef={"name": "settings", "key": "k"})]},
            "couldn't find key k in ConfigMap shop/s",
        ),
        ({"env": [of("A", secretKeyRef={"name": "login", "key": "k"})]}, "couldn't find key k in Secret shop/login"),
        ({"env": [of("A", fieldRef={"fieldPath": "status.phase"})]}, "fieldRef status.phase is not modelled"),
        ({"env": [of("A", fileKeyRef={"key": "k"})]}, "env A: valueFrom fileKeyRef is not modelled"),
        ({"envFrom": [{"somethingRef": {"name": "x"}}]}, "envFrom somethingRef is not modelled"),
    ],
)
def test_what_is_missing_or_unknown_is_named(container: dict[str, Any], words: str) -> None:
    with pytest.raises(PodError, match=words):
        made(**container)


def test_services_are_linked_as_kubelet_links_them() -> None:
    web = {"metadata": {"name": "my-web"}, "spec": {"clusterIP": "10.0.0.7", "ports": [{"port": 80, "name": "http"}]}}
    headless = {"metadata": {"name": "none"}, "spec": {"clusterIP": "None", "ports": [{"port": 80}]}}
    master = {"metadata": {"name": "kubernetes"}, "spec": {"clusterIP": "10.0.0.1", "ports": [{"port": 443}]}}
    found = of_services([web, headless], master, linked=True)
    assert {name: value for name, value in found.items() if name.startswith("MY_WEB")} == {
        "MY_WEB_SERVICE_HOST": "10.0.0.7",
        "MY_WEB_SERVICE_PORT": "80",
        "MY_WEB_SERVICE_PORT_HTTP": "80",
        "MY_WEB_PORT": "tcp://10.0.0.7:80",
        "MY_WEB_PORT_80_TCP": "tcp://10.0.0.7:80",
        "MY_WEB_PORT_80_TCP_PROTO": "tcp",
        "MY_WEB_PORT_80_TCP_PORT": "80",
        "MY_WEB_PORT_80_TCP_ADDR": "10.0.0.7",
    }
    assert not any(name.startswith("NONE") for name in found)
    assert all(name.startswith("KUBERNETES") for name in of_services([web], master, linked=False))
