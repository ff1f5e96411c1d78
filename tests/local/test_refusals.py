"""What the service does not take: messages that are no events, and audio that cannot be read."""

from __future__ import annotations

import base64
import json
from random import Random
from typing import Any

import pytest

from voicelive.local import LocalService

from .helpers import Client, connected, opened

NO_EVENTS: dict[str, tuple[str | bytes, str | None]] = {
    "not JSON": ("hello", None),
    "not an object": ("[1, 2]", None),
    "not UTF-8": (b"\xff\xfe", None),
    "no type": ('{"event_id": "e1"}', "type"),
    "type is no text": ('{"type": 5}', "type"),
    "unknown type": ('{"type": "session.destroy"}', "type"),
    "server event": ('{"type": "session.created", "session": {}}', "type"),
    "missing field": ('{"type": "conversation.item.delete"}', "item_id"),
    "wrong field type": ('{"type": "input_audio_buffer.append", "audio": 5}', "audio"),
    "nested field": (
        '{"type": "response.create", "response": {"tools": [{"type": "function"}]}}',
        "response.tools[0].name",
    ),
    "deeply nested": ("[" * 100_000, None),
    "negative time": (
        '{"type": "conversation.item.truncate", "item_id": "i", "content_index": 0, "audio_end_ms": -1}',
        "audio_end_ms",
    ),
    "temperature": ('{"type": "session.update", "session": {"temperature": 9}}', "session.temperature"),
    "negative limit": (
        '{"type": "response.create", "response": {"max_output_tokens": -1}}',
        "response.max_output_tokens",
    ),
}


@pytest.mark.parametrize(("message", "param"), NO_EVENTS.values(), ids=NO_EVENTS)
async def test_a_message_that_is_no_event_is_answered_with_an_error(
    client: Client, message: str | bytes, param: str | None
) -> None:
    """One error event naming the field, and the session goes on."""
    await client.send_raw(message)
    error = await client.error()
    await client.update(instructions="still here")

    assert error["type"] == "invalid_request_error"
    assert error["param"] == param


SAID = {
    "[]": "The message is not a JSON object. An event is",
    "{": "The message is not valid JSON: ",
    '{"type": 5}': "'type': 5 is not a string. Send one such as 'session.update'.",
    '{"type": null}': "'type': the event has none. Send a string such as 'session.update'.",
    "{}": "'type': the event has none. Send a string such as 'session.update'.",
    '{"type": "session.destroy"}': "'type': 'session.destroy' is not a client event.",
    json.dumps({"type": "x" * 5000}): "xxx... is not a client event.",
}


@pytest.mark.parametrize(("message", "text"), SAID.items(), ids=range(len(SAID)))
async def test_the_text_says_what_is_wrong_with_the_message(client: Client, message: str, text: str) -> None:
    """The error's text tells what came instead of an event, once and briefly."""
    await client.send_raw(message)
    said = (await client.error())["message"]

    assert text in said
    assert said.count("JSON object") <= 1
    assert len(said) < 250


async def test_an_error_has_the_recorded_shape(client: Client) -> None:
    """The error event has exactly the recorded keys; its inner event_id is the client's, or null."""
    await client.send("response.cancel")
    without = await client.recv()
    await client.send("response.cancel", event_id="mine")
    named = await client.recv()

    assert list(without) == ["event_id", "type", "error"]
    assert set(without["error"]) == {"message", "type", "code", "param", "event_id"}
    assert without["error"]["event_id"] is None
    assert named["error"]["event_id"] == "mine"


BAD_AUDIO: dict[str, Any] = {
    "not base64": "this is not base64!",
    "half a sample": base64.b64encode(b"abc").decode(),
}


@pytest.mark.parametrize("audio", BAD_AUDIO.values(), ids=BAD_AUDIO)
@pytest.mark.parametrize("event_type", ["input_audio_buffer.append", "input_audio.turn.append"])
async def test_unreadable_audio_is_refused(client: Client, event_type: str, audio: str) -> None:
    """Audio that is no base64 or ends inside a sample gives an error on `audio`; nothing of it is kept."""
    await client.update(turn_detection=None)
    await client.send("input_audio.turn.start", turn_id="t")
    await client.send(event_type, audio=audio, turn_id="t")
    error = await client.error()
    await client.send("input_audio_buffer.commit")

    assert (error["code"], error["param"]) == ("invalid_value", "audio")
    assert "only has 0.00ms" in (await client.error())["message"]


async def test_more_than_15_mib_in_one_event_is_refused(client: Client) -> None:
    """The error names both sizes; exactly 15 MiB are taken."""
    await client.update(turn_detection=None)
    limit = 15 * 1024 * 1024
    await client.append(bytes(limit + 2))
    error = await client.error()
    await client.append(bytes(limit))
    await client.update(instructions="still here")

    assert error["param"] == "audio"
    assert str(limit + 2) in error["message"]
    assert str(limit) in error["message"]


async def test_a_full_buffer_takes_no_more(client: Client) -> None:
    """Without turn detection the buffer holds ten minutes; what is beyond is refused until a commit or clear."""
    await client.update(turn_detection=None, input_audio_format="g711_ulaw")
    ten_minutes = 600 * 8000
    await client.append(bytes(ten_minutes))
    await client.append(bytes(800))
    error = await client.error()
    await client.send("input_audio_buffer.clear")
    await client.recv()
    await client.append(bytes(800))
    await client.update(instructions="still here")

    assert error["code"] == "input_audio_buffer_full"


async def test_open_turns_are_limited(client: Client) -> None:
    """A ninth open turn is refused, and so is one that is open already."""
    for number in range(8):
        await client.send("input_audio.turn.start", turn_id=str(number))
    await client.send("input_audio.turn.start", turn_id="7")
    twice = await client.error()
    await client.send("input_audio.turn.start", turn_id="8")
    ninth = await client.error()

    assert "already" in twice["message"]
    assert "8 input audio turns" in ninth["message"]


async def test_response_settings_are_checked(client: Client) -> None:
    """A response with a format or modality that does not exist is refused before it is created."""
    await client.send("response.create", response={"output_audio_format": "mp3"})
    first = await client.error()
    await client.send("response.create", response={"modalities": ["smell"]})
    second = await client.error()

    assert first["param"] == "response.output_audio_format"
    assert second["param"] == "response.modalities[0]"


async def test_the_first_message_can_be_required_to_be_an_update() -> None:
    """require_session_update: other events are refused in the service's words until session.update was accepted."""
    async with LocalService(require_session_update=True) as service, connected(service) as client:
        await client.say("hello")
        error = await client.error()
        await client.update(instructions="x")
        await client.say("hello")
        accepted = await client.recv()

    assert error == {
        "message": "The `type` field of SessionUpdatedMessage message should be 'session.update'.",
        "type": "invalid_request_error",
        "code": "invalid_session_update_message",
        "param": "type",
        "event_id": None,
    }
    assert accepted["type"] == "conversation.item.created"


async def test_five_failed_attempts_end_a_session_that_requires_an_update() -> None:
    """After the fifth: max_config_attempts_exceeded and close code 1008."""
    async with LocalService(require_session_update=True) as service, connected(service) as client:
        for _ in range(5):
            await client.send("response.create")
        code, _ = await client.closed()

    codes = [e["error"]["code"] for e in client.events if e["type"] == "error"]
    assert codes == ["invalid_session_update_message"] * 5 + ["max_config_attempts_exceeded"]
    assert code == 1008


async def test_an_unsupported_model_is_told_after_the_upgrade() -> None:
    """The handshake succeeds; then comes invalid_model instead of session.created, and the end."""
    async with LocalService(models=["gpt-4o"]) as service:
        async with opened(service, "gpt-9") as client:
            error = await client.error()
            code, _ = await client.closed()
        async with connected(service, "gpt-4o"):
            pass

    assert error["code"] == "invalid_model"
    assert error["message"] == "Model gpt-9 is not supported in this region."
    assert code == 1008


async def test_an_unknown_profile_is_told_after_the_upgrade(service: LocalService) -> None:
    """A profile for models of one's own that does not exist gives invalid_profile."""
    async with opened(service, profile="byom-nothing") as client:
        error = await client.error()

    assert error["code"] == "invalid_profile"


@pytest.mark.parametrize(
    ("profile", "answer"),
    [
        ("byom-azure-openai-realtime", "byom_realtime_connection_error"),
        ("byom-azure-openai-chat-completion", "session.created"),
        ("byom-foundry-anthropic-messages", "session.created"),
    ],
)
async def test_deployments_of_ones_own_are_looked_at_when_they_are_used(profile: str, answer: str) -> None:
    """Of one that does not exist, only the realtime profile tells at once; the others begin a session."""
    async with LocalService(models=["gpt-4o"]) as service, opened(service, "my-deployment", profile=profile) as client:
        event = await client.recv()

    assert answer in (event["type"], event.get("error", {}).get("code"))


async def test_a_session_expires() -> None:
    """At its end a session gets session_expired and close code 1001."""
    async with LocalService(session_lifetime_s=0.2) as service, connected(service) as client:
        error = await client.error()
        code, _ = await client.closed()

    assert error["code"] == "session_expired"
    assert code == 1001


VALID: list[dict[str, Any]] = [
    {
        "type": "session.update",
        "session": {"voice": "alloy", "turn_detection": {"type": "server_vad", "threshold": 0.5}},
    },
    {"type": "session.update", "session": {"modalities": ["text"], "tools": [{"type": "function", "name": "f"}]}},
    {"type": "session.update", "session": {"avatar": {"character": "x", "customized": False}, "tool_choice": "auto"}},
    {"type": "transcription_session.update", "session": {"input_audio_transcription": {"model": "azure-speech"}}},
    {"type": "session.avatar.connect", "client_sdp": "e30="},
    {"type": "input_audio_buffer.append", "audio": "AAAAAAAA"},
    {"type": "input_audio_buffer.commit"},
    {"type": "input_audio.turn.start", "turn_id": "t"},
    {"type": "input_audio.turn.append", "turn_id": "t", "audio": "AAAA"},
    {"type": "input_audio.turn.end", "turn_id": "t"},
    {"type": "input_text.delta", "id": "i", "delta": "x"},
    {"type": "input_text.done", "id": "i"},
    {
        "type": "conversation.item.create",
        "previous_item_id": "i",
        "item": {"type": "message", "id": "j", "role": "user", "content": [{"type": "input_audio", "audio": "AAAA"}]},
    },
    {"type": "conversation.item.create", "item": {"type": "function_call_output", "call_id": "c", "output": "1"}},
    {"type": "conversation.item.truncate", "item_id": "j", "content_index": 0, "audio_end_ms": 5},
    {"type": "conversation.item.retrieve", "item_id": "j"},
    {
        "type": "response.create",
        "additional_instructions": "x",
        "response": {"voice": "alloy", "input_items": [], "max_output_tokens": 3, "metadata": {"a": "b"}},
    },
    {"type": "response.cancel"},
]

JUNK: list[Any] = [None, True, -1, 2.5, 10**30, "", "a", "audio", "\ud800", [], {}, [None], {"type": "x"}, ["text"]]


def mutated(value: Any, random: Random, top: bool = True) -> Any:
    """Return a JSON value with some of its parts left out or replaced by others."""
    if not top and random.random() < 0.12:
        return random.choice(JUNK)
    if isinstance(value, dict):
        return {
            key: part if top and key == "type" else mutated(part, random, top=False)
            for key, part in value.items()
            if (top and key == "type") or random.random() > 0.08
        }
    if isinstance(value, list):
        return [mutated(part, random, top=False) for part in value]
    return value


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("model", ["gpt-4o", "gpt-realtime"])
async def test_nothing_a_client_sends_breaks_a_session(service: LocalService, model: str, seed: int) -> None:
    """Events with missing, extra and wrong parts are answered or refused; none is the service's own failure."""
    random = Random(seed)
    async with connected(service, model) as client:
        for _ in range(120):
            await client.send_raw(json.dumps(mutated(random.choice(VALID), random)))
        # Answered when everything before it has been.
        await client.send("conversation.item.delete", item_id="the last one")
        while "the last one" not in (await client.until("error"))["error"]["message"]:
            pass

    failures = [e for e in client.events if e["type"] == "error" and e["error"]["type"] == "server_error"]
    failures += [e for e in client.events if e["type"] == "response.done" and e["response"]["status"] == "failed"]
    assert not failures


def sdp_offer() -> str:
    """Return an offer as browsers make it, wrapped as the service wants it."""
    sdp = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
    return base64.b64encode(json.dumps({"type": "offer", "sdp": sdp}).encode()).decode()


async def test_an_avatar_answers_an_offer_once(client: Client) -> None:
    """Without an avatar in the session an error; with one an SDP answer; a second connect is refused."""
    await client.send("session.avatar.connect", client_sdp=sdp_offer())
    unconfigured = await client.error()
    session = await client.update(avatar={"character": "lisa", "customized": False})
    await client.send("session.avatar.connect", client_sdp="no offer")
    malformed = await client.error()
    await client.send("session.avatar.connect", client_sdp=sdp_offer())
    connecting = await client.recv()
    await client.send("session.avatar.connect", client_sdp=sdp_offer())
    again = await client.error()

    assert unconfigured["param"] == "session.avatar"
    assert session["avatar"]["ice_servers"]
    assert session["avatar"]["video"]["bitrate"] == 2_000_000
    assert malformed["param"] == "client_sdp"
    assert connecting["type"] == "session.avatar.connecting"
    answer = json.loads(base64.b64decode(connecting["server_sdp"]))
    assert answer["type"] == "answer"
    assert "m=audio 0 UDP/TLS/RTP/SAVPF 111" in answer["sdp"]
    assert again["message"] == "WebRTC connection is in connected state"


async def test_a_connected_avatar_takes_the_sound(client: Client) -> None:
    """While an avatar is connected its switches are announced and no audio deltas are sent."""
    await client.update(avatar={"character": "lisa", "customized": False})
    await client.send("session.avatar.connect", client_sdp=sdp_offer())
    await client.recv()
    await client.say("hello")
    await client.send("response.create")
    events = await client.collect("response.done")

    seen = [event["type"] for event in events]
    assert "response.audio.delta" not in seen
    assert seen.index("session.avatar.switch_to_speaking") < seen.index("session.avatar.switch_to_idle")
