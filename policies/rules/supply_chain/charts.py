"""SUP-05: which charts are rendered."""

import re

from pulumi_policy import Severity

from policies.config import Settings
from policies.index import Resource
from policies.rule import Findings, ResourceRule, Rule, Undecided, Violation, require
from policies.tokens import kubernetes
from policies.values import describe

CHART = kubernetes("helm.sh/v3:Release", "helm.sh/v4:Chart")
_EXACT = re.compile(r"v?\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?")
_OCI = "oci://"
_SCHEMES = ("https://", _OCI)


def _is_exact_and_from_a_listed_repository(resource: Resource, settings: Settings) -> Findings:
    yield from require(
        resource["version"],
        lambda v: isinstance(v, str) and _EXACT.fullmatch(v) is not None,
        "the version is not an exact one",
        "a version such as 1.2.3",
    )
    chart, repository = resource["chart"], resource["repositoryOpts"]["repo"]
    if chart.unknown or repository.unknown:
        yield Undecided(chart.path if chart.unknown else repository.path)
        return
    # A chart of an OCI registry is named by its whole address; a repository beside it would not be asked.
    place = chart if isinstance(chart.value, str) and chart.value.startswith(_OCI) else repository
    if not isinstance(place.value, str) or not _is_listed(place.value, settings.chart_repositories):
        expected = ", ".join(settings.chart_repositories) or "one of the setting chartRepositories, which is empty"
        yield Violation(place.path, "the chart's repository is not on the list", expected, describe(place.value))
    elif place is repository and (not isinstance(chart.value, str) or "/" in chart.value):
        yield Violation(chart.path, "the chart is not one of its repository", "its name alone", describe(chart.value))


def _is_listed(url: str, repositories: tuple[str, ...]) -> bool:
    """Whether an address is one of the list or below it."""
    secure = url.startswith(_SCHEMES) and ".." not in url
    return secure and any(f"{url.rstrip('/')}/".startswith(f"{listed.rstrip('/')}/") for listed in repositories)


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="SUP-05",
        requirement="A chart has an exact version and comes from a repository of the list.",
        why="A chart is a program that runs with an administrator's rights.",
        fix="chart='name', version='1.2.3', repository_opts={'repo': 'https://...'}",
        types=CHART,
        severity=Severity.MEDIUM,
        controls=("800-53 SR-3",),
        check=_is_exact_and_from_a_listed_repository,
    ),
)
