"""Kubeconfigs and credentials: certificates, tokens, exec plugins."""

import base64
import json
import os
import stat
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.kubernetes_api import Answer, FakeApi, serving
from twin.certificates import issue
from twin.kubernetes import kubeconfig
from twin.kubernetes.client import ApiError, Client, KubeconfigError

PLUGIN = """\
import json, os, sys
log, token, expires = sys.argv[1:]
with open(log, "a") as runs:
    print(os.environ["SHARED"], os.environ["KUBERNETES_EXEC_INFO"], file=runs)
status = {"token": token + str(len(open(log).readlines()))}
if expires:
    status["expirationTimestamp"] = expires
print(json.dumps({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status}))
"""


@pytest.fixture
def plugin(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "plugin.py").write_text(PLUGIN)
    return {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": sys.executable,
        "args": [str(tmp_path / "plugin.py"), str(tmp_path / "runs"), "a b;c", ""],
        "env": [{"name": "SHARED", "value": "from the kubeconfig"}],
    }


def runs(folder: Path) -> list[str]:
    return (folder / "runs").read_text().splitlines()


def test_an_exec_plugin_runs_once_with_its_arguments_and_variables(
    api: FakeApi, plugin: dict[str, Any], tmp_path: Path
) -> None:
    client = Client.of(api.kubeconfig(exec=plugin))
    for _ in range(3):
        client.get("v1", "ConfigMap", "a")
    assert {request.headers["Authorization"] for request in api.requests} == {"Bearer a b;c1"}
    (run,) = runs(tmp_path)
    assert run.startswith("from the kubeconfig {")
    assert json.loads(run[run.index("{") :])["spec"] == {"interactive": False}


def test_an_exec_plugin_runs_again_once_its_answer_expires(
    api: FakeApi, plugin: dict[str, Any], tmp_path: Path
) -> None:
    plugin["args"][3] = (datetime.now(UTC) + timedelta(seconds=5)).isoformat()
    client = Client.of(api.kubeconfig(exec=plugin))
    for _ in range(2):
        client.raw("GET", "/api/v1")
    assert len(runs(tmp_path)) == 2  # 5 s are no longer enough


def test_an_exec_plugin_runs_again_when_its_token_is_refused(
    api: FakeApi, plugin: dict[str, Any], tmp_path: Path
) -> None:
    client = Client.of(api.kubeconfig(exec=plugin))
    api.plan(Answer(401, b"who?"))
    client.raw("GET", "/api/v1")
    assert [request.headers["Authorization"] for request in api.requests] == ["Bearer a b;c1", "Bearer a b;c2"]
    api.plan(Answer(401, b"who?"), times=2)
    with pytest.raises(ApiError, match="who"):
        client.raw("GET", "/api/v1")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"command": "no-such-program", "installHint": "install it"},
            "no-such-program .* is not installed: install it",
        ),
        ({"args": ["-c", "import sys; sys.exit('no rights')"]}, "ended with 1: no rights"),
        ({"args": ["-c", "print('{}')"]}, "printed no ExecCredential"),
        ({"apiVersion": "client.authentication.k8s.io/v1alpha1"}, "v1alpha1"),
    ],
)
def test_says_what_an_exec_plugin_does_wrong(
    api: FakeApi, plugin: dict[str, Any], change: dict[str, Any], words: str
) -> None:
    with pytest.raises(KubeconfigError, match=words):
        Client.of(api.kubeconfig(exec={**plugin, **change})).raw("GET", "/api/v1")


def test_reads_a_token_file_anew(api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twin.kubernetes.credentials._FILE_SECONDS", 0)
    client = Client.of(api.kubeconfig(tokenFile=str(tmp_path / "token")))
    for token in ("first", "second"):
        (tmp_path / "token").write_text(f"{token}\n")
        client.raw("GET", "/api/v1")
    assert [request.headers["Authorization"] for request in api.requests] == ["Bearer first", "Bearer second"]


def test_trusts_the_authority_of_the_kubeconfig_alone(tmp_path: Path) -> None:
    certificate = issue(["127.0.0.1"], tmp_path / "ours")
    issue(["127.0.0.1"], tmp_path / "other")
    with serving(certificate) as api:
        config = api.kubeconfig(token="t")
        cluster = config["clusters"][0]["cluster"]
        cluster["certificate-authority-data"] = base64.b64encode((tmp_path / "ours/ca.pem").read_bytes()).decode()
        assert Client.of(config).get("v1", "ConfigMap", "a") is None
        cluster["certificate-authority-data"] = base64.b64encode((tmp_path / "other/ca.pem").read_bytes()).decode()
        with pytest.raises(ApiError, match="CERTIFICATE_VERIFY_FAILED"):
            Client.of(config, attempts=1).get("v1", "ConfigMap", "a")
        del cluster["certificate-authority-data"]
        cluster["insecure-skip-tls-verify"] = True
        with pytest.raises(KubeconfigError, match="insecure-skip-tls-verify; give its certificate-authority-data"):
            Client.of(config)


def test_paths_in_a_kubeconfig_are_relative_to_it(tmp_path: Path) -> None:
    certificate = issue(["127.0.0.1"], tmp_path)
    config = FakeApi(url="https://127.0.0.1:1").kubeconfig(
        **{"client-certificate": "server.pem", "client-key": "server.key"}
    )
    config["clusters"][0]["cluster"]["certificate-authority"] = "ca.pem"
    (tmp_path / "config").write_text(json.dumps(config))
    found = kubeconfig.access(tmp_path / "config")
    assert found.authority == (tmp_path / "ca.pem").read_text()
    assert found.key == certificate.key.read_text()
    found.tls()  # OpenSSL takes both
    assert found.key not in repr(found)


def test_writes_keys_for_nobody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = issue(["127.0.0.1"], tmp_path)
    access = kubeconfig.Access(
        "https://a", certificate=certificate.certificate.read_text(), key=certificate.key.read_text()
    )
    seen: list[tuple[Path, int]] = []
    import ssl

    load = ssl.SSLContext.load_cert_chain

    def look(self: ssl.SSLContext, path: Path) -> None:
        seen.append((path, stat.S_IMODE(os.stat(path).st_mode)))
        load(self, path)

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", look)
    access.tls()
    ((path, mode),) = seen
    assert mode == 0o600
    assert not path.exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [", "is no valid YAML"),
        ("just words", "holds no clusters"),
        ("{}", "has no current-context"),
        ("{current-context: a, contexts: [{name: b}]}", "has no context 'a'; it has b"),
        ("{current-context: a, contexts: [{name: a, context: {cluster: c}}]}", "has no cluster 'c'; it has none"),
    ],
)
def test_says_what_a_kubeconfig_lacks(text: str, words: str) -> None:
    with pytest.raises(KubeconfigError, match=words):
        kubeconfig.access(text)


def test_refuses_what_it_does_not_take() -> None:
    api = FakeApi(url="https://127.0.0.1:1")
    with pytest.raises(KubeconfigError, match="has auth-provider; a certificate, a token or an exec plugin is taken"):
        Client.of(api.kubeconfig(**{"auth-provider": {"name": "gcp"}}))
