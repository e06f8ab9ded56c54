from collections.abc import Iterator

import pytest

from tests.support.kubernetes_api import FakeApi, serving
from twin.kubernetes.client import Client


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with serving() as fake:
        yield fake


@pytest.fixture
def client(api: FakeApi) -> Client:
    return Client.of(api.kubeconfig(token="t0ken"))
