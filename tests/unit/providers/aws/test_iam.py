"""The calls that change an OpenID Connect provider."""

from tests.contracts.providers.aws.driver import Driver, Resource
from tests.unit.providers.aws.conftest import Aws

TOKEN = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
ARN = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"
URL = "https://token.actions.githubusercontent.com"
TAGS = [{"Key": "environment", "Value": "dev"}, {"Key": "owner", "Value": "mlops"}]


def test_clients_thumbprints_and_tags_are_changed_one_by_one(aws: Aws, driver: Driver) -> None:
    provider = Resource(TOKEN, "github", ARN)
    old = {"url": URL, "clientIdLists": ["a", "b"], "thumbprintLists": ["0" * 40], "tags": {"x": "1"}}
    provider.inputs = driver.check(provider, old)
    provider.outputs = {**provider.inputs, "arn": ARN}
    there = {"Url": URL.removeprefix("https://"), "ClientIDList": ["b", "a"], "ThumbprintList": ["0" * 40]}
    get = "get_open_id_connect_provider"
    aws.answers("iam", get, {**there, "Tags": [*TAGS, {"Key": "x", "Value": "1"}]}, OpenIDConnectProviderArn=ARN)
    owner = {"OpenIDConnectProviderArn": ARN}
    aws.answers("iam", "add_client_id_to_open_id_connect_provider", {}, **owner, ClientID="c")
    aws.answers("iam", "remove_client_id_from_open_id_connect_provider", {}, **owner, ClientID="a")
    aws.answers("iam", "update_open_id_connect_provider_thumbprint", {}, **owner, ThumbprintList=["1" * 40])
    aws.answers("iam", "untag_open_id_connect_provider", {}, **owner, TagKeys=["x"])
    aws.answers("iam", "tag_open_id_connect_provider", {}, **owner, Tags=[{"Key": "y", "Value": "2"}])
    changed = {**there, "ClientIDList": ["c", "b"], "ThumbprintList": ["1" * 40]}
    aws.answers("iam", get, {**changed, "Tags": [*TAGS, {"Key": "y", "Value": "2"}]}, OpenIDConnectProviderArn=ARN)

    new = {"url": URL, "clientIdLists": ["b", "c"], "thumbprintLists": ["1" * 40], "tags": {"y": "2"}}
    assert set(driver.diff(provider, new).paths) >= {"clientIdLists[0]", "thumbprintLists[0]", "tags.x", "tags.y"}
    driver.update(provider, new)
    assert provider.outputs["url"] == URL, "AWS leaves the scheme out; that is no difference"
    assert provider.outputs["clientIdLists"] == ["b", "c"], "nor is the order of a set"
    aws.nothing_is_left()
