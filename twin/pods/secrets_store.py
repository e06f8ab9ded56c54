"""What the Secrets Store CSI driver mounts with its AWS provider: the files of a SecretProviderClass.

The values are fetched with the credentials of the pod, so that what its role may not read is refused, as on EKS.

Source: github.com/aws/secrets-store-csi-driver-provider-aws, README and provider/secret_descriptor.go: objects, file
names, versions, jmesPath; the parameters of a SecretProviderClass.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import jmespath
import yaml
from botocore.exceptions import ClientError
from jmespath.exceptions import JMESPathError

from twin.account import Account
from twin.kubernetes.client import Client
from twin.kubernetes.errors import NoSuchKindError
from twin.kubernetes.pod_identity import PodIdentityError
from twin.pods.errors import PodError

API_VERSION = "secrets-store.csi.x-k8s.io/v1"
KIND = "SecretProviderClass"
ADD_ON = "aws-secrets-store-csi-driver-provider"
Descriptor = Mapping[str, Any]

_PARAMETERS = frozenset(["objects", "region", "usePodIdentity", "pathTranslation", "preferredAddressType"])
_DESCRIPTOR = frozenset(
    ["objectName", "objectType", "objectAlias", "objectVersion", "objectVersionLabel", "jmesPath", "filePermission"]
)
_ENTRY = frozenset(["path", "objectAlias", "filePermission"])
_TYPES = {"secretsmanager": "secretsmanager", "ssmparameter": "ssmparameter", "ssm": "ssmparameter"}
_LEAVES_FOLDER = re.compile(r"(^|/)\.\.(/|$)")


def files(api: Client, namespace: str, name: str, credentials: Callable[[], Account]) -> dict[str, bytes]:
    """The files of a SecretProviderClass by name; `credentials` gives the account as the pod sees it.

    Raises PodError in the words of the driver, of its provider, or of the AWS service that refuses.
    """
    where = f"{KIND} {namespace}/{name}"
    spec = _spec(api, namespace, name, where)
    parameters = spec.get("parameters") or {}
    descriptors = _descriptors(parameters, where)
    account = _account(credentials, parameters, where)
    found: dict[str, bytes] = {}
    for descriptor in descriptors:
        for path, content in _fetched(account, descriptor, parameters, where):
            if path in found:
                raise PodError(f"{where}: found duplicate object alias {path}")
            found[path] = content
    return found


def _spec(api: Client, namespace: str, name: str, where: str) -> Mapping[str, Any]:
    try:
        held = api.get(API_VERSION, KIND, name, namespace)
    except NoSuchKindError as error:
        raise PodError(f"{where}: the cluster knows no such kind. It needs the EKS add-on {ADD_ON}.") from error
    if held is None:
        raise PodError(f'{KIND} "{name}" not found in namespace {namespace}.')
    spec: Mapping[str, Any] = held.get("spec") or {}
    if spec.get("provider") != "aws":
        raise PodError(f"{where}: provider {spec.get('provider')!r} is not modelled; aws is.")
    if spec.get("secretObjects"):
        raise PodError(f"{where}: secretObjects is not modelled: values are files, never Secrets of the cluster.")
    _refuse_others(spec.get("parameters") or {}, _PARAMETERS, f"{where}: parameters")
    return spec


def _descriptors(parameters: Mapping[str, str], where: str) -> Sequence[Descriptor]:
    try:
        found = yaml.safe_load(parameters.get("objects", ""))
    except yaml.YAMLError as error:
        raise PodError(f"{where}: objects is no valid YAML: {error}") from error
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise PodError(f"{where}: objects must be a list of objects, as '- objectName: \"a\"'.")
    for descriptor in found:
        _check(descriptor, where)
    return found


def _check(descriptor: Descriptor, where: str) -> None:
    name = descriptor.get("objectName")
    if not name:
        raise PodError(f"{where}: Object name must be specified")
    _refuse_others(descriptor, _DESCRIPTOR, f"{where}: object {name}")
    kind, service = descriptor.get("objectType", ""), name.split(":")[2] if name.startswith("arn:") else ""
    if not kind and not service:
        raise PodError(f"{where}: Must use objectType when a full ARN is not specified: {name}")
    if kind and (kind not in _TYPES or kind == "ssm"):
        raise PodError(f"{where}: Invalid objectType: {kind}")
    if service and (service not in _TYPES or (kind and _TYPES[service] != kind)):
        raise PodError(f"{where}: objectType does not match ARN: {name}")
    if _type(descriptor) == "ssmparameter" and {"objectVersion", "objectVersionLabel"} <= set(descriptor):
        raise PodError(f"{where}: ssm parameters can not specify both objectVersion and objectVersionLabel: {name}")
    for entry in descriptor.get("jmesPath", ()):
        _refuse_others(entry, _ENTRY, f"{where}: jmesPath of {name}")
        if not entry.get("path") or not entry.get("objectAlias"):
            raise PodError(f"{where}: path and objectAlias must be specified for each jmesPath of {name}")


def _type(descriptor: Descriptor) -> str:
    name = descriptor["objectName"]
    return _TYPES[descriptor.get("objectType") or name.split(":")[2]]


def _account(credentials: Callable[[], Account], parameters: Mapping[str, str], where: str) -> Account:
    if parameters.get("usePodIdentity", "").lower() != "true":
        raise PodError(
            f'{where}: without usePodIdentity "true" the provider uses IRSA, which does not work in the twin.'
        )
    try:
        account = credentials()
    except (ClientError, PodIdentityError) as error:
        raise PodError(f"{where}: the pod gets no credentials: {error}") from error
    if parameters.get("region", account.region) != account.region:
        raise PodError(f"{where}: region {parameters['region']} is not the cluster's, {account.region}: not modelled.")
    return account


def _fetched(
    account: Account, descriptor: Descriptor, parameters: Mapping[str, str], where: str
) -> Iterator[tuple[str, bytes]]:
    try:
        value = _value(account, descriptor)
    except ClientError as error:
        raise PodError(f"{where}: {descriptor['objectName']}: {error}") from error
    translation = parameters.get("pathTranslation") or "_"
    yield _path(descriptor.get("objectAlias") or descriptor["objectName"], translation, where), value
    entries = descriptor.get("jmesPath", ())
    if not entries:
        return
    try:
        data = json.loads(value)
    except ValueError:  # its text would show a part of the value
        message = f"{where}: Invalid JSON used with jmesPath in secret: {descriptor['objectName']}."
        raise PodError(message) from None
    for entry in entries:
        try:
            found = jmespath.search(entry["path"], data)
        except JMESPathError as error:
            raise PodError(f"{where}: Invalid JMES Path: {entry['path']}.") from error
        if not isinstance(found, str):
            what = "does not point to a valid object" if found is None else "is no string"
            raise PodError(f"{where}: JMES Path - {entry['path']} for object alias - {entry['objectAlias']} {what}.")
        yield _path(entry["objectAlias"], translation, where), found.encode()


def _value(account: Account, descriptor: Descriptor) -> bytes:
    name = descriptor["objectName"]
    version, label = descriptor.get("objectVersion"), descriptor.get("objectVersionLabel")
    if _type(descriptor) == "ssmparameter":
        suffix = f":{version or label}" if version or label else ""
        answer = account.client("ssm").get_parameter(Name=f"{name}{suffix}", WithDecryption=True)
        return str(answer["Parameter"]["Value"]).encode()
    versions = {key: value for key, value in (("VersionId", version), ("VersionStage", label)) if value}
    answer = account.client("secretsmanager").get_secret_value(SecretId=name, **versions)
    return bytes(answer["SecretBinary"]) if "SecretBinary" in answer else str(answer["SecretString"]).encode()


def _path(name: str, translation: str, where: str) -> str:
    path = name.lstrip("/") if translation.lower() == "false" else name.replace("/", translation)
    if _LEAVES_FOLDER.search(path):
        raise PodError(f"{where}: path can not contain ../: {name}")
    return path


def _refuse_others(given: Mapping[str, Any], known: frozenset[str], where: str) -> None:
    if others := sorted(set(given) - known):
        raise PodError(f"{where}: {', '.join(others)} is not modelled.")
