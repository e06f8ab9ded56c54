"""The nine families of rules: what each is about, and why it is there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Family:
    """A group of rules whose ids begin alike."""

    title: str
    why: str
    """What goes wrong without it."""


FAMILIES: Final[Mapping[str, Family]] = {
    "ENC": Family(
        "Encryption",
        "Data that is stored or sent in the clear, or under a key that nobody here controls, can be read by whoever "
        "gets hold of the disk, the snapshot or the wire, and access to it can be neither withdrawn nor proven.",
    ),
    "ACC": Family(
        "Access control",
        "A right that is wider than its work needs is what an intruder uses first: one leaked credential then opens "
        "every data set, key and model.",
    ),
    "POD": Family(
        "Pod security",
        "A pod with privileges of its node can leave its container, and then reads the secrets and the data of every "
        "other workload there.",
    ),
    "NET": Family(
        "Network",
        "What can be reached from the internet is attacked within minutes, and what can reach the internet freely can "
        "carry data out.",
    ),
    "LOG": Family(
        "Audit and detection",
        "Without a complete record that nobody can alter, a breach is neither noticed nor reconstructed, and no "
        "control can be shown to have worked.",
    ),
    "RES": Family(
        "Resilience and recovery",
        "Data sets, models and their history are what cannot be bought again: a wrong delete or a lost zone must not "
        "be the end of them.",
    ),
    "SUP": Family(
        "Supply chain",
        "An image, package or model that comes from nobody known, or changes under its name, runs with all rights of "
        "the workload that pulls it.",
    ),
    "MLG": Family(
        "ML governance",
        "Nobody can answer for a model whose data, author, approval and environment are not known.",
    ),
    "CST": Family(
        "Cost",
        "A forgotten GPU costs more in a month than the experiment that it was started for.",
    ),
}
"""By the first part of a rule's id, in the order of the catalogue."""
