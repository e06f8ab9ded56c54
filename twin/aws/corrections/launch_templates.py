"""EC2: what ministack 1.5.33 forgets of launch templates: keys of volumes, most of interfaces, market, capacity.

What a version says is remembered whole, as it was given.
Source: Amazon EC2 API reference, CreateLaunchTemplate, CreateLaunchTemplateVersion, DescribeLaunchTemplates,
DescribeLaunchTemplateVersions, DeleteLaunchTemplate.
"""

from twin.aws.corrections.emulator import Emulator
from twin.aws.corrections.engine import Correction, Exchange
from twin.aws.corrections.memory import Memory
from twin.aws.corrections.remembered import Fields, given
from twin.aws.corrections.wire import AwsError

_KIND = "launch-template-version"


def _key(version: Fields) -> str:
    return f"{version['LaunchTemplateId']}/{version['VersionNumber']}"


async def launch_template_data(emulator: Emulator, memory: Memory, template: Fields) -> tuple[Fields, Fields]:
    """What a version of a launch template says, and which one it is.

    Args:
        emulator: the account and region of the template.
        memory: what the corrections remember.
        template: `LaunchTemplateId` or `LaunchTemplateName`, and `Version`: a number, `$Latest` or `$Default`.

    Returns:
        The data; and id, name and number of the version.

    Raises:
        AwsError: there is no such template or version.
    """
    named = given(template, "LaunchTemplateId") or given(template, "LaunchTemplateName")
    wanted = str(template.get("Version") or "$Default")
    found = await emulator.call("ec2", "DescribeLaunchTemplateVersions", **named, Versions=[wanted])
    if not found["LaunchTemplateVersions"]:
        name = next(iter(named.values()))
        raise AwsError("InvalidLaunchTemplateId.VersionNotFound", f"Could not find version {wanted} of {name}.")
    version = found["LaunchTemplateVersions"][0]
    data = memory.shelf(_KIND).get(f"{emulator.account}/{emulator.region}", _key(version))
    which = given(version, "LaunchTemplateId", "LaunchTemplateName") | {"Version": str(version["VersionNumber"])}
    return data or version["LaunchTemplateData"], which


async def _keep_first(exchange: Exchange) -> None:
    first = {"LaunchTemplateId": exchange.answer["LaunchTemplate"]["LaunchTemplateId"], "VersionNumber": 1}
    data = exchange.parameters.get("LaunchTemplateData", {})
    exchange.shelf(_KIND).put(exchange.scope, _key(first), data)


async def _keep_version(exchange: Exchange) -> None:
    """A version that names a source says what the source says where it says nothing itself."""
    version, shelf = exchange.answer["LaunchTemplateVersion"], exchange.shelf(_KIND)
    data = exchange.parameters.get("LaunchTemplateData", {})
    if source := exchange.parameters.get("SourceVersion"):
        data = (shelf.get(exchange.scope, _key(version | {"VersionNumber": source})) or {}) | data
    shelf.put(exchange.scope, _key(version), data)
    version["LaunchTemplateData"] = _shown(data)


async def _show_versions(exchange: Exchange) -> None:
    for version in exchange.answer["LaunchTemplateVersions"]:
        data = exchange.shelf(_KIND).get(exchange.scope, _key(version))
        if data is not None:
            version["LaunchTemplateData"] = _shown(data)


def _shown(data: Fields) -> Fields:
    """As given; metadata options are also said to be in effect."""
    options = data.get("MetadataOptions")
    return data | ({"MetadataOptions": {"State": "applied"} | options} if options else {})


async def _show_templates(exchange: Exchange) -> None:
    """Who asks for a template by id or name is told when there is none; tags are those of now."""
    shown = exchange.answer["LaunchTemplates"]
    for parameter, field, code in (
        ("LaunchTemplateIds", "LaunchTemplateId", "InvalidLaunchTemplateId.NotFound"),
        ("LaunchTemplateNames", "LaunchTemplateName", "InvalidLaunchTemplateName.NotFoundException"),
    ):
        there = {template[field] for template in shown}
        for wanted in exchange.parameters.get(parameter, []):
            if wanted not in there:
                raise AwsError(code, f"The specified launch template, {wanted}, does not exist.")
    if not shown:
        return
    chosen = [{"Name": "resource-id", "Values": [template["LaunchTemplateId"] for template in shown]}]
    tags = (await exchange.emulator.call("ec2", "DescribeTags", Filters=chosen))["Tags"]
    for template in shown:
        own = [tag for tag in tags if tag["ResourceId"] == template["LaunchTemplateId"]]
        template["Tags"] = [{"Key": tag["Key"], "Value": tag["Value"]} for tag in own]


async def _forget(exchange: Exchange) -> None:
    gone, shelf = exchange.answer["LaunchTemplate"]["LaunchTemplateId"], exchange.shelf(_KIND)
    for key in shelf.of_scope(exchange.scope):
        if key.startswith(f"{gone}/"):
            shelf.forget(exchange.scope, key)


CORRECTIONS = (
    Correction("ec2", ("CreateLaunchTemplate",), after=_keep_first),
    Correction("ec2", ("CreateLaunchTemplateVersion",), after=_keep_version),
    Correction("ec2", ("DescribeLaunchTemplateVersions",), after=_show_versions),
    Correction("ec2", ("DescribeLaunchTemplates",), after=_show_templates),
    Correction("ec2", ("DeleteLaunchTemplate",), after=_forget),
)
