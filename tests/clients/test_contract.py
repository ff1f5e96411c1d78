"""The arguments of connect() about the contract: API version, preview features, private events, strictness."""

from __future__ import annotations

# The constant `type` of an event of one's own narrows that of its base, on purpose.
# pyright: reportIncompatibleVariableOverride=false
import asyncio
import json
import warnings
from typing import Any, Literal

import pytest
from azure.core.credentials import AzureKeyCredential
from websockets.asyncio.server import ServerConnection

from voicelive import models
from voicelive.errors import ConfigurationError, ContractWarning, InvalidEventError
from voicelive.local import LocalService

from .harness import Client
from .servers import WebSocketServer

CREDENTIAL = AzureKeyCredential("k")


class LampOn(models.ServerEvent):
    """A private event of the service."""

    type: Literal["x.lamp.on"] = "x.lamp.on"
    room: str


class TurnLampOn(models.ClientEvent):
    """A private event of the application."""

    type: Literal["x.lamp.turn_on"] = "x.lamp.turn_on"
    room: str


async def lamp(connection: ServerConnection) -> None:
    """Answer each private event with one."""
    async for message in connection:
        asked = json.loads(message)
        await connection.send(json.dumps({"type": "x.lamp.on", "room": asked["room"]}))


async def test_private_events(client: Client) -> None:
    """Registered classes are sent and received typed, on that connection alone."""
    with WebSocketServer(lamp) as server:
        script = client.connect(server.endpoint, credential=CREDENTIAL, events=[LampOn, TurnLampOn])
        await script.open()
        await script.do(lambda connection: connection.send(TurnLampOn(room="hall")))
        event = await script.do(lambda connection: connection.recv(timeout=60))
        assert type(event) is LampOn
        assert event.room == "hall"
        await script.close()
        other = client.connect(server.endpoint, credential=CREDENTIAL)
        await other.open()
        with pytest.warns(ContractWarning, match=r"'x\.lamp\.turn_on' is not a client event type"):
            await other.do(lambda connection: connection.send({"type": "x.lamp.turn_on", "room": "cellar"}))
        event = await other.do(lambda connection: connection.recv(timeout=60))
        assert type(event) is models.UnknownServerEvent
        await other.close()


async def silent(connection: ServerConnection) -> None:
    """Take what comes."""
    async for _ in connection:
        pass


async def test_a_misspelt_key_is_warned_of_each_time(client: Client) -> None:
    """One line that sends a misspelt key three times warns three times, with the warning filters that Python has."""
    settings: dict[str, Any] = {"instrctions": "x"}
    with WebSocketServer(silent) as server:
        script = client.connect(server.endpoint, credential=CREDENTIAL)
        await script.open()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("default")
            for _ in range(3):
                await script.do(lambda connection: connection.session.update(session=settings))
        await script.close()
    told = [str(warning.message) for warning in caught if warning.category is ContractWarning]
    assert len(told) == 3
    assert told[0].endswith("did you mean 'instructions'? It is sent anyway.")


async def send_odd(connection: ServerConnection) -> None:
    """Send an event that lacks a required field, then a good one."""
    await connection.send('{"type": "conversation.item.deleted"}')
    await connection.send('{"type": "conversation.item.deleted", "item_id": "i"}')


async def test_strict_mode(client: Client) -> None:
    """strict=True raises where a received event does not fit, and the connection goes on."""
    with WebSocketServer(send_odd) as server:
        script = client.connect(server.endpoint, credential=CREDENTIAL, strict=True)
        await script.open()
        with pytest.raises(InvalidEventError, match="item_id"):
            await script.do(lambda connection: connection.recv(timeout=60))
        event = await script.do(lambda connection: connection.recv(timeout=60))
        assert event.item_id == "i"
        await script.close()


async def test_what_the_version_lacks_is_told_and_sent(client: Client) -> None:
    """A field that the connection's version lacks warns once, by name, and reaches the service."""
    with LocalService.in_thread() as service:
        script = client.connect(service.endpoint, credential=CREDENTIAL, api_version="2025-10-01")
        await script.open()
        with pytest.warns(ContractWarning, match=r"session\.reasoning_effort: not in API version 2025-10-01"):
            await script.call("session.update", session={"reasoning_effort": "low"})
        # Once is enough: a second warning would be an error here.
        await script.call("session.update", session={"reasoning_effort": "low"})
        await script.do(lambda connection: connection.wait_for("session.updated", timeout=60))
        await script.close()
        received = [event for event in service.sessions[-1].received if event.type == "session.update"]
        assert received[0].session.reasoning_effort == "low"


async def test_contract_check_as_error(client: Client) -> None:
    """contract_check="error" refuses it, and nothing is sent."""
    with LocalService.in_thread() as service:
        script = client.connect(
            service.endpoint, credential=CREDENTIAL, api_version="2025-10-01", contract_check="error"
        )
        await script.open()
        with pytest.raises(InvalidEventError, match="nothing was sent"):
            await script.call("session.update", session={"reasoning_effort": "low"})
        await script.close()
        assert service.sessions[-1].received == []


async def test_preview_features_are_a_header(client: Client) -> None:
    """preview_features become the VoiceLive-Features header of the opening request."""
    with LocalService.in_thread() as service:
        features = ["BargeIn", "Transcription"]
        script = client.connect(service.endpoint, credential=CREDENTIAL, preview_features=features)
        await script.open()
        await script.close()
        assert service.sessions[-1].headers["voicelive-features"] == "BargeIn=V1Preview, Transcription=V1Preview"


async def test_an_unknown_version_is_accepted_with_a_warning(client: Client) -> None:
    """A version nobody knows is used all the same, with a warning that lists the known ones."""
    with WebSocketServer(lamp) as server:
        with pytest.warns(ContractWarning, match=r"'2031-01-01' is unknown here.*v1 \(draft\)"):
            script = client.connect(server.endpoint, credential=CREDENTIAL, api_version="2031-01-01")
        await script.open()
        await script.close()


async def test_a_model_of_gpt_live_is_accepted_with_a_statement(client: Client) -> None:
    """Its protocol is not published: a warning says so, and the local service refuses to answer for it."""
    with LocalService.in_thread() as service:
        with pytest.warns(ContractWarning, match=r"'gpt-live-1-mini' belongs to GPT-Live.*not published"):
            script = client.connect(service.endpoint, credential=CREDENTIAL, model="gpt-live-1-mini")
        await script.open()
        error = (await script.wait_for("error")).error
        await script.close()
    assert error.code == "invalid_model"
    assert "gpt-live-1-mini belongs to GPT-Live, whose protocol is not published" in error.message


def test_a_model_of_gpt_live_can_be_an_error(client: Client) -> None:
    """`contract_check="error"` refuses it where the connection is made; no other model is refused."""
    for model in ("gpt-live-1", "GPT-Live-1"):
        with pytest.raises(ConfigurationError, match=f"'{model}' belongs to GPT-Live"):
            client.connect("https://r.example", credential=CREDENTIAL, model=model, contract_check="error")
    for model in ("gpt-realtime", "gpt-4o", "my-gpt-live-1"):
        client.connect("https://r.example", credential=CREDENTIAL, model=model, contract_check="error")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"preview_features": "BargeIn"}, "list of names"),
        ({"preview_features": 5}, "list of names"),
        ({"events": 5}, "list of event classes"),
        ({"credential_scopes": 5}, "one scope or a list"),
        ({"preview_features": ["Barge In"]}, "'Barge In' is not a name"),
        ({"preview_features": ["A"], "headers": {"voicelive-features": "B=V1Preview"}}, "given twice"),
        ({"contract_check": "shout"}, "'shout'"),
        ({"events": [models.RequestSession]}, "RequestSession is not an event class"),
    ],
)
async def test_what_cannot_work_is_refused(client: Client, arguments: dict[str, Any], says: str) -> None:
    """A wrong argument is refused by connect() itself, naming it."""
    await asyncio.sleep(0)
    with pytest.raises(ConfigurationError, match=says):
        client.connect("http://127.0.0.1:1", credential=CREDENTIAL, **arguments)
