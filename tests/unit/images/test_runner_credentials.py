"""The Job that keeps the Secret of a GitHub App, against an API server in memory, with TLS and a token."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from groundwork_runner_credentials import __main__ as command
from groundwork_runner_credentials.secret import KEYS, CredentialsError, read

from components.runners.scale_set_pods import SECRET_KEYS
from tests.support.kubernetes_api import FakeApi, serving, status
from twin.certificates import issue

NAMESPACE, NAME, TOKEN = "runners-gpu", "github", "token-of-the-account"
COLLECTION = f"/api/v1/namespaces/{NAMESPACE}/secrets"
PRIVATE = "-----BEGIN RSA PRIVATE KEY-----\nc2VjcmV0\n-----END RSA PRIVATE KEY-----"
VALUES = dict(zip(KEYS, ("12345", "67890", PRIVATE), strict=True))


def mount(folder: Path, **values: str) -> Path:
    folder.mkdir(exist_ok=True)
    for key, value in (VALUES | values).items():
        (folder / key).write_text(f"{value}\n", encoding="utf-8")
    return folder


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeApi]:
    certificate = issue(["127.0.0.1"], tmp_path / "authority")
    account = tmp_path / "account"
    account.mkdir()
    (account / "token").write_text(TOKEN, encoding="utf-8")
    (account / "namespace").write_text(NAMESPACE, encoding="utf-8")
    (account / "ca.crt").write_bytes((tmp_path / "authority" / "ca.pem").read_bytes())
    with serving(certificate) as fake:
        for name, value in {
            "CREDENTIALS_DIRECTORY": str(mount(tmp_path / "mounted")),
            "ACCOUNT_DIRECTORY": str(account),
            "KUBERNETES_SERVICE_HOST": "127.0.0.1",
            "KUBERNETES_SERVICE_PORT": fake.url.rpartition(":")[2],
            "SECRET_NAME": NAME,
        }.items():
            monkeypatch.setenv(name, value)
        yield fake


def held(api: FakeApi) -> dict[str, str]:
    data = api.objects[f"{COLLECTION}/{NAME}"]["data"]
    return {key: base64.b64decode(value).decode() for key, value in data.items()}


def test_the_first_run_makes_the_secret_with_what_is_mounted(api: FakeApi, capsys: pytest.CaptureFixture[str]) -> None:
    command.main()
    assert held(api) == VALUES
    assert {request.headers["Authorization"] for request in api.requests} == {f"Bearer {TOKEN}"}
    assert capsys.readouterr().out == "Secret runners-gpu/github: made\n"


def test_a_run_that_finds_it_as_it_should_be_changes_nothing(api: FakeApi, capsys: pytest.CaptureFixture[str]) -> None:
    command.main()
    version = api.objects[f"{COLLECTION}/{NAME}"]["metadata"]["resourceVersion"]
    command.main()
    assert api.objects[f"{COLLECTION}/{NAME}"]["metadata"]["resourceVersion"] == version
    assert capsys.readouterr().out.endswith(": unchanged\n")


def test_a_new_key_reaches_the_cluster_and_nothing_else_of_the_secret_changes(api: FakeApi, tmp_path: Path) -> None:
    command.main()
    api.objects[f"{COLLECTION}/{NAME}"]["metadata"]["labels"] = {"kept": "yes"}
    mount(tmp_path / "mounted", github_app_private_key=PRIVATE.replace("c2VjcmV0", "YW5vdGhlcg=="))
    command.main()
    assert "YW5vdGhlcg==" in held(api)["github_app_private_key"]
    assert api.objects[f"{COLLECTION}/{NAME}"]["metadata"]["labels"] == {"kept": "yes"}


def test_a_change_in_between_is_not_overwritten(api: FakeApi, tmp_path: Path) -> None:
    command.main()
    mount(tmp_path / "mounted", github_app_id="99999")
    api.plan(status(409, "Conflict", "the object has been modified"), "PUT")
    with pytest.raises(SystemExit, match="refused it with status 409"):
        command.main()


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("github_app_id", "my-app", "github_app_id of the secret is no number"),
        ("github_app_installation_id", "", "github_app_installation_id of the secret is no number"),
        ("github_app_private_key", "ghp_abcdef", "github_app_private_key of the secret is no private key"),
    ],
)
def test_what_is_no_credential_is_refused_without_a_request_and_not_shown(
    api: FakeApi, tmp_path: Path, key: str, value: str, said: str
) -> None:
    mount(tmp_path / "mounted", **{key: value})
    with pytest.raises(SystemExit) as caught:
        command.main()
    assert said in str(caught.value)
    assert not value or value not in str(caught.value)
    assert not api.requests


def test_an_entry_that_is_missing_is_named(tmp_path: Path) -> None:
    folder = mount(tmp_path / "mounted")
    (folder / "github_app_id").unlink()
    with pytest.raises(CredentialsError, match="has it the entry github_app_id"):
        read(folder)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_right_that_lacks_is_said_and_no_value_with_it(api: FakeApi, method: str) -> None:
    api.plan(status(403, "Forbidden", f"secrets is forbidden: {PRIVATE}"), method)
    with pytest.raises(SystemExit) as caught:
        command.main()
    assert str(caught.value).startswith(f"error: {method} {COLLECTION}")
    assert "status 403" in str(caught.value)
    assert "PRIVATE KEY" not in str(caught.value)


def test_a_server_of_another_authority_is_told_nothing(
    api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    issue(["127.0.0.1"], other)
    account = tmp_path / "account"
    (account / "ca.crt").write_bytes((other / "ca.pem").read_bytes())
    with pytest.raises(SystemExit, match="does not answer"):
        command.main()
    assert not api.requests


@pytest.mark.parametrize(
    "variable", ["CREDENTIALS_DIRECTORY", "ACCOUNT_DIRECTORY", "KUBERNETES_SERVICE_HOST", "SECRET_NAME"]
)
def test_a_variable_that_is_missing_is_named(api: FakeApi, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.delenv(variable)
    with pytest.raises(SystemExit, match=variable):
        command.main()
    assert not api.requests


def test_what_it_brings_is_what_is_mounted_and_what_the_controller_reads() -> None:
    """Source: Actions Runner Controller, apis/actions.github.com/v1alpha1/appconfig."""
    assert KEYS == SECRET_KEYS
