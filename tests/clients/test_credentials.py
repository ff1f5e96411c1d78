"""How credentials are asked, what happens when they fail, and that they reach no log."""

from __future__ import annotations

import functools
import logging
import traceback
from typing import Any, NamedTuple

import pytest
from azure.core.credentials import AccessToken, AccessTokenInfo, AzureKeyCredential
from azure.core.exceptions import ClientAuthenticationError

from tests.secrets import KEY, MARK, PASSWORD, TOKEN
from voicelive import AuthenticationError, ConfigurationError, ConnectionError

from .harness import Client, assert_nothing_left
from .servers import WebSocketServer, event, reads_everything, refuses, sends

pytestmark = [pytest.mark.timeout(300), pytest.mark.all_logs]


class Token:
    """A token credential that counts and remembers."""

    def __init__(self, token: Any = TOKEN) -> None:
        self.token = token
        self.scopes: list[tuple[str, ...]] = []
        self.closed = 0

    def get_token(self, *scopes: str, **options: object) -> AccessToken:
        self.scopes.append(scopes)
        if isinstance(self.token, Exception):
            raise self.token
        return AccessToken(self.token, 0)

    def close(self) -> None:
        self.closed += 1


class AsyncToken(Token):
    """The same, to be awaited."""

    async def get_token(self, *scopes: str, **options: object) -> AccessToken:  # type: ignore[override]
        return super().get_token(*scopes, **options)


class InfoOnly:
    """A credential of the newer kind only."""

    def get_token_info(self, *scopes: str, options: object = None) -> AccessTokenInfo:
        return AccessTokenInfo("s3cret-info", 0)


class Wrapped:
    """An asynchronous credential that does not look like one."""

    def __init__(self) -> None:
        self.get_token = functools.partial(AsyncToken("wrapped-token").get_token)


def kinds(flavour: str) -> list[Any]:
    return [Token(), AsyncToken()] if flavour == "async" else [Token()]


async def test_tokens_become_a_bearer_header(client: Client) -> None:
    """A token credential is asked once a connection, for the default scope or the ones given, and never closed."""
    for credential in kinds(client.flavour):
        with WebSocketServer() as server:
            for scopes in (None, "one", ["one", "two"]):
                async with client.connect(server.endpoint, credential=credential, credential_scopes=scopes):
                    pass
        assert [request.headers["authorization"] for request in server.requests] == [f"Bearer {TOKEN}"] * 3
        assert all("api-key" not in request.headers for request in server.requests)
        assert credential.scopes == [("https://ai.azure.com/.default",), ("one",), ("one", "two")]
        assert credential.closed == 0


async def test_other_kinds_of_token_credentials(client: Client) -> None:
    """get_token_info serves too; an asynchronous credential in disguise is awaited, or refused by the sync client."""
    with WebSocketServer() as server:
        async with client.connect(server.endpoint, credential=InfoOnly()):
            pass
        if client.flavour == "async":
            async with client.connect(server.endpoint, credential=Wrapped()):
                pass
            assert server.requests[1].headers["authorization"] == "Bearer wrapped-token"
        else:
            with pytest.raises(ConfigurationError, match="asynchronous credential"):
                await client.connect(server.endpoint, credential=Wrapped()).open()
    assert server.requests[0].headers["authorization"] == "Bearer s3cret-info"


async def test_a_key_may_be_rotated(client: Client) -> None:
    """The key is read when the connection opens, so an updated AzureKeyCredential works for the next one."""
    credential = AzureKeyCredential("old")
    with WebSocketServer() as server:
        connection = client.connect(server.endpoint, credential=credential)
        credential.update("new")
        async with connection:
            pass
    assert server.requests[0].headers["api-key"] == "new"


async def test_a_credential_that_fails(client: Client) -> None:
    """A credential without a token is an AuthenticationError, a ConnectionError too; the server is not bothered."""
    for failure in (ClientAuthenticationError("az login\nlong story"), RuntimeError("broken"), OSError(5, "io")):
        for credential in kinds(client.flavour):
            credential.token = failure
            with WebSocketServer() as server:
                with pytest.raises(
                    AuthenticationError, match=r"oken gave no token for https://ai\.azure\.com"
                ) as caught:
                    await client.connect(server.endpoint, credential=credential).open()
                await assert_nothing_left(server.port)
            assert isinstance(caught.value, ConnectionError)
            assert caught.value.__cause__ is failure
            assert "long story" not in str(caught.value)
            assert server.requests == []


@pytest.mark.parametrize("token", ["", f"{MARK} line\r\nbreak: x", None])
async def test_a_credential_that_gives_nonsense(client: Client, token: Any) -> None:
    """A token that cannot be a header is refused, without repeating it."""
    with WebSocketServer() as server:
        with pytest.raises(ConfigurationError) as caught:
            await client.connect(server.endpoint, credential=Token(token)).open()
        assert server.requests == []
    assert "line" not in str(caught.value).replace("line break", "")


async def test_the_default_credential_is_made_and_closed(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any credential, DefaultAzureCredential of the fitting kind is made late, asked, and closed."""
    made: list[Any] = []

    class Default(Token):
        def __init__(self) -> None:
            super().__init__("default-token")
            made.append(self)

    class AsyncDefault(AsyncToken):
        def __init__(self) -> None:
            super().__init__("default-token")
            made.append(self)

        async def close(self) -> None:  # type: ignore[override]
            super().close()

    import azure.identity
    import azure.identity.aio

    monkeypatch.setattr(azure.identity, "DefaultAzureCredential", Default)
    monkeypatch.setattr(azure.identity.aio, "DefaultAzureCredential", AsyncDefault)
    connection = client.connect("https://127.0.0.2.invalid")
    assert made == []
    with pytest.raises(ConnectionError, match="could not be found"):
        await connection.open()
    (credential,) = made
    assert type(credential) is (Default if client.flavour == "sync" else AsyncDefault)
    assert (credential.scopes, credential.closed) == ([("https://ai.azure.com/.default",)], 1)
    made.clear()
    credential.token = None
    monkeypatch.setattr(Default, "get_token", _fails)
    monkeypatch.setattr(AsyncDefault, "get_token", _fails_async)
    with pytest.raises(AuthenticationError, match=r"AZURE_VOICELIVE_API_KEY"):
        await client.connect("https://127.0.0.2.invalid").open()
    assert made[0].closed == 1


def _fails(self: object, *scopes: str, **options: object) -> AccessToken:
    raise ClientAuthenticationError("not logged in")


async def _fails_async(self: object, *scopes: str, **options: object) -> AccessToken:
    raise ClientAuthenticationError("not logged in")


class Secrets(NamedTuple):
    """Everything that must not be seen."""

    key: str = KEY
    token: str = TOKEN
    query: str = f"{MARK}-query"
    header: str = f"{MARK}-header"
    tool: str = f"{MARK}-tool"
    cookie: str = f"{MARK}-cookie"


async def test_no_secret_reaches_a_log(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    """At level DEBUG no log shows a key, token, query value, header or message, whether the opening works or not."""
    caplog.set_level(logging.DEBUG)
    for name in ("websockets", "websockets.client", "voicelive", "voicelive.transport", "asyncio"):
        caplog.set_level(logging.DEBUG, logger=name)
    secrets = Secrets()
    tool = {"type": "mcp", "server_label": "s", "server_url": "https://s.example", "authorization": secrets.tool}
    arguments: dict[str, Any] = {
        "query": {"code": secrets.query, "api-key": secrets.query},
        "headers": {"X-Function-Key": secrets.header},
    }
    for credential in (AzureKeyCredential(secrets.key), Token(secrets.token)):
        with WebSocketServer(sends(event("session.created"), then=reads_everything)) as server:
            async with client.connect(server.endpoint, credential=credential, **arguments) as connection:
                await connection.call("session.update", session={"tools": [tool]})
                await connection.recv()
        for status in (302, 401):
            target = f"https://elsewhere.example/?code={secrets.query}" if status == 302 else ""
            answer = refuses(status, Location=target, Set_Cookie=secrets.cookie)
            with WebSocketServer(answer=answer) as server:
                with pytest.raises(ConnectionError) as caught:
                    await client.connect(server.endpoint, credential=credential, **arguments).open()
                shown = "".join(traceback.format_exception(caught.value))
                for secret in (secrets.key, secrets.token, secrets.header, secrets.cookie):
                    assert secret not in shown
                    assert secret not in repr(caught.value.__dict__)
    lines = [record.getMessage() for record in caplog.records]
    assert "> GET /voice-live/realtime" in "\n".join(lines)
    assert "> api-key: (hidden)" in lines
    assert "> Authorization: (hidden)" in lines
    assert any(line.startswith("> TEXT [") for line in lines)
    for record in caplog.records:
        shown = record.getMessage() + repr(record.args)
        for secret in secrets:
            assert secret not in shown
    transport = [record for record in caplog.records if record.name == "voicelive.transport"]
    assert [record.getMessage() for record in transport if record.levelno >= logging.WARNING] == []


async def test_a_proxy_password_is_never_shown(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of the environment that cannot be used gives an error without its password, in the traceback too."""
    monkeypatch.setenv("HTTPS_PROXY", f"gopher://user:{PASSWORD}@proxy.example")
    connection = client.connect("https://resource.example", credential=AzureKeyCredential("k"))
    with pytest.raises(ConfigurationError, match="HTTPS_PROXY") as caught:
        await connection.open()
    assert PASSWORD not in "".join(traceback.format_exception(caught.value))
    assert PASSWORD not in repr(caught.value.__dict__)
