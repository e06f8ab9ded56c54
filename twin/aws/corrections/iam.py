"""IAM: tags and thumbprints of OIDC providers, operations that ministack 1.5.33 does not know.

Tags are the emulator's own, given at CreateOpenIDConnectProvider and shown by GetOpenIDConnectProvider; what was
changed since is remembered over them.

Source: IAM API reference: TagOpenIDConnectProvider, UntagOpenIDConnectProvider, ListOpenIDConnectProviderTags,
UpdateOpenIDConnectProviderThumbprint, AddClientIDToOpenIDConnectProvider, RemoveClientIDFromOpenIDConnectProvider.
"""

from twin.aws.corrections.engine import Correction, Exchange
from twin.aws.corrections.remembered import Fields
from twin.aws.corrections.wire import AwsError

_KIND = "oidc-provider"
_GLOBAL = "OpenIDConnectProviderArn"


async def _provider(exchange: Exchange) -> Fields:
    """The provider as it now is; NoSuchEntity when there is none."""
    arn = exchange.parameters[_GLOBAL]
    shown = await exchange.emulator.call("iam", "GetOpenIDConnectProvider", OpenIDConnectProviderArn=arn)
    return shown | (exchange.shelf(_KIND).get(exchange.emulator.account, arn) or {})


def _keep(exchange: Exchange, **changed: object) -> None:
    shelf, arn = exchange.shelf(_KIND), exchange.parameters[_GLOBAL]
    shelf.put(exchange.emulator.account, arn, (shelf.get(exchange.emulator.account, arn) or {}) | changed)


async def _tag(exchange: Exchange) -> None:
    tags = {tag["Key"]: tag for tag in (await _provider(exchange)).get("Tags", [])}
    _keep(exchange, Tags=list((tags | {tag["Key"]: tag for tag in exchange.parameters["Tags"]}).values()))


async def _untag(exchange: Exchange) -> None:
    tags = (await _provider(exchange)).get("Tags", [])
    _keep(exchange, Tags=[tag for tag in tags if tag["Key"] not in exchange.parameters["TagKeys"]])


async def _list_tags(exchange: Exchange) -> None:
    exchange.answer |= {"Tags": (await _provider(exchange)).get("Tags", []), "IsTruncated": False}


async def _set_thumbprints(exchange: Exchange) -> None:
    await _provider(exchange)
    _keep(exchange, ThumbprintList=exchange.parameters["ThumbprintList"])


async def _add_client(exchange: Exchange) -> None:
    clients = (await _provider(exchange))["ClientIDList"]
    _keep(exchange, ClientIDList=list(dict.fromkeys([*clients, exchange.parameters["ClientID"]])))


async def _remove_client(exchange: Exchange) -> None:
    clients = (await _provider(exchange))["ClientIDList"]
    if exchange.parameters["ClientID"] not in clients:
        raise AwsError("NoSuchEntity", f"Client ID {exchange.parameters['ClientID']} not found", 404)
    _keep(exchange, ClientIDList=[client for client in clients if client != exchange.parameters["ClientID"]])


async def _show(exchange: Exchange) -> None:
    exchange.answer |= exchange.shelf(_KIND).get(exchange.emulator.account, exchange.parameters[_GLOBAL]) or {}


async def _forget(exchange: Exchange) -> None:
    exchange.shelf(_KIND).forget(exchange.emulator.account, exchange.parameters[_GLOBAL])


CORRECTIONS = (
    Correction("iam", ("TagOpenIDConnectProvider",), supply=_tag),
    Correction("iam", ("UntagOpenIDConnectProvider",), supply=_untag),
    Correction("iam", ("ListOpenIDConnectProviderTags",), supply=_list_tags),
    Correction("iam", ("UpdateOpenIDConnectProviderThumbprint",), supply=_set_thumbprints),
    Correction("iam", ("AddClientIDToOpenIDConnectProvider",), supply=_add_client),
    Correction("iam", ("RemoveClientIDFromOpenIDConnectProvider",), supply=_remove_client),
    Correction("iam", ("GetOpenIDConnectProvider",), after=_show),
    Correction("iam", ("DeleteOpenIDConnectProvider",), after=_forget),
)
