"""Half of a surrogate pair in what an application sends: a typed error that names the field, on both clients."""

from __future__ import annotations

from typing import Any

import pytest

from voicelive.errors import InvalidEventError
from voicelive.local import LocalService
from voicelive.models import ClientEventInputTextDelta, RequestSession

from .harness import Client

HALF = "a\ud800"
MESSAGE = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": HALF}]}


def tool(parameters: Any) -> dict[str, Any]:
    """Return an update with a tool."""
    return {
        "type": "session.update",
        "session": {"tools": [{"type": "function", "name": "f", "parameters": parameters}]},
    }


SENT: list[tuple[Any, str]] = [
    ({"type": "conversation.item.create", "item": MESSAGE}, "item.content[0].text"),
    ({"type": "response.create", "event_id": HALF}, "event_id"),
    ({"type": HALF}, "type"),
    ({"type": "x.private", "z": [{"y": HALF}]}, "z[0].y"),
    ({"type": "x.private", HALF: 1}, "a\\ud800"),
    (tool({"d": HALF}), "session.tools[0].parameters.d"),
    (tool({HALF: {}}), "session.tools[0].parameters.a\\ud800"),
    ({"type": "session.update", "session": {HALF: 1}}, "session"),
    (ClientEventInputTextDelta(id="i", delta=HALF), "delta"),
]

CALLED: list[tuple[str, dict[str, Any], str]] = [
    ("session.update", {"session": {"instructions": HALF}}, "session.instructions"),
    ("session.update", {"session": RequestSession(instructions=HALF)}, "session.instructions"),
    ("session.update", {"session": {"voice": HALF}}, "session.voice"),
    ("conversation.item.create", {"item": MESSAGE}, "item.content[0].text"),
    ("conversation.item.delete", {"item_id": HALF}, "item_id"),
    ("input_audio_buffer.append", {"audio": b"xx", "event_id": HALF}, "event_id"),
    ("input_audio_buffer.append", {"audio": HALF}, "audio"),
    ("response.create", {"response": {"metadata": {"a": HALF}}}, "response.metadata.a"),
    ("response.cancel", {"response_id": HALF}, "response_id"),
]


@pytest.mark.filterwarnings("ignore::voicelive.errors.ContractWarning")  # of types that no version has
async def test_half_a_surrogate_pair_is_refused_by_name(client: Client) -> None:
    """Whatever holds it, sent or called: the error names the field, can be printed, and the connection goes on."""
    async with LocalService() as service, client.connect(service.endpoint) as connection:
        for event, path in SENT:
            with pytest.raises(InvalidEventError) as caught:
                await connection.send(event)
            assert [issue.path for issue in caught.value.issues] == [path]
            str(caught.value).encode()
        for method, fields, path in CALLED:
            with pytest.raises(InvalidEventError) as caught:
                await connection.call(method, **fields)
            assert [issue.path for issue in caught.value.issues] == [path]
            str(caught.value).encode()
        await connection.call("session.update", session={"instructions": "still here"})
        await connection.wait_for("session.updated")
