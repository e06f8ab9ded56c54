"""CST-03: volumes of the current generation, which cost less and do more."""

from typing import Any

from pulumi_policy import Severity

from policies.config import Settings
from policies.index import Resource
from policies.rule import Findings, ResourceRule, Rule, Undecided, require
from policies.tokens import aws, kubernetes, with_forms
from policies.workloads import objects

VOLUME = aws("ebs/volume:Volume")
LAUNCH_TEMPLATE = aws("ec2/launchTemplate:LaunchTemplate")
STORAGE_CLASS = with_forms(kubernetes("storage.k8s.io/v1:StorageClass"))
OF_EBS = ("ebs.csi.aws.com", "kubernetes.io/aws-ebs")
NEWER = {"gp2": "gp3", "io1": "io2"}


def _is_current(value: object) -> bool:
    return isinstance(value, str) and bool(value) and value not in NEWER


def _volumes_are_current(resource: Resource, settings: Settings) -> Findings:
    del settings
    what = "the volume is of an older generation"
    if resource.type in VOLUME:
        yield from require(resource["type"], _is_current, what, "gp3 or io2")
    elif resource.type in LAUNCH_TEMPLATE:
        for mapping in resource["blockDeviceMappings"].each():
            if mapping["ebs"].value is not None:
                yield from require(mapping["ebs"]["volumeType"], _is_current, what, "gp3 or io2")
    else:
        for item in objects(resource):
            provisioner = item["provisioner"]
            findings = tuple(require(item["parameters"]["type"], _is_current, what, "gp3 or io2"))
            if provisioner.unknown and findings:
                yield Undecided(provisioner.path)
            elif provisioner.value in OF_EBS or not isinstance(provisioner.value, str):
                yield from findings


def _renew(props: Any) -> bool:
    # A live volume changes its type in place, and a launch template gets a version; a StorageClass would be replaced.
    mappings = props.get("blockDeviceMappings")
    entries = [] if mappings is None or isinstance(mappings, str) else list(mappings)
    disks = [e.get("ebs") for e in entries if not isinstance(e, str)]
    changed = [_take_newer(d, "volumeType") for d in disks if d is not None and not isinstance(d, str)]
    if props.get("availabilityZone") is not None:  # which an ebs.Volume must have, and nothing else here has
        changed.append(_take_newer(props, "type"))
    return any(changed)


def _take_newer(target: Any, key: str) -> bool:
    current = target.get(key)
    if current is not None and current not in NEWER:
        return False
    target[key] = NEWER["gp2" if current is None else current]
    return True


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="CST-03",
        requirement="No volume is of an older generation.",
        why="Newer generations are cheaper and faster, and nothing speaks for the older ones.",
        fix='ebs.Volume(type="gp3"), "ebs": {"volume_type": "gp3"}, parameters={"type": "gp3"}',
        types=VOLUME | LAUNCH_TEMPLATE | STORAGE_CLASS,
        severity=Severity.LOW,
        controls=(),
        check=_volumes_are_current,
        remediate=_renew,
    ),
)
