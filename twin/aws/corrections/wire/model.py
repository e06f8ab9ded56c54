"""A request, an operation and an error of an AWS API."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import botocore.model
import botocore.session

Parameters = dict[str, Any]
_SIGNS_AS = {"es": "opensearch"}
"""By the name in a credential's scope: botocore's, where that is another. Of the two that sign `es` the older one,
Elasticsearch Service's API of 2015, is nobody's here."""


@dataclass(frozen=True)
class Request:
    """An HTTP request as it arrived. Header names are in lower case, the path is decoded."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def access_key(self) -> str:
        """The access key id of the credential, or an empty string for an anonymous caller."""
        return self._credential()[0]

    @property
    def region(self) -> str:
        """The region of the credential's scope, or an empty string for an anonymous caller."""
        return self._credential()[2]

    @property
    def signing_name(self) -> str:
        """The service of the credential's scope; only S3 is called without one."""
        return self._credential()[3] or "s3"

    @property
    def service(self) -> str:
        """What botocore calls that service."""
        return _SIGNS_AS.get(self.signing_name, self.signing_name)

    def _credential(self) -> list[str]:
        authorization = self.headers.get("authorization", "")
        if "Credential=" in authorization:
            scope = authorization.split("Credential=", 1)[1].split(",", 1)[0]
        else:
            scope = dict(parse_qsl(self.query)).get("X-Amz-Credential", "")
        return [*scope.split("/"), "", "", "", ""][:5]


@dataclass(frozen=True)
class Operation:
    """One operation of one service."""

    service: str
    name: str

    @property
    def model(self) -> botocore.model.OperationModel:
        """The operation's model, with its input and output shapes."""
        return service_model(self.service).operation_model(self.name)

    @property
    def protocol(self) -> str:
        """`query`, `ec2`, `json`, `rest-json` or `rest-xml`."""
        return str(service_model(self.service).resolved_protocol)


class AwsError(Exception):
    """An answer in the service's own error shape."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status = code, message, status

    def says(self, *codes: str) -> bool:
        """Whether it is one of these errors. A caller that expects one lets every other through."""
        return self.code in codes


@functools.cache
def service_model(service: str) -> botocore.model.ServiceModel:
    """The model of one service, under botocore's name for it (`ec2`, `s3control`)."""
    return session().get_service_model(service)


@functools.cache
def session() -> botocore.session.Session:
    """The session that the service models are read with."""
    return botocore.session.get_session()


def form(body: bytes) -> list[tuple[str, str]]:
    """The fields of a form, as the query protocols send them."""
    return parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
