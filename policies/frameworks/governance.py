"""NIST SP 800-53 r5, the EU AI Act and ISO/IEC 42001: what an organisation answers for."""

from typing import Final

from policies.frameworks.framework import Framework

_PEOPLE: Final = "what people and the organisation do; no infrastructure code shows it"
_BY_HAND: Final = (
    "Ids were assigned by hand. Most articles and controls are about an organisation: a rule is a hook for evidence."
)

NIST: Final = Framework(
    key="800-53",
    title="NIST SP 800-53 r5",
    complete=False,
    note="Ids are those of a published mapping, at family level; the standard has about a thousand controls and "
    "enhancements, which are not listed here. Families without any rule: AT, CA, IA, IR, MA, MP, PE, PL, PM, PS, PT, "
    "RA, SA.",
    controls={
        "AC-3": "access is enforced",
        "AC-4": "the flow of information is enforced",
        "AC-6": "least privilege",
        "AU-2": "which events are logged",
        "AU-11": "how long audit records are kept",
        "AU-12": "audit records are made",
        "CM-8": "an inventory of system components",
        "CP-9": "backups",
        "CP-10": "recovery",
        "SC-7": "boundaries are protected",
        "SC-8": "what is transmitted stays confidential and whole",
        "SC-12": "keys are established and managed",
        "SC-13": "cryptography",
        "SC-28": "what is stored is protected",
        "SI-4": "systems are monitored",
        "SI-13": "failures are foreseen",
        "SR-3": "supply chain controls",
    },
)

AI_ACT: Final = Framework(
    key="AIA",
    title="EU AI Act (Regulation 2024/1689)",
    complete=True,
    note=f"{_BY_HAND} Listed: requirements of high-risk systems (articles 9 to 15), and the duties around logs, "
    "operation and incidents. Only 12, 19 and 26(6) are nearly fully checkable.",
    controls={
        "9": "risk management system",
        "10": "data and data governance",
        "11": "technical documentation",
        "12": "record-keeping: events are logged automatically",
        "13": "transparency to deployers",
        "14": "human oversight",
        "15": "accuracy, robustness and cybersecurity",
        "17": "quality management system",
        "18": "documentation is kept",
        "19": "automatically generated logs are kept",
        "26(6)": "deployers keep logs for at least six months",
        "27": "fundamental rights impact assessment",
        "72": "post-market monitoring",
        "73": "serious incidents are reported",
    },
    outside={"9": _PEOPLE, "13": _PEOPLE, "17": _PEOPLE, "18": _PEOPLE, "27": _PEOPLE, "73": _PEOPLE},
)

ISO_42001: Final = Framework(
    key="ISO42",
    title="ISO/IEC 42001 Annex A",
    complete=True,
    note=_BY_HAND,
    controls={
        "A.2.2": "AI policy",
        "A.2.3": "alignment with other policies",
        "A.2.4": "review of the AI policy",
        "A.3.2": "roles and responsibilities",
        "A.3.3": "reporting of concerns",
        "A.4.2": "resources are documented",
        "A.4.3": "data resources",
        "A.4.4": "tooling resources",
        "A.4.5": "system and computing resources",
        "A.4.6": "human resources",
        "A.5.2": "process of impact assessment",
        "A.5.3": "impact assessments are documented",
        "A.5.4": "impact on people",
        "A.5.5": "impact on society",
        "A.6.1.2": "objectives of responsible development",
        "A.6.1.3": "processes of responsible development",
        "A.6.2.2": "requirements of the AI system",
        "A.6.2.3": "design and development are documented",
        "A.6.2.4": "verification and validation",
        "A.6.2.5": "deployment",
        "A.6.2.6": "operation and monitoring",
        "A.6.2.7": "technical documentation",
        "A.6.2.8": "event logs are recorded",
        "A.7.2": "data for development",
        "A.7.3": "acquisition of data",
        "A.7.4": "quality of data",
        "A.7.5": "provenance of data",
        "A.7.6": "preparation of data",
        "A.8.2": "documentation for users",
        "A.8.3": "reports from outside",
        "A.8.4": "incidents are communicated",
        "A.8.5": "information for interested parties",
        "A.9.2": "processes of responsible use",
        "A.9.3": "objectives of responsible use",
        "A.9.4": "intended use",
        "A.10.2": "responsibilities are allocated",
        "A.10.3": "suppliers",
        "A.10.4": "customers",
    },
    outside=dict.fromkeys(
        (
            *("A.2.2", "A.2.3", "A.2.4", "A.3.2", "A.3.3", "A.4.6", "A.5.2", "A.5.3", "A.5.4", "A.5.5", "A.6.1.2"),
            *("A.6.1.3", "A.6.2.2", "A.6.2.3", "A.7.4", "A.8.2", "A.8.3", "A.8.4", "A.8.5", "A.9.2", "A.9.3", "A.10.2"),
            *("A.10.3", "A.10.4"),
        ),
        _PEOPLE,
    ),
)
