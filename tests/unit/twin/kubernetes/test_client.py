"""The client against a fake API server: what it sends, what it repeats, what it says when refused."""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.kubernetes_api import Answer, FakeApi, status
from twin.kubernetes.client import ApiError, Client, NoSuchKindError

CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"a": "1"}}
PATH = "/api/v1/namespaces/default/configmaps/settings"


def test_applies_as_the_manager_it_is_told(api: FakeApi, client: Client) -> None:
    made = client.apply(CONFIG_MAP, manager="someone", force=True, dry_run=True)

    (sent,) = api.said("PATCH")
    assert sent.path == PATH
    assert sent.query == {"fieldManager": "someone", "force": "true", "dryRun": "All", "fieldValidation": "Strict"}
    assert sent.headers["Authorization"] == "Bearer t0ken"
    assert made["data"] == {"a": "1"}
    assert client.get("v1", "ConfigMap", "settings") is None  # a dry run


def test_reads_lists_patches_and_deletes(api: FakeApi, client: Client) -> None:
    client.apply(CONFIG_MAP, manager="someone")
    client.patch("v1", "ConfigMap", "settings", "default", {"data": {"b": "2"}})

    assert client.list("v1", "ConfigMap", "default")[0]["data"] == {"a": "1", "b": "2"}
    assert client.list("v1", "ConfigMap")[0]["kind"] == "ConfigMap"
    assert client.delete("v1", "ConfigMap", "settings", propagationPolicy="Foreground") is True
    assert api.said("DELETE")[0].body["propagationPolicy"] == "Foreground"
    assert client.delete("v1", "ConfigMap", "settings") is False


def test_lists_page_after_page(api: FakeApi, client: Client) -> None:
    client.resource("v1", "ConfigMap")
    api.plan(Answer(200, {"metadata": {"continue": "further"}, "items": [{"metadata": {"name": "a"}}]}))
    api.plan(Answer(200, {"metadata": {}, "items": [{"metadata": {"name": "b"}}]}))

    assert [held["metadata"]["name"] for held in client.list("v1", "ConfigMap", label_selector="a=b")] == ["a", "b"]
    assert api.requests[-1].query == {"limit": "500", "labelSelector": "a=b", "continue": "further"}


def test_asks_for_the_kinds_once_and_again_for_one_it_does_not_know(api: FakeApi, client: Client) -> None:
    for _ in range(3):
        client.get("v1", "ConfigMap", "settings")
    assert len([request for request in api.requests if request.path == "/api/v1"]) == 1
    with pytest.raises(NoSuchKindError, match=r'no matches for kind "Widget" in version "example\.com/v1"'):
        client.get("example.com/v1", "Widget", "w")
    api.plan(Answer(200, {"resources": [{"kind": "Widget", "name": "widgets", "namespaced": False, "verbs": []}]}))
    assert client.get("example.com/v1", "Widget", "w") is None


@pytest.mark.parametrize("trouble", [429, 500, 503, 0])
def test_repeats_an_apply_when_the_server_has_trouble(api: FakeApi, client: Client, trouble: int) -> None:
    client.resource("v1", "ConfigMap")
    api.plan(Answer(trouble, b"busy"), "PATCH", times=2)

    assert client.apply(CONFIG_MAP, manager="someone")["data"] == {"a": "1"}
    assert len(api.said("PATCH")) == 3


def test_repeats_what_a_server_forbids_because_it_has_just_started(api: FakeApi, client: Client) -> None:
    client.resource("v1", "ConfigMap")
    words = 'configmaps "settings" is forbidden: not yet ready to handle request'
    for method in ("PATCH", "POST"):
        api.plan(status(403, "Forbidden", words), method)
    client.apply(CONFIG_MAP, manager="someone")
    client.create({**CONFIG_MAP, "metadata": {"name": "others"}})
    assert [len(api.said(method)) for method in ("PATCH", "POST")] == [2, 2]


def test_waits_as_long_as_the_server_asks(api: FakeApi, client: Client) -> None:
    client.resource("v1", "ConfigMap")
    api.plan(Answer(429, b"later", {"Retry-After": "1"}), "GET")
    began = time.monotonic()
    client.get("v1", "ConfigMap", "settings")
    assert time.monotonic() - began >= 1


def test_stops_waiting_when_it_is_cancelled(api: FakeApi, client: Client) -> None:
    client.resource("v1", "ConfigMap")
    api.plan(Answer(429, b"later", {"Retry-After": "30"}), "GET", times=9)
    client.transport.cancelled.set()
    with pytest.raises(ApiError, match="HTTP 429: later"):
        client.get("v1", "ConfigMap", "settings")


@pytest.mark.parametrize("trouble", [500, 0])
def test_never_repeats_a_create_that_may_have_arrived(api: FakeApi, client: Client, trouble: int) -> None:
    client.resource("v1", "ConfigMap")
    api.plan(Answer(trouble, b""), "POST")
    with pytest.raises(ApiError):
        client.create(CONFIG_MAP)
    assert len(api.said("POST")) == 1


def test_repeats_a_create_that_was_turned_away(api: FakeApi, client: Client) -> None:
    client.resource("v1", "ConfigMap")
    api.plan(Answer(429, b"later"), "POST")
    client.create(CONFIG_MAP)
    assert len(api.said("POST")) == 2


def test_says_what_the_api_server_said(api: FakeApi, client: Client) -> None:
    client.resource("v1", "ConfigMap")
    words = 'admission webhook "images" denied the request: no digest'
    api.plan(status(403, "Forbidden", words, causes=[{"field": "spec.image", "message": "no digest"}]), "PATCH")
    with pytest.raises(ApiError) as refused:
        client.apply(CONFIG_MAP, manager="someone")
    assert (str(refused.value), refused.value.status, refused.value.reason) == (words, 403, "Forbidden")
    assert refused.value.causes == [{"field": "spec.image", "message": "no digest"}]


def test_watches_line_by_line_and_raises_what_the_watch_says(api: FakeApi, client: Client) -> None:
    client.resource("v1", "ConfigMap")
    gone = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"}
    events = [{"type": "ADDED", "object": CONFIG_MAP}, {"type": "ERROR", "object": gone}]
    api.plan(Answer(200, "\n".join(map(json.dumps, events)).encode()))

    watch = client.watch("v1", "ConfigMap", timeout_seconds=5, resourceVersion="7")
    assert next(watch) == ("ADDED", CONFIG_MAP)
    with pytest.raises(ApiError, match="too old resource version"):
        next(watch)
    assert api.requests[-1].query == {"watch": "true", "timeoutSeconds": "5", "resourceVersion": "7"}


def test_asks_for_a_token_of_a_service_account(api: FakeApi, client: Client) -> None:
    client.resource("v1", "ServiceAccount")
    api.plan(Answer(201, {"status": {"token": "abc"}}), "POST")
    asked = client.post_subresource("v1", "ServiceAccount", "robot", "kube-system", "token", {"spec": {}})
    assert asked["status"]["token"] == "abc"
    assert api.requests[-1].path == "/api/v1/namespaces/kube-system/serviceaccounts/robot/token"


def test_reads_text_where_the_answer_is_text(api: FakeApi, client: Client) -> None:
    api.plan(Answer(200, b"ok"))
    assert client.raw("GET", "/readyz") == "ok"


def test_serves_many_threads_at_once(api: FakeApi, client: Client) -> None:
    def apply(index: int) -> str:
        named = {**CONFIG_MAP, "metadata": {"name": f"settings-{index}"}}
        return str(client.apply(named, manager="someone")["metadata"]["name"])

    with ThreadPoolExecutor(16) as threads:
        assert list(threads.map(apply, range(100))) == [f"settings-{index}" for index in range(100)]
    assert len([request for request in api.requests if request.path == "/api/v1"]) == 1


def test_says_which_server_does_not_answer() -> None:
    api = FakeApi(url="http://127.0.0.1:9")
    with pytest.raises(ApiError, match=r"the API server http://127.0.0.1:9 does not answer") as unreachable:
        Client.of(api.kubeconfig(), attempts=2).get("v1", "ConfigMap", "a")
    assert (unreachable.value.status, unreachable.value.sent) == (0, False)


def test_is_imported_without_the_slow_client_library() -> None:
    imports = "import sys, twin.kubernetes.client; print('kubernetes' in sys.modules, 'boto3' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", imports], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
