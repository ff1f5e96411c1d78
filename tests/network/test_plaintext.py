"""Credentials over connections without encryption: only to this machine, unless asked for by name."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.credentials import AzureKeyCredential

from tests.clients.harness import Client
from tests.clients.servers import WebSocketServer, event, sends
from voicelive import ConfigurationError

from .parts import KEY, Proxies

pytestmark = pytest.mark.timeout(300)

# To the client an address like any other; the kernel takes it for this machine.
ELSEWHERE = "0.0.0.0"


def prepared(client: Client, endpoint: str, **options: Any) -> Any:
    return client.connect(endpoint, credential=AzureKeyCredential(KEY), connection_options=options)


@pytest.mark.parametrize("scheme", ["http", "ws"])
async def test_http_elsewhere_is_refused_until_it_is_asked_for(client: Client, scheme: str) -> None:
    """A host that is not this machine gets no key in clear text, unless the option says so by name."""
    with WebSocketServer(sends(event("session.created"))) as server:
        endpoint = f"{scheme}://{ELSEWHERE}:{server.port}"
        for options in ({}, {"allow_plaintext_credentials": False}):
            with pytest.raises(ConfigurationError, match=r"not encrypted.*allow_plaintext_credentials"):
                prepared(client, endpoint, **options)
        async with prepared(client, endpoint, allow_plaintext_credentials=True) as connection:
            assert (await connection.recv()).type == "session.created"
        (request,) = server.requests
        assert request.headers["api-key"] == KEY


@pytest.mark.parametrize("value", ["yes", 1, None])
def test_nothing_but_true_permits_it(client: Client, value: Any) -> None:
    """The option takes True and False; what only looks like it permits nothing."""
    with pytest.raises(ConfigurationError, match="not encrypted"):
        prepared(client, f"http://{ELSEWHERE}:1", allow_plaintext_credentials=value)
    with pytest.raises(ConfigurationError, match="True or False"):
        prepared(client, "http://127.0.0.1:1", allow_plaintext_credentials=value)


async def test_a_proxy_elsewhere_does_not_see_it_either(client: Client, proxies: Proxies) -> None:
    """To a proxy of another machine an unencrypted connection is not opened, even where the endpoint is this one."""
    with WebSocketServer(sends(event("session.created"))) as server:
        proxy = f"http://{ELSEWHERE}:{proxies.open.port}"
        with pytest.raises(ConfigurationError, match="through a proxy on another machine"):
            await prepared(client, server.endpoint, proxy=proxy).open()
        assert server.requests == []
        async with prepared(client, server.endpoint, proxy=proxy, allow_plaintext_credentials=True) as connection:
            assert (await connection.recv()).type == "session.created"
