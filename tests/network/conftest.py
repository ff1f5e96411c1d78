"""A local service behind real parts: nginx that ends TLS before it, and tinyproxy on the way to it."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import trustme
from azure.core.credentials import AzureKeyCredential

from tests.clients.conftest import clean_environment, client
from tests.clients.harness import Client, Script
from voicelive.local import LocalService, ThreadedLocalService

from .parts import KEY, Gate, Proxies, nginx, tinyproxy

__all__ = ["clean_environment", "client"]

PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ws_proxy", "wss_proxy", "socks_proxy")


@pytest.fixture(autouse=True)
def no_system_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep this machine's own proxies out."""
    for variable in PROXY_VARIABLES:
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.upper(), raising=False)


@pytest.fixture(scope="session")
def service() -> Iterator[ThreadedLocalService]:
    """A local service that wants the key."""
    with LocalService.in_thread(api_key=KEY) as running:
        yield running


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """The authority that the tests trust."""
    return trustme.CA()


@pytest.fixture(scope="session")
def trust(authority: trustme.CA) -> ssl.SSLContext:
    """TLS settings that trust the tests' authority, and no other."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture(scope="session")
def gate(
    service: ThreadedLocalService, authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gate]:
    """Nginx before the service, with a port for each certificate."""
    past = datetime(2020, 1, 1, tzinfo=UTC)
    stranger = trustme.CA()
    certificates = {
        "valid": authority.issue_cert("localhost", "127.0.0.1", "0.0.0.0"),
        "expired": authority.issue_cert("localhost", "127.0.0.1", not_before=past, not_after=past.replace(year=2021)),
        "wrong host": authority.issue_cert("elsewhere.example"),
        "self-signed": stranger.issue_cert("localhost", "127.0.0.1"),
    }
    with nginx(tmp_path_factory.mktemp("nginx"), service.port, certificates, authority) as running:
        yield running


@pytest.fixture(scope="session")
def proxies(gate: Gate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxies]:
    """Three tinyproxies: one for all, one that wants a password, one that lets nobody connect."""
    folder = tmp_path_factory.mktemp("tinyproxy")
    with (
        tinyproxy(Path(folder, "open")) as open_proxy,
        tinyproxy(Path(folder, "locked"), "BasicAuth walter s3cret") as locked,
        # CONNECT to one port only, which nobody uses.
        tinyproxy(Path(folder, "closed"), "ConnectPort 1") as closed,
    ):
        yield Proxies(open_proxy, locked, closed)


@pytest.fixture
def connect(client: Client, trust: ssl.SSLContext) -> Any:
    """Prepare connections with the key that the service wants, trusting the tests' authority."""

    def prepare(endpoint: str, **options: Any) -> Script:
        if endpoint.startswith("https:"):
            options.setdefault("ssl", trust)
        return client.connect(
            endpoint,
            credential=AzureKeyCredential(KEY),
            connection_options={"open_timeout": 10, "close_timeout": 3, **options},
        )

    return prepare
