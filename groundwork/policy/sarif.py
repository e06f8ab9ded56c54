"""Evidence as SARIF 2.1.0: findings for code scanning and editors, controls as taxonomies.

Only what does not pass is a result; the counts of what does are properties of the run.
Source: OASIS, SARIF 2.1.0 (3.27 result, 3.35 suppression, 3.19.3 taxonomies); GitHub docs, "SARIF support for code
scanning": a result without a file and a line is refused, and the whole upload with it.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from policies.frameworks import FRAMEWORKS, parts

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS: Final[Mapping[str, str]] = {"mandatory": "error", "remediate": "error", "advisory": "warning"}
KINDS: Final[Mapping[str, str]] = {"undecided": "open"}
"""Verdict to the kind of a result; everything else that is one fails."""
RANKS: Final[Mapping[str, float]] = {"critical": 100.0, "high": 75.0, "medium": 50.0, "low": 25.0}


def document(evidence: Mapping[str, Any]) -> dict[str, Any]:
    """Return the SARIF log of evidence."""
    rules = evidence["rules"]
    numbers = {rule["id"]: number for number, rule in enumerate(rules)}
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "groundwork policy",
                        "semanticVersion": evidence["pack"]["version"],
                        "rules": [_rule(rule) for rule in rules],
                        "supportedTaxonomies": [
                            {"name": framework.title, "guid": _guid(framework.key)} for framework in FRAMEWORKS.values()
                        ],
                    }
                },
                "taxonomies": [_taxonomy(key) for key in FRAMEWORKS],
                "invocations": [{"executionSuccessful": True, "endTimeUtc": evidence["taken"].replace("+00:00", "Z")}],
                "originalUriBaseIds": {"PROJECT": {"description": {"text": "The folder of Pulumi.yaml."}}},
                "results": list(_results(evidence, numbers)),
                "properties": {
                    "evidence": evidence["sha256"],
                    "pack": evidence["pack"]["sha256"],
                    "subject": evidence["subject"],
                    "summary": evidence["summary"],
                },
            }
        ],
    }


def combined(evidences: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return one log with a run for each evidence, which code scanning tells apart by the stack."""
    runs = []
    for evidence in evidences:
        (run,) = document(evidence)["runs"]
        runs.append(run | {"automationDetails": {"id": f"groundwork/{evidence['subject']['stack']}/"}})
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": runs}


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": rule["id"],
        "shortDescription": {"text": rule["requirement"]},
        "fullDescription": {"text": f"{rule['requirement']} {rule['why']}"},
        "help": {"text": f"Fix: {rule['fix']}"},
        "defaultConfiguration": {
            "enabled": rule["level"] != "disabled",
            "level": LEVELS.get(rule["level"], "none"),
            "rank": RANKS[rule["severity"]],
        },
        "relationships": [
            {
                "target": {"id": control, "toolComponent": {"name": framework.title, "guid": _guid(framework.key)}},
                "kinds": ["relevant"],
            }
            for control_id in rule["controls"]
            for framework, control in parts(control_id)
        ],
        "properties": {"tags": [rule["family"], rule["severity"], *rule["controls"]]},
    }


def _taxonomy(key: str) -> dict[str, Any]:
    framework = FRAMEWORKS[key]
    return {
        "name": framework.title,
        "guid": _guid(key),
        "isComprehensive": framework.complete,
        "shortDescription": {"text": framework.note},
        "taxa": [{"id": control, "shortDescription": {"text": about}} for control, about in framework.controls.items()],
    }


def _results(evidence: Mapping[str, Any], numbers: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    levels = {rule["id"]: LEVELS.get(rule["level"], "none") for rule in evidence["rules"]}
    settings = _settings_file(evidence["subject"]["stack"])
    for answer in evidence["answers"]:
        for point in answer["points"]:
            kind = KINDS.get(point["verdict"], "fail")
            found = f", found {point['found']}" if point["found"] else ""
            result = {
                "ruleId": answer["rule"],
                "ruleIndex": numbers[answer["rule"]],
                "kind": kind,
                "level": levels[answer["rule"]] if kind == "fail" else "none",
                "message": {
                    "text": f"{point['path'] or 'resource'}: {point['what']}; expected {point['expected']}{found}"
                },
                "locations": [_location(answer, point["path"], settings)],
                "partialFingerprints": {"rulePlaceAndWhat/v1": _fingerprint(answer, point)},
            }
            if "accepted" in point:
                result["suppressions"] = [
                    {"kind": "external", "status": "accepted", "justification": point["accepted"]}
                ]
            yield result


def _settings_file(stack: str) -> str:
    """Return where findings stand that no line of the program is known for: the file that says what the stack is."""
    return f"Pulumi.{quote(stack, safe='')}.yaml" if stack else "Pulumi.yaml"


def _location(answer: Mapping[str, Any], path: str, settings: str) -> dict[str, Any]:
    """Return the resource, and the line that registers it; where none is known, the first one of the settings."""
    urn = answer["urn"]
    file, _, place = answer["position"].partition("#")
    line = place.partition(",")[0]  # a column may follow
    return {
        "logicalLocations": [
            {
                "name": urn.rpartition("::")[2] or "stack",
                "fullyQualifiedName": f"{urn or 'stack'}{f'#{path}' if path else ''}",
                "kind": "resource",
            }
        ],
        "physicalLocation": {
            "artifactLocation": {"uri": file or settings, "uriBaseId": "PROJECT"},
            "region": {"startLine": max(int(line), 1) if line.isdecimal() else 1},
        },
    }


def _fingerprint(answer: Mapping[str, Any], point: Mapping[str, Any]) -> str:
    return hashlib.sha256("\0".join((answer["rule"], answer["urn"], point["path"], point["what"])).encode()).hexdigest()


def _guid(key: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"groundwork:framework:{key}"))
