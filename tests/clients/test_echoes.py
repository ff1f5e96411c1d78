"""A service that repeats the credential: what is told of its words never holds it."""

from __future__ import annotations

import logging
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest
from azure.core.credentials import AccessToken, AzureKeyCredential

from tests.secrets import KEY, MARK
from voicelive import AuthenticationError, ConfigurationError, ConnectionClosed, ReceiveTimeoutError, ReconnectPolicy

from .harness import Client
from .servers import WebSocketServer, closes, event, refuses, sends

pytestmark = [pytest.mark.timeout(300), pytest.mark.all_logs]

LONG = "-".join(f"{MARK}{number}" for number in range(200))
SPECIAL = f"{MARK}/and+more=than that"


class Tokens:
    """A credential that gives one token."""

    def __init__(self, token: Any) -> None:
        self.token = token

    def get_token(self, *scopes: str, **options: object) -> AccessToken:
        return AccessToken(self.token, 0)


class Echo(NamedTuple):
    """How a secret is given, and the form in which it comes back."""

    name: str
    arguments: dict[str, Any]
    said: str


ECHOES = [
    Echo("a key", {"credential": AzureKeyCredential(KEY)}, KEY),
    Echo("a token", {"credential": Tokens(KEY)}, f"Bearer {KEY}"),
    Echo("a part of a token", {"credential": Tokens(LONG)}, LONG[300:400]),
    Echo("an agent's token", {"query": {"agent-access-token": KEY}}, KEY),
    Echo("an agent's token, encoded", {"query": {"agent-access-token": SPECIAL}}, quote(SPECIAL, safe="")),
    Echo("an own header", {"headers": {"Ocp-Apim-Subscription-Key": KEY}}, KEY),
    Echo("an own authorization", {"headers": {"Authorization": f"Custom {KEY}"}}, KEY),
]
each_echo = pytest.mark.parametrize("echo", ECHOES, ids=[echo.name for echo in ECHOES])


@each_echo
async def test_a_close_reason_that_repeats_it(client: Client, echo: Echo, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the error, nor close_info, nor the log shows what a close reason repeats; the rest is told."""
    caplog.set_level(logging.DEBUG)
    with WebSocketServer(closes(1008, f"no: {echo.said}")) as server:
        async with client.connect(server.endpoint, **echo.arguments) as connection:
            with pytest.raises(ConnectionClosed) as caught:
                await connection.recv()
            assert caught.value.reason == connection.close_info.reason
            assert caught.value.reason.startswith("no: ")
            assert "(hidden)" in caught.value.reason
            assert MARK not in f"{caught.value} {vars(caught.value)} {connection.close_info}"
    assert MARK not in caplog.text


@each_echo
async def test_an_answer_that_repeats_it(client: Client, echo: Echo) -> None:
    """Neither text, nor body, nor headers of a refusal show what it repeats."""
    answer = refuses(401, f'{{"error": {{"message": "no: {echo.said}"}}}}', x_asked=echo.said)
    with WebSocketServer(answer=answer) as server, pytest.raises(AuthenticationError, match="no: ") as caught:
        await client.connect(server.endpoint, **echo.arguments).open()
    assert MARK not in f"{caught.value} {vars(caught.value)}"
    assert "(hidden)" in str(caught.value)


@each_echo
async def test_an_error_event_that_repeats_it(client: Client, echo: Echo) -> None:
    """The error of a wait_for that names the last error event does not repeat it."""
    error = event("error", error={"code": "bad", "message": f"no: {echo.said}"})
    with WebSocketServer(sends(error)) as server:
        async with client.connect(server.endpoint, **echo.arguments) as connection:
            with pytest.raises(ReceiveTimeoutError, match="no: ") as caught:
                await connection.wait_for("session.updated", 0.3)
            assert MARK not in str(caught.value)


@each_echo
async def test_a_policy_that_is_told_it(client: Client, echo: Echo) -> None:
    """The event that says why a connection is made again does not repeat it."""
    policy = ReconnectPolicy(initial_delay=10, max_delay=10)
    with WebSocketServer(closes(1001, f"no: {echo.said}")) as server:
        async with client.connect(server.endpoint, reconnect=policy, **echo.arguments) as connection:
            told = await connection.wait_for("voicelive.reconnecting")
            assert "no: " in told.reason
            assert MARK not in told.reason


async def test_a_token_of_bytes_is_refused_unseen(client: Client) -> None:
    """A credential whose token is bytes is refused by that, and shown nowhere, not even in a traceback's variables."""
    credential = Tokens(KEY.encode())
    with WebSocketServer() as server, pytest.raises(ConfigurationError, match="token is bytes, not str") as caught:
        await client.connect(server.endpoint, credential=credential).open()
    assert MARK not in str(caught.value)
    trace = caught.value.__traceback__
    while trace is not None:
        if trace.tb_frame.f_globals.get("__name__") == "voicelive._credentials":
            assert MARK not in repr(trace.tb_frame.f_locals)
        trace = trace.tb_next
