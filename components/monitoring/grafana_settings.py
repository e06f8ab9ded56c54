"""What the stack file says about Grafana.

Units:  memory is MiB; CPU is thousandths of a core.
Source: Grafana documentation, "Configure generic OAuth authentication".
Errors: pydantic.ValidationError naming the field.
"""

from typing import Annotated, TypeAlias

from pydantic import Field

from components.model import ImageByDigest, Model

HttpsUrl: TypeAlias = Annotated[str, Field(pattern=r"^https://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~%/-]*)?$")]
# Into grafana.ini they go as they are: no line may begin in one of them.
IniText: TypeAlias = Annotated[str, Field(pattern=r"^[^\s;#$%][^\r\n;#$%]*$")]


class OidcSettings(Model):
    """Who says who somebody is."""

    name: IniText = Field(default="OIDC", examples=["Okta"])
    """What the button to sign in says."""
    client_id: IniText = Field(examples=["groundwork-grafana"])
    """Grafana's id at the provider. Its secret is in Secrets Manager: `groundwork-<environment>/grafana/oidc`, entry
    `client_secret`."""
    auth_url: HttpsUrl = Field(examples=["https://login.example.org/oauth2/authorize"])
    """Where people are sent to sign in."""
    token_url: HttpsUrl = Field(examples=["https://login.example.org/oauth2/token"])
    """Where Grafana fetches tokens; its address has to be in namespaces.egress_ranges, unless it is in the VPC."""
    api_url: HttpsUrl = Field(examples=["https://login.example.org/oauth2/userinfo"])
    """Where Grafana asks who it is."""
    scopes: IniText = Field(default="openid profile email groups", examples=["openid profile email groups"])
    """What Grafana asks for."""
    role_attribute_path: IniText = Field(
        default="contains(groups[*], 'ml-platform') && 'Editor' || 'Viewer'",
        examples=["contains(groups[*], 'ml-platform') && 'Editor' || 'Viewer'"],
    )
    """JMESPath that makes a role in Grafana of what the provider says."""
    root_url: HttpsUrl = Field(examples=["https://grafana.example.org/"])
    """The address at which people's browsers reach Grafana, to which the provider sends them back."""


class GrafanaSettings(Model):
    """What the stack file says about Grafana."""

    image: ImageByDigest = Field(
        examples=["123456789012.dkr.ecr.eu-west-1.amazonaws.com/groundwork-dev-grafana@sha256:" + "0" * 64]
    )
    """Your copy of Grafana 12 by digest, in the environment's own repository: it has to be there first."""
    oidc: OidcSettings | None = Field(default=None, examples=[None])
    """How people sign in; absent, whoever gets at it by `kubectl port-forward` may look, and nobody may change."""
    cpu_request_millicores: Annotated[int, Field(ge=20, le=4000)] = Field(default=50, examples=[50])
    """What its pod asks for; it may use ten times as much for a while."""
    memory_mib: Annotated[int, Field(ge=128, le=8192)] = Field(default=256, examples=[512])
    """What its pod asks for and uses at most."""
