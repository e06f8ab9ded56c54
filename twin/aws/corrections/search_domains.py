"""OpenSearch domains: what ministack 1.5.33 takes and forgets, makes up, or lets pass. There is no server behind one.

The emulator keeps that a domain is there, and its tags. How it is set up is remembered here and laid over every answer:
a change names parts of an option, and the rest stays. A domain is being processed for a moment after it was made or
changed, as it is on AWS for many minutes; until it first is active it has no endpoint. An endpoint's name is AWS' own
and leads nowhere: the data plane is not had on the twin.

Source: Amazon OpenSearch Service API reference: CreateDomain, DescribeDomain, UpdateDomainConfig, UpgradeDomain;
developer guide, "Creating and managing domains", "Launching your domains within a VPC", "Making configuration changes"
(one at a time).
"""

import copy
import hashlib
import re
import time
from typing import Any

from twin.aws.corrections.authorisation import require_action
from twin.aws.corrections.engine import Correction, Exchange
from twin.aws.corrections.remembered import Fields, found_at
from twin.aws.corrections.search_rules import check, check_new
from twin.aws.corrections.search_vpc import vpc_options
from twin.aws.corrections.wire import AwsError

SECONDS = 1.0
"""How long a domain is being processed."""
KIND = "search-domain"
_OPTIONS = (
    "AccessPolicies",
    "AdvancedOptions",
    "AdvancedSecurityOptions",
    "AutoTuneOptions",
    "ClusterConfig",
    "CognitoOptions",
    "DomainEndpointOptions",
    "EBSOptions",
    "EncryptionAtRestOptions",
    "LogPublishingOptions",
    "NodeToNodeEncryptionOptions",
    "OffPeakWindowOptions",
    "SnapshotOptions",
    "SoftwareUpdateOptions",
    "VPCOptions",
)
_DEFAULTS: Fields = {
    "AdvancedOptions": {
        "override_main_response_version": "false",
        "rest.action.multi.allow_explicit_index": "true",
    },
    "AutoTuneOptions": {"DesiredState": "ENABLED", "MaintenanceSchedules": [], "UseOffPeakWindow": False},
    "DomainEndpointOptions": {
        "CustomEndpointEnabled": False,
        "EnforceHTTPS": False,
        "TLSSecurityPolicy": "Policy-Min-TLS-1-2-2019-07",
    },
}
"""What AWS adds to what is given."""


async def _check_create(exchange: Exchange) -> None:
    name = str(exchange.parameters["DomainName"])
    require_action(exchange, f"es:{exchange.operation.name}", _arn(exchange, name))
    if exchange.shelf(KIND).get(exchange.scope, name) is None:
        await check_new(exchange, _arn(exchange, name))


async def _keep(exchange: Exchange) -> None:
    asked, name = exchange.parameters, str(exchange.parameters["DomainName"])
    told = exchange.answer["DomainStatus"]
    given = {option: _merged(told.get(option), asked.get(option)) for option in _OPTIONS}
    options = {option: _merged(_DEFAULTS.get(option), value) for option, value in given.items() if value is not None}
    if asked.get("VPCOptions"):
        options["VPCOptions"] = await vpc_options(exchange.emulator, asked["VPCOptions"])
    options["AutoTuneOptions"] = _merged(_DEFAULTS["AutoTuneOptions"], asked.get("AutoTuneOptions"))
    options["AdvancedSecurityOptions"] = _without_master(options.get("AdvancedSecurityOptions"))
    now = time.time()
    known = {"options": options, "version": told["EngineVersion"], "made": now, "changed": now, "upgrading": False}
    exchange.shelf(KIND).put(exchange.scope, name, known)


async def _check_update(exchange: Exchange) -> None:
    name = str(exchange.parameters["DomainName"])
    require_action(exchange, f"es:{exchange.operation.name}", _arn(exchange, name))
    known = exchange.shelf(KIND).get(exchange.scope, name)
    if known is None:
        return
    _refuse_while_processing(known)
    if exchange.parameters.get("VPCOptions") and not known["options"].get("VPCOptions"):
        raise AwsError("ValidationException", "You can't change a public domain to one within a VPC.")
    after = {option: _merged(known["options"].get(option), exchange.parameters.get(option)) for option in _OPTIONS}
    await check(exchange, _arn(exchange, name), after)


async def _change(exchange: Exchange) -> None:
    asked, shelf = exchange.parameters, exchange.shelf(KIND)
    known = shelf.get(exchange.scope, asked["DomainName"])
    if known is None or asked.get("DryRun"):
        return
    options = copy.deepcopy(known["options"])
    for option in _OPTIONS:
        if asked.get(option) is not None:
            options[option] = _merged(options.get(option), asked[option])
    if asked.get("VPCOptions"):
        options["VPCOptions"] = await vpc_options(exchange.emulator, options["VPCOptions"])
    options["AdvancedSecurityOptions"] = _without_master(options["AdvancedSecurityOptions"])
    changed = known | {"options": options, "changed": time.time(), "upgrading": False}
    shelf.put(exchange.scope, asked["DomainName"], changed)


async def _upgrade(exchange: Exchange) -> None:
    asked, shelf = exchange.parameters, exchange.shelf(KIND)
    name, target = str(asked["DomainName"]), str(asked["TargetVersion"])
    known = shelf.get(exchange.scope, name)
    if known is None:
        raise AwsError("ResourceNotFoundException", f"Domain not found: {name}", 409)
    _refuse_while_processing(known)
    if not _is_later(target, known["version"]):
        message = f"Upgrade from {known['version']} to {target} is not supported"
        raise AwsError("ValidationException", message)
    only = bool(asked.get("PerformCheckOnly"))
    if not only:
        shelf.put(exchange.scope, name, known | {"version": target, "changed": time.time(), "upgrading": True})
    exchange.answer |= {"DomainName": name, "TargetVersion": target, "PerformCheckOnly": only}


def _refuse_while_processing(known: Fields) -> None:
    if _is_processing(known):
        message = "A change/update is in progress. Please wait for it to complete before requesting another change."
        raise AwsError("ValidationException", message)


def _is_processing(known: Fields) -> bool:
    return bool(time.time() < known["changed"] + SECONDS)


def _is_later(version: str, than: str) -> bool:
    engine, _, number = version.partition("_")
    old_engine, _, old = than.partition("_")
    numbers = [[int(part) for part in re.findall(r"\d+", text)] for text in (number, old)]
    return engine == old_engine and numbers[0] > numbers[1]


async def _show_status(exchange: Exchange) -> None:
    for status in found_at("DomainStatusList || DomainStatus", exchange.answer):
        if known := exchange.shelf(KIND).get(exchange.scope, status["DomainName"]):
            _show(exchange, status, known)


def _show(exchange: Exchange, status: Fields, known: Fields) -> None:
    name, processing = str(status["DomainName"]), _is_processing(known)
    status.update(copy.deepcopy(known["options"]))
    tuned = status["AutoTuneOptions"]
    status["AutoTuneOptions"] = {"State": tuned["DesiredState"], "UseOffPeakWindow": tuned["UseOffPeakWindow"]}
    upgrading = processing and known["upgrading"]
    status |= {"EngineVersion": known["version"], "Processing": processing, "UpgradeProcessing": upgrading}
    created = not (processing and known["made"] == known["changed"])
    under_way = "UpgradingEngineVersion" if upgrading else "Modifying" if created else "Creating"
    status["DomainProcessingStatus"] = under_way if processing else "Active"
    for place in ("Endpoint", "Endpoints"):
        status.pop(place, None)
    if created:
        within = "VPCOptions" in status
        host = _host(exchange, name, "vpc" if within else "search")
        status.update({"Endpoints": {"vpc": host}} if within else {"Endpoint": host})


def _host(exchange: Exchange, name: str, begins: str) -> str:
    """The name that AWS gives: 26 characters after the domain's name, the same for as long as it is there."""
    unique = hashlib.sha256(f"{exchange.scope}/{name}".encode()).hexdigest()[:26]
    return f"{begins}-{name}-{unique}.{exchange.emulator.region}.es.amazonaws.com"


async def _show_config(exchange: Exchange) -> None:
    known = exchange.shelf(KIND).get(exchange.scope, exchange.parameters["DomainName"])
    if known is None:
        return
    config = exchange.answer["DomainConfig"]
    status = config["EngineVersion"]["Status"] | {"State": "Processing" if _is_processing(known) else "Active"}
    options = copy.deepcopy(known["options"]) | {"EngineVersion": known["version"]}
    tuned = {"State": "ENABLED" if options["AutoTuneOptions"]["DesiredState"] == "ENABLED" else "DISABLED"}
    for option, value in options.items():
        told = status if option != "AutoTuneOptions" else config["AutoTuneOptions"]["Status"] | tuned
        config[option] = {"Options": value, "Status": told}


def _without_master(options: Fields | None) -> Fields:
    """Who the master is was told when it was set, and is told to nobody."""
    return {name: value for name, value in (options or {}).items() if name != "MasterUserOptions"}


async def _forget(exchange: Exchange) -> None:
    exchange.shelf(KIND).forget(exchange.scope, exchange.parameters["DomainName"])


def _merged(there: Any, given: Any) -> Any:
    """An option with the parts that are given in the place of what was there."""
    if given is None:
        return copy.deepcopy(there)
    if not isinstance(given, dict) or not isinstance(there, dict):
        return copy.deepcopy(given)
    return there | {name: _merged(there.get(name), value) for name, value in given.items()}


def _arn(exchange: Exchange, name: str) -> str:
    return f"arn:aws:es:{exchange.emulator.region}:{exchange.emulator.account}:domain/{name}"


CORRECTIONS = (
    Correction("opensearch", ("CreateDomain",), before=_check_create, after=_keep),
    Correction("opensearch", ("UpdateDomainConfig",), before=_check_update, after=_change),
    Correction("opensearch", ("UpgradeDomain",), supply=_upgrade),
    Correction("opensearch", ("CreateDomain", "DescribeDomain", "DescribeDomains", "DeleteDomain"), after=_show_status),
    Correction("opensearch", ("DescribeDomainConfig", "UpdateDomainConfig"), after=_show_config),
    Correction("opensearch", ("DeleteDomain",), after=_forget),
)
