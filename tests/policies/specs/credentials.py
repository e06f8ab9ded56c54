"""As `encryption`, for ACC-23. The credentials are put together here, so that no scanner takes them for real ones."""

import base64
from typing import Any

from tests.policies.harness import UNKNOWN, R
from tests.policies.spec import Case, Spec, depending, of_type
from tests.policies.specs.pods.making import of

ACCESS_KEY = "AKIA" + "ABCDEFGHIJKLMNOP"
TOKENS = {
    "an AWS access key": ACCESS_KEY,
    "a private key": "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIE",
    "a PGP private key": "-----BEGIN PGP " + "PRIVATE KEY BLOCK-----",
    "a GitHub token": "ghp" + "_" + "a1" * 18,
    "a fine-grained GitHub token": "github" + "_pat_" + "a1" * 18,
    "a GitLab token": "glpat" + "-" + "a1" * 10,
    "a Slack token": "xoxb" + "-12345678901-abc",
    "a Stripe key": "sk" + "_live_" + "a1" * 10,
    "a Google API key": "AIza" + "a" * 35,
    "a Hugging Face token": "hf" + "_" + "a" * 34,
    "an npm token": "npm" + "_" + "a1" * 18,
    "a PyPI token": "pypi" + "-AgE" + "a1" * 30,
    "a Databricks token": "dapi" + "0f" * 16,
    "a key of a model provider": "sk" + "-ant-" + "a1" * 20,
    "a JSON web token": ".".join(["eyJ" + "a" * 20, "eyJ" + "b" * 20, "c" * 20]),
    "a URL with a password": "postgresql://app:" + "hunter2@db/registry",
}
HARMLESS = {
    "an ARN": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-abc",
    "a URL": "https://example.com:8443/path",
    "a URL with a variable": "postgresql://app:${PASSWORD}@db/registry",
    "a digest": "sha256:" + "0a" * 32,
    "a public key": "-----BEGIN PUBLIC KEY-----",
    "a word that begins alike": "disk-" + "a" * 40,
}


def config_map(**data: Any) -> R:
    return R("kubernetes:core/v1:ConfigMap", {"data": data})


def variable(name: Any, value: Any) -> R:
    return of({"env": [{"name": name, "value": value}]})


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


ASSIGNED = 'db_password = "' + 'hunter2"'
INSTANCE = "ec2/instance:Instance"
SPECS: dict[str, Spec] = {
    "ACC-23": Spec(
        good=(config_map(mode="fast"),),
        leaf="data.mode",
        bad=ACCESS_KEY,
        absent="pass",
        flips={"data.mode": ACCESS_KEY},
        equivalent={"delete data.mode": "what is not there holds no credential"},
        extra=(
            *(
                Case(f"an input: {name}", (of_type("sqs/queue:Queue", name=f"x {t}"),), "deny")
                for name, t in TOKENS.items()
            ),
            *(Case(f"harmless: {name}", (of_type("sqs/queue:Queue", name=t),), "pass") for name, t in HARMLESS.items()),
            Case("deep in an input", (of_type("sqs/queue:Queue", tags={"a": [{"b": ACCESS_KEY}]}),), "deny"),
            Case("inputs unknown", (of_type("sqs/queue:Queue", name=UNKNOWN),), "pass"),
            Case("named like one", (config_map(DB_PASSWORD="hunter2"),), "deny"),
            Case("named like one, a reference", (config_map(DB_PASSWORD="${DB_PASSWORD}"),), "pass"),
            Case("named like one, a file", (config_map(TOKEN="/run/token"),), "pass"),
            Case("named like one, empty", (config_map(TOKEN=""),), "pass"),
            Case("a file that assigns one", (config_map(ini=ASSIGNED),), "deny"),
            Case("a file that refers to one", (config_map(ini="db_password = ${DB_PASSWORD}"),), "pass"),
            Case(
                "under base64", (R("kubernetes:core/v1:ConfigMap", {"binaryData": {"a": encoded(ACCESS_KEY)}}),), "deny"
            ),
            Case(
                "harmless under base64",
                (R("kubernetes:core/v1:ConfigMap", {"binaryData": {"a": encoded("x")}}),),
                "pass",
            ),
            Case(
                "a list", (R("kubernetes:core/v1:ConfigMapList", {"items": [{"data": {"TOKEN": "hunter2"}}]}),), "deny"
            ),
            Case("a value of the wrong type", (config_map(mode=["fast"]),), "deny"),
            Case("computed by another resource", (depending(data=config_map())(config_map(mode=UNKNOWN)),), "pass"),
            Case("a variable", (variable("API_KEY", "hunter2"),), "deny"),
            Case("a harmless variable", (variable("TOKENIZER", "fast"),), "pass"),
            Case("a variable unknown", (variable("MODE", UNKNOWN),), "unknown"),
            Case("a variable, name unknown", (variable(UNKNOWN, "fast"),), "pass"),
            Case(
                "a variable of an init container",
                (of(initContainers=[{"env": [{"name": "TOKEN", "value": "hunter2"}]}]),),
                "deny",
            ),
            Case(
                "a variable of a custom resource",
                (
                    R(
                        "kubernetes:kubeflow.org/v1:Notebook",
                        {
                            "spec": {
                                "template": {"spec": {"containers": [{"env": [{"name": "TOKEN", "value": "hunter2"}]}]}}
                            }
                        },
                    ),
                ),
                "deny",
            ),
            Case("user data", (of_type(INSTANCE, userData="#!/bin/sh\nexport " + ASSIGNED),), "deny"),
            Case("user data under base64", (of_type(INSTANCE, userDataBase64=encoded("export " + ASSIGNED)),), "deny"),
            Case(
                "user data of a template",
                (of_type("ec2/launchTemplate:LaunchTemplate", userData=encoded(ACCESS_KEY)),),
                "deny",
            ),
            Case("harmless user data", (of_type(INSTANCE, userData="#!/bin/sh\necho"),), "pass"),
            Case("user data unknown", (of_type(INSTANCE, userData=UNKNOWN),), "unknown"),
            Case("user data of the wrong type", (of_type(INSTANCE, userData=["x"]),), "deny"),
        ),
    ),
}
