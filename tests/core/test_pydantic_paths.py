"""Models in other people's hands: every way that pydantic writes a model agrees, and any event is a field's type."""

# The constant `type` of an event of one's own narrows that of its base, on purpose.
# pyright: reportIncompatibleVariableOverride=false

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, TypeAdapter

from tests.samples import CLIENT_TYPES, SERVER_TYPES, sample_event
from voicelive import models
from voicelive._core.codec import decode_server_event
from voicelive._core.contract import WireContract
from voicelive._core.reconnect.connection_events import ConnectionRestored
from voicelive.errors import InvalidEventError
from voicelive.models import (
    AnyClientEvent,
    AnyServerEvent,
    ClientEvent,
    ClientEventResponseCancel,
    MalformedServerEvent,
    Model,
    RequestSession,
    ServerEvent,
    ServerEventResponseDone,
    ServerVad,
    UnknownServerEvent,
)

DATA = Path(__file__).resolve().parent.parent / "data"
LINES = [json.loads(line) for line in (DATA / "real-payloads.jsonl").read_text(encoding="utf-8").splitlines()]
RECORDED: list[dict[str, Any]] = [line["payload"] for line in LINES if line["direction"] == "server"]
SERVER: list[dict[str, Any]] = [*RECORDED, *(sample_event(name, full=True) for name in SERVER_TYPES.values())]
CLIENT: list[dict[str, Any]] = [sample_event(name, full=True) for name in CLIENT_TYPES.values()]


class Row(BaseModel):
    """A row of an application's own log."""

    server: AnyServerEvent | None = None
    client: AnyClientEvent | None = None
    either: list[AnyServerEvent | AnyClientEvent] = []


class Preset(BaseModel):
    """A setting of an application's own."""

    session: RequestSession


# What the schema lacks; a keyword that a model lacks is an error for type checkers.
UNKNOWN: dict[str, Any] = {"x": [None]}

SESSIONS: list[tuple[RequestSession, dict[str, Any]]] = [
    (RequestSession(), {}),
    (RequestSession(turn_detection=None, model="m"), {"model": "m", "turn_detection": None}),
    (
        RequestSession(turn_detection=ServerVad(threshold=0.5), **UNKNOWN),
        {"turn_detection": {"type": "server_vad", "threshold": 0.5}, **UNKNOWN},
    ),
]


@pytest.mark.parametrize(("session", "sent"), SESSIONS)
def test_every_way_of_writing_gives_what_was_set(session: RequestSession, sent: dict[str, Any]) -> None:
    """What pydantic writes is what is sent, alone and within other models: unset fields are absent, nulls are kept."""
    adapter = TypeAdapter(list[RequestSession])
    written = [
        session.to_dict(),
        session.as_dict(),
        session.model_dump(),
        session.model_dump(mode="json"),
        session.model_dump(exclude_unset=True),
        json.loads(session.model_dump_json()),
        json.loads(session.to_json()),
        adapter.dump_python([session])[0],
        json.loads(adapter.dump_json([session]))[0],
        Preset(session=session).model_dump()["session"],
        json.loads(Preset(session=session).model_dump_json())["session"],
    ]
    for form in written:
        assert form == sent
    assert RequestSession.model_validate(session.model_dump()).to_dict() == sent


@pytest.mark.parametrize("payload", [*SERVER, *CLIENT], ids=lambda payload: str(payload["type"]))
def test_every_event_is_written_whole(payload: dict[str, Any]) -> None:
    """Every recorded payload and every event of the contract goes through a field and back as it is."""
    side: dict[str, Any] = {"server": payload} if payload in SERVER else {"client": payload}
    row = Row.model_validate({**side, "either": [payload]})
    assert row.model_dump(mode="json", exclude_none=False)["either"] == [payload]
    again = Row.model_validate_json(row.model_dump_json())
    for event in (again.server or again.client, *again.either):
        assert event is not None
        assert event.to_dict() == payload
        expected = {**SERVER_TYPES, **CLIENT_TYPES}.get(payload["type"], "UnknownServerEvent")
        assert type(event).__name__ == expected


@pytest.mark.parametrize("payload", SERVER, ids=lambda payload: str(payload["type"]))
def test_stored_events_are_read_as_they_arrive(payload: dict[str, Any]) -> None:
    """From JSON and from a mapping, by the base and by the class itself: as the wire's, misfits and all."""
    arrived = decode_server_event(json.dumps(payload))
    for event in (
        ServerEvent.from_dict(payload),
        ServerEvent.from_json(json.dumps(payload)),
        ServerEvent.from_json(memoryview(arrived.to_json())),
        type(arrived).from_dict(payload),
    ):
        assert type(event) is type(arrived)
        assert event.to_dict() == payload
        assert event.issues == arrived.issues


@pytest.mark.parametrize("payload", CLIENT, ids=lambda payload: str(payload["type"]))
def test_stored_client_events(payload: dict[str, Any]) -> None:
    """The same for what an application sent."""
    event = ClientEvent.from_json(json.dumps(payload))
    assert type(event) is getattr(models, CLIENT_TYPES[payload["type"]])
    assert event.to_dict() == payload
    assert type(event).from_dict(payload) == event


def test_stored_events_of_other_kinds() -> None:
    """Unknown types, what is no event, the connection's own events and an application's own class are read too."""
    unknown = ServerEvent.from_dict({"type": "x.y", "a": None})
    assert (type(unknown), unknown.to_dict()) == (UnknownServerEvent, {"type": "x.y", "a": None})
    assert ClientEvent.from_dict({"type": "x.y", "a": 1}).to_dict() == {"type": "x.y", "a": 1}
    broken = ServerEvent.from_json(b"\xff")
    assert isinstance(broken, MalformedServerEvent)
    again = ServerEvent.from_dict(broken.to_dict())
    assert isinstance(again, MalformedServerEvent)
    assert (again.data, again.reason) == (b"\xff", broken.reason)
    assert type(ServerEvent.from_dict({"type": "voicelive.malformed"})) is UnknownServerEvent
    restored = ConnectionRestored.model_construct()
    assert type(Row.model_validate({"server": restored.to_dict()}).server) is ConnectionRestored
    with pytest.raises(InvalidEventError, match="not valid JSON"):
        ClientEvent.from_json("{")
    with pytest.raises(InvalidEventError, match="not a ServerEventResponseDone: its type is 'error'"):
        ServerEventResponseDone.from_dict({"type": "error"})
    with pytest.raises(InvalidEventError, match="not a ServerEvent"):
        ServerEvent.from_dict({"type": "response.cancel"})


def test_what_a_field_for_events_does_not_take() -> None:
    """A text, a number or an event of the other side is refused, as any pydantic field refuses."""
    for wrong in ("response.done", 7, ClientEventResponseCancel(), {"type": "response.cancel"}):
        with pytest.raises(ValueError, match="server"):
            Row.model_validate({"server": wrong})
    with pytest.raises(ValueError, match="is not a ClientEvent"):
        Row.model_validate({"client": {"type": "session.created"}})


class Forwarded(ServerEvent):
    """An event of an application's own, with another event in it."""

    type: Literal["x.forwarded"] = "x.forwarded"
    event: AnyServerEvent
    number: int = 0


@pytest.mark.parametrize("number", [1, "one"], ids=["fits", "does not fit"])
def test_events_within_events(number: Any) -> None:
    """An event in a field of another is read as its own class, whether all the rest fits or not."""
    payload = {"type": "x.forwarded", "event": {"type": "response.done", "response": {}}, "number": number}
    event = Forwarded.from_dict(payload)
    assert type(event.event) is ServerEventResponseDone
    assert event.to_dict() == payload
    received: Any = WireContract("2026-07-15", events=[Forwarded]).decode(json.dumps(payload))
    assert type(received.event) is ServerEventResponseDone
    assert received.to_dict() == payload


def test_one_class_stands_for_all_at_run_time() -> None:
    """`isinstance` holds for what type checkers have in the union, and for nothing else."""
    event = decode_server_event(b'{"type": "x.y"}')
    # Any: type checkers see unions of classes here.
    any_server: Any = AnyServerEvent
    any_client: Any = AnyClientEvent
    assert isinstance(event, any_server)
    assert not isinstance(event, any_client)
    assert isinstance(ClientEventResponseCancel(), any_client)
    assert not isinstance({}, any_server)


@pytest.mark.parametrize("mode", ["validation", "serialization"])
def test_the_json_schema_names_every_event(mode: Any) -> None:
    """The JSON schema of such a field lists each kind by its type, and describes models by their fields."""
    schema = Row.model_json_schema(mode=mode)
    either = schema["properties"]["server"]["anyOf"][0]
    assert set(either["discriminator"]["mapping"]) == set(SERVER_TYPES)
    assert "transcript" in schema["$defs"]["ServerEventResponseAudioTranscriptDone"]["properties"]
    assert "turn_detection" in Preset.model_json_schema(mode=mode)["$defs"]["RequestSession"]["properties"]


def test_choosing_what_is_written() -> None:
    """`include`, `exclude`, `exclude_none` and `exclude_defaults` hold at any depth; free-form values stay whole."""
    session = RequestSession(
        instructions=None,
        turn_detection=ServerVad(threshold=None, silence_duration_ms=5),
        tools=[{"type": "function", "name": "f", "parameters": {"default": None}}],
    )
    assert session.model_dump(include={"instructions"}) == {"instructions": None}
    assert session.model_dump(exclude={"tools": True, "turn_detection": {"type"}}) == {
        "instructions": None,
        "turn_detection": {"threshold": None, "silence_duration_ms": 5},
    }
    tools = [{"type": "function", "name": "f", "parameters": {"default": None}}]
    assert session.model_dump(exclude_none=True) == {
        "turn_detection": {"type": "server_vad", "silence_duration_ms": 5},
        "tools": tools,
    }
    assert session.model_dump(exclude_defaults=True) == {
        "turn_detection": {"silence_duration_ms": 5},
        "tools": [{"name": "f", "parameters": {"default": None}}],
    }
    row = Row(server=decode_server_event(b'{"type": "x.y", "a": 1}'))
    assert row.model_dump(include={"server": {"a"}}) == {"server": {"a": 1}}


def test_fields_are_read_by_name() -> None:
    """A model is read like the mapping that it is on the wire: what was given is there, what was not is not."""
    payload = {
        "type": "response.done",
        "response": {"id": "r", "status": None, "output": [{"type": "message"}]},
        "x": 1,
    }
    event = decode_server_event(json.dumps(payload))
    assert "type" in event
    assert "event_id" not in event
    assert (event["type"], event["x"], event.get("event_id"), event.get("event_id", 5)) == ("response.done", 1, None, 5)
    assert event["response"]["output"][0]["type"] == "message"
    assert isinstance(event["response"], Model)
    assert "status" in event["response"]
    assert event["response"].get("status", "unset") is None
    with pytest.raises(KeyError, match="usage"):
        event["response"]["usage"]
    assert list(event.keys()) == ["type", "response", "x"]
    assert dict(event.items()) == {**event}
    assert next(iter(event.values())) == "response.done"
    assert event.as_dict() == event.to_dict() == payload
    # Without the constant having been given: the wire has it all the same.
    assert "type" in ClientEventResponseCancel()
    assert bool(RequestSession())


def test_a_model_equals_the_mapping_that_it_is_sent_as() -> None:
    """A model is equal to its wire form as a mapping, whatever stands in that, and to no other mapping."""
    session = RequestSession(turn_detection=ServerVad(threshold=0.5), voice=None)
    assert session == {"turn_detection": {"type": "server_vad", "threshold": 0.5}, "voice": None}
    assert session == {"turn_detection": ServerVad(threshold=0.5), "voice": None}
    assert session != {"voice": None}
    assert session != {"turn_detection": {"type": "server_vad", "threshold": 0.5}}
    assert session == RequestSession(turn_detection=ServerVad(threshold=0.5), voice=None)
    assert session != RequestSession()
    assert session != "session"
