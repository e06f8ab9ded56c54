"""Decides that no secret gets through the program that Fluent Bit runs on each line, and that other lines stay whole.

Fluent Bit's own binary is in no registry that a test may ask: none of Debian's packages, of PyPI's or npm's carries it.
So the program is read out of the configuration as the cluster gets it, and run by LuaJIT, which is what Fluent Bit has
inside; a record is a table of Lua here as there. What is around the program (which files are tailed, that filters come
in this order) is not run here.
"""

import base64
import itertools
import json
import string
from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from lupa import luajit21

from components.monitoring import fluent_bit as fluent_bit_configuration
from components.monitoring.log_settings import LogsSettings
from components.monitoring.log_stack import LogStackArgs, settings_of

HIDDEN = "[REDACTED]"
TAG = "kube.var.log.containers.app-1_team-vision_app-0123.log"
ARGS = LogStackArgs(
    settings=LogsSettings(retention_in_days={"internal": 30, "confidential": 90}),
    account_id="111122223333",
    region="eu-west-1",
    environment="dev",
    boundary_arn="arn",
    cluster_name="groundwork-dev",
    key_arns={"internal": "arn", "confidential": "arn"},
)
FILES = settings_of(ARGS)
KEY_ID = "AKIA" + "IOSFODNN7EXAMPLE"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY"
JWT = ".".join(
    base64.urlsafe_b64encode(part).decode().rstrip("=")
    for part in (b'{"alg":"RS256"}', b'{"sub":"system:serviceaccount"}', b"0123456789abcdef0123")
)


def fluent_bit() -> Any:
    """The program in a Lua of its own, from the configuration that names it."""
    (lua,) = (one for one in json.loads(FILES["fluent-bit.yaml"])["pipeline"]["filters"] if one["name"] == "lua")
    runtime = luajit21.LuaRuntime(unpack_returned_tuples=True)
    runtime.execute(FILES[lua["script"].rpartition("/")[2]])
    return runtime, getattr(runtime.globals(), lua["call"])


RUNTIME, PROCESS = fluent_bit()
PODS = itertools.count()


def record(line: str, tag: str = TAG, labels: dict[str, str] | None = None, process: Any = None) -> Any:
    namespace = {"name": "team-vision", "labels": RUNTIME.table_from(labels or {})}
    told = RUNTIME.table_from({"log": line, "stream": "stdout", "kubernetes_namespace": RUNTIME.table_from(namespace)})
    code, _, changed = (process or PROCESS)(tag, 0.0, told)
    assert code == 2, "changed, at the same time"
    return changed


def through(line: str, tag: str = "") -> str:
    """What is left of a line of a pod; of one that has said nothing before, unless it is named."""
    return str(record(line, tag or f"kube.var.log.containers.pod-{next(PODS)}_team-vision_app-0123.log")["log"])


# Where a secret stands in a line.
SHAPES: dict[str, Callable[[str], str]] = {
    "environment": lambda secret: f"MLFLOW_TRACKING_PASSWORD={secret}",
    "environment, exported": lambda secret: f'export DB_PASSWORD="{secret}"',
    "json": lambda secret: json.dumps({"user": "bob", "password": secret, "attempt": 3}),
    "json in json": lambda secret: json.dumps({"message": json.dumps({"client_secret": secret})}),
    "python": lambda secret: f"Settings(user='bob', api_key='{secret}', retries=3)",
    "yaml": lambda secret: f"  accessToken: {secret}",
    "ruby": lambda secret: f":secret => '{secret}'",
    "option": lambda secret: f"mlflow server --password {secret} --host 0.0.0.0",
    "option with an equals sign": lambda secret: f"run --api-token={secret} now",
    "url": lambda secret: f"connecting to postgresql://mlflow:{secret}@db.internal:5432/registry",
    "query": lambda secret: f"GET https://b.s3.amazonaws.com/k?X-Amz-Date=1&X-Amz-Security-Token={secret}&x=1",
    "bearer": lambda secret: f"> Authorization: Bearer {secret}",
    "header, as curl says it": lambda secret: f"curl -H 'authorization: token {secret}' https://api",
    "header in a dict": lambda secret: str({"Authorization": f"Bearer {secret}", "Accept": "*/*"}),
    "cookie": lambda secret: f"Set-Cookie: session={secret}; HttpOnly",
    "api key": lambda secret: f"x-api-key: {secret}",
    "dsn": lambda secret: f"host=db user=mlflow password={secret} sslmode=verify-full",
    "aws configuration": lambda secret: f"aws_secret_access_key = {secret}",
    "log of a request": lambda secret: f'10.0.0.1 - "POST /login?password={secret} HTTP/1.1" 200',
}
WORD = st.text(string.ascii_letters + string.digits + "-_.~+/!$*", min_size=12, max_size=60).filter(
    lambda word: word[0].isalnum() and word[-1].isalnum() and "://" not in word
)
URL_WORD = st.text(string.ascii_letters + string.digits + "-_.~+!$*@", min_size=12, max_size=60).filter(
    lambda word: word[0].isalnum() and word[-1].isalnum()
)


@pytest.mark.parametrize("shape", SHAPES)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_secret_does_not_get_through(shape: str, data: st.DataObject) -> None:
    secret = data.draw(URL_WORD if shape == "url" else WORD)
    line = SHAPES[shape](secret)
    assert secret in line
    found = through(line)
    assert secret not in found
    assert HIDDEN in found


KNOWN = {
    "access key id": KEY_ID,
    "session key id": "ASIA" + "ABCDEFGHIJKLMNOP",
    "access key pair": f"{KEY_ID} {SECRET_KEY}",
    "service account's token": JWT,
    "GitHub": "ghp_" + "a1B2" * 9,
    "GitHub, fine-grained": "github_pat_" + "a1B2_" * 9,
    "GitLab": "glpat-" + "a1B2" * 5,
    "Slack": "xoxb-" + "1234567890-abcdefghij",
    "Hugging Face": "hf_" + "a1B2" * 8,
    "model provider": "sk-" + "a1B2" * 8,
    "basic, alone": "Basic " + base64.b64encode(b"bob:hunter22").decode(),
    "webhook": "https://hooks.slack.com/services/T0123/B0123/abcdefghijklmnop",
    "private key in one line": r"-----BEGIN RSA PRIVATE KEY-----\nMIIEabc\n-----END RSA PRIVATE KEY-----",
    "private key cut off": "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\nabc",
}


@pytest.mark.parametrize("kind", KNOWN)
@pytest.mark.parametrize("around", ["{}", "got {} from the vault", '{{"value": "{}"}}', "x={};y"])
def test_what_is_known_by_its_look_does_not_get_through_wherever_it_stands(kind: str, around: str) -> None:
    found = through(around.format(KNOWN[kind]))
    for part in KNOWN[kind].replace("Basic ", "").replace("https://hooks.slack.com/services/", "").split():
        assert part not in found


def test_a_secret_key_beside_its_id_does_not_get_through() -> None:
    assert SECRET_KEY not in through(f"loaded ({KEY_ID}, {SECRET_KEY})")


def test_a_private_key_over_many_lines_does_not_get_through_and_what_follows_does() -> None:
    body = [base64.b64encode(bytes(range(number, number + 48))).decode() for number in range(20)]
    lines = ["-----BEGIN PRIVATE KEY-----", *body, "-----END PRIVATE KEY-----", "listening on port 5000"]
    found = [through(line, "one-pod") for line in lines]
    assert not [line for line in body if any(line in one for one in found)]
    assert found[-1] == lines[-1]


def test_a_key_that_never_ends_hides_no_more_than_a_key_is_long_and_nothing_of_other_pods() -> None:
    through("-----BEGIN PRIVATE KEY-----", "broken-pod")
    assert through("QUJD", "broken-pod") == HIDDEN
    assert through("QUJD", "another-pod") == "QUJD"
    assert through("a sentence, which no key has in it", "broken-pod") == "a sentence, which no key has in it"
    assert through("QUJD", "broken-pod") == "QUJD"


def test_lines_of_a_key_are_kept_apart_by_pod_when_they_come_mixed() -> None:
    through("-----BEGIN PRIVATE KEY-----", "pod-a")
    assert through("epoch 1 of 3", "pod-b") == "epoch 1 of 3"
    assert through("QUJDREVG", "pod-a") == HIDDEN
    through("-----END PRIVATE KEY-----", "pod-a")
    assert through("epoch 2 of 3", "pod-a") == "epoch 2 of 3"


WHOLE = (
    "2026-01-01T12:00:00Z INFO server listening on 0.0.0.0:5000",
    '10.0.0.1 - - "GET /api/2.0/mlflow/experiments/search?max_results=100 HTTP/1.1" 200 312',
    "epoch 3/10 loss=0.1234 accuracy=0.987 lr=1e-4",
    "max_tokens=512 num_tokens: 3 token_count=3 tokenizer: bert-base-uncased",
    "GET /password-reset 200",
    "secretName: mlflow-server, secret_arn=arn:aws:secretsmanager:eu-west-1:111122223333:secret:a",
    "Basic authentication is off; bearer of good news",
    "PWD=/home/app OLDPWD=/tmp",
    "password: null, token=None, secret=false",
    "primary_key=id foreign_key=user_id cache-key: abc",
    "postgresql://db.internal:5432/registry?sslmode=verify-full",
    "sha256:" + "a1" * 32,
    'Traceback (most recent call last):\n  File "/app/login.py", line 3, in login\n    raise ValueError(token)',
    "java.lang.IllegalStateException: no session\n\tat org.example.Login.check(Login.java:12)",
    "user=bob, host=db.internal:5432, retries=3",
    "Zürich ☃ 日本語 \t tab",
    "",
)


@pytest.mark.parametrize("line", WHOLE)
def test_a_line_without_a_secret_stays_whole(line: str) -> None:
    assert through(line) == line


PLAIN = st.sampled_from(
    ("loading", "model", "wine", "epoch", "took", "ms", "host", "GET", "/api", "200", "3.14", "-", "ok", "user", "bob")
)


@settings(max_examples=200, deadline=None)
@given(words=st.lists(PLAIN, max_size=20), pairs=st.dictionaries(PLAIN, st.integers(), max_size=5))
def test_ordinary_lines_stay_whole(words: list[str], pairs: dict[str, int]) -> None:
    line = " ".join([*words, *(f"{name}={value}" for name, value in pairs.items())])
    assert through(line) == line


@settings(max_examples=200, deadline=None)
@given(line=st.text(max_size=300))
def test_whatever_is_said_the_program_answers_and_does_so_again_the_same(line: str) -> None:
    once = through(line)
    assert through(once) == once, "what was redacted is redacted already"


def test_a_namespace_says_which_class_and_team_a_line_is_of() -> None:
    labels = {"groundwork.io/data-class": "internal", "groundwork.io/team": "vision"}
    found = record("x", labels=labels)
    assert (found["data_class"], found["team"]) == ("internal", "vision")
    assert found["kubernetes_namespace"] is None, "it has served its purpose"


@pytest.mark.parametrize(
    "labels", [{}, {"groundwork.io/data-class": "regulated"}, {"groundwork.io/data-class": "../x"}]
)
def test_a_class_without_a_log_group_is_the_default_one(labels: dict[str, str]) -> None:
    found = record("x", labels=labels)
    assert (found["data_class"], found["team"]) == ("confidential", "platform")


def test_a_record_without_metadata_is_not_lost() -> None:
    """As where the API server does not answer."""
    told = RUNTIME.table_from({"log": "password=hunter2hunter2"})
    code, _, changed = PROCESS(TAG, 0.0, told)
    assert (code, changed["log"], changed["data_class"]) == (2, f"password={HIDDEN}", "confidential")


@pytest.mark.parametrize(
    ("team", "owner"),
    [("vision", "vision"), ("vision-lab", "vision-lab"), (None, "_platform"), ("a.b", "_platform"), ("A", "_platform")],
)
def test_a_line_that_can_be_searched_is_told_its_index(team: str | None, owner: str) -> None:
    """What a name with a dot or a capital would open or break, it does not get."""
    runtime = luajit21.LuaRuntime(unpack_returned_tuples=True)
    runtime.execute(fluent_bit_configuration.program(("internal", "confidential"), "confidential", searched=True))
    labels = {"groundwork.io/data-class": "internal"} | ({"groundwork.io/team": team} if team else {})
    namespace = runtime.table_from({"labels": runtime.table_from(labels)})
    told = runtime.table_from({"log": "x", "kubernetes_namespace": namespace})
    _, _, found = runtime.globals().process(TAG, 0.0, told)
    assert found["search_index"] == f"pods.internal.{owner}"


def test_a_line_that_is_not_searched_is_told_none() -> None:
    assert record("x")["search_index"] is None
