"""What looks like a credential: by its form, which its issuer chose to be recognised, or by the name it goes by.

Every pattern is bounded, so that no text makes it slow. What is found is said in words; the text itself never is.

Sources: the token formats that AWS, GitHub, GitLab, Slack, Stripe, Google, Hugging Face, npm, PyPI, Databricks, OpenAI
and Anthropic document; RFC 7468 (private keys), RFC 7519 (JSON web tokens), RFC 3986 (user information in a URL).
"""

import base64
import binascii
import re
from typing import Final

_FORMS: Final = {
    "aws": ("an AWS access key", r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b"),
    "pem": ("a private key", r"-----BEGIN (?:[A-Z]{2,12} ){0,2}PRIVATE KEY(?: BLOCK)?-----"),
    "github": ("a GitHub token", r"\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255})"),
    "gitlab": ("a GitLab token", r"\bglpat-[A-Za-z0-9_-]{20,255}"),
    "slack": ("a Slack token", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,255}"),
    "stripe": ("a Stripe key", r"\b[rs]k_live_[A-Za-z0-9]{16,255}"),
    "google": ("a Google API key", r"\bAIza[A-Za-z0-9_-]{35}\b"),
    "hub": ("a Hugging Face token", r"\bhf_[A-Za-z0-9]{34}\b"),
    "npm": ("an npm token", r"\bnpm_[A-Za-z0-9]{36}\b"),
    "pypi": ("a PyPI token", r"\bpypi-AgE[A-Za-z0-9_-]{50,255}"),
    "databricks": ("a Databricks token", r"\bdapi[0-9a-f]{32}\b"),
    "model": ("a key of a model provider", r"\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{32,255}"),
    "jwt": ("a JSON web token", r"\beyJ[A-Za-z0-9_-]{10,4000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{10,}"),
    "url": ("a URL with a password", r"\b[a-z][a-z0-9+.-]{1,20}://[^\s:/@\"']{0,128}:[^\s:/@\"'${}<>]{1,128}@"),
}
_FORM: Final = re.compile("|".join(f"(?P<{name}>{pattern})" for name, (_, pattern) in _FORMS.items()))
_MARKS: Final = (
    *("AKIA", "ASIA", "PRIVATE KEY", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xox", "k_live_"),
    *("AIza", "hf_", "npm_", "pypi-AgE", "dapi", "sk-", "eyJ", "://"),
)
"""What a text of each form holds: looking for these is fifty times quicker than for the forms."""
_NAMES: Final = r"passw(?:or)?d|pwd|secret|client_?secret|token|api_?key|access_?key|private_?key|credentials?"
_NAME: Final = re.compile(rf"(?:.*[_.-])?(?:{_NAMES})", re.IGNORECASE | re.DOTALL)
_ASSIGNMENT: Final = re.compile(
    r"(?:passw(?:or)?d|secret_?access_?key|client_?secret|api_?key|auth_?token)[\"']?[ \t]{0,8}[:=][ \t]{0,8}[\"']?"
    r"(?P<value>[^\s\"'#,;]{1,256})",
    re.IGNORECASE,
)
_REFERENCE: Final = re.compile(r"[$/<{%*]|arn:|https?://|file:|vault:|ssm:|true$|false$|null$|none$", re.IGNORECASE)
"""How what only refers to a credential begins: a variable, a file, an ARN, a place; or what is none."""


def form(text: str) -> str | None:
    """Return what a part of `text` is by its form.

    >>> form("postgresql://app:hunter2@db:5432/registry"), form("postgresql://app:${PASSWORD}@db:5432/registry")
    ('a URL with a password', None)
    """
    match = _FORM.search(text) if any(mark in text for mark in _MARKS) else None
    return _FORMS[match.lastgroup][0] if match and match.lastgroup else None


def is_named_like_one(name: str) -> bool:
    """Whether a variable or a key of this name holds a credential.

    >>> [is_named_like_one(name) for name in ("DB_PASSWORD", "api-key", "TOKEN_FILE", "tokenizer")]
    [True, True, False, False]
    """
    return _NAME.fullmatch(name.replace("-", "_")) is not None


def is_literal(text: str) -> bool:
    """Whether a text is a value itself, and not a reference to one."""
    return bool(text.strip()) and not _REFERENCE.match(text.strip())


def assigned(text: str) -> str | None:
    """Return what a line of a text, such as a configuration file, gives a literal value to."""
    found = any(is_literal(match["value"]) for match in _ASSIGNMENT.finditer(text))
    return "a password or key that is given a value" if found else None


def decoded(text: str) -> str:
    """Return what is under base64, or nothing."""
    try:
        return base64.b64decode(text, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""
