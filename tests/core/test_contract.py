"""What a connection says about fields that its API version lacks, about private events, and in strict mode."""

# The constant `type` of an event of one's own narrows that of its base, on purpose.
# pyright: reportIncompatibleVariableOverride=false

from __future__ import annotations

import json
import warnings
from typing import Any, Literal

import pytest

from voicelive import models
from voicelive._core.contract import ContractCheck, WireContract
from voicelive.errors import ConfigurationError, ContractWarning, InvalidEventError


def warned(contract: WireContract, event_type: str, **fields: Any) -> list[str]:
    """The warnings of encoding an event."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        contract.encode_call(event_type, fields)
    assert all(issubclass(entry.category, ContractWarning) for entry in caught)
    return [str(entry.message) for entry in caught]


@pytest.mark.parametrize(
    ("version", "session", "says"),
    [
        ("2026-07-15", {"interim_response": {"type": "static_interim_response"}}, None),
        ("2025-10-01", {"instructions": "x", "temperature": 0.7}, None),
        (
            "2025-10-01",
            {"interim_response": {"type": "static_interim_response"}},
            "session.interim_response: not in API version 2025-10-01; it is in 2026-01-01-preview",
        ),
        (
            "2026-04-10",
            {"voice": {"type": "azure-realtime-native", "name": "ava"}},
            "session.voice: not in API version 2026-04-10",
        ),
        (
            "2025-10-01",
            {"tools": [{"type": "mcp", "server_label": "a", "server_url": "b"}]},
            "session.tools[0]: not in",
        ),
        (
            "2025-10-01",
            {"output_audio_format": "pcm16_8000hz"},
            "session.output_audio_format: 'pcm16_8000hz' is not in",
        ),
        (
            "2026-07-15",
            {"instrctions": "x"},
            "session.instrctions: not a field of RequestSession in any API version; did you mean 'instructions'?",
        ),
        ("2026-07-15", {"turn_detection": {"type": "server_vad", "treshold": 0.5}}, "did you mean 'threshold'?"),
        # What the documentation and official samples name, though no specification has it.
        ("2026-07-15", {"turn_detection": {"type": "semantic_vad", "eagerness": "low"}}, None),
        ("2025-10-01", {"turn_detection": {"type": "server_vad", "speech_duration_ms": 200}}, None),
        ("2026-07-15", {"turn_detection": {"type": "azure_semantic_vad", "appended_text_after_truncation": "x"}}, None),
        ("2026-07-15", {"input_audio_transcription": {"model": "whisper-1", "prompt": "x"}}, None),
        ("2026-07-15", {"avatar": {"character": "lisa"}}, None),
        ("2026-07-15", {"output_audio_format": "pcm16_44100hz", "input_audio_sampling_rate": 44100}, None),
        ("2025-10-01", {"output_audio_format": "pcm16_44100hz"}, "'pcm16_44100hz' is not in API version 2025-10-01"),
        ("2026-07-15", {"zzzzzz": 1}, "session.zzzzzz: not a field of RequestSession"),
    ],
)
def test_what_a_version_lacks_is_told_and_sent(version: str, session: dict[str, Any], says: str | None) -> None:
    """A field, model or value that the version lacks, or nobody knows, warns by name, and is sent all the same."""
    contract = WireContract(version)
    messages = warned(contract, "session.update", session=session)
    if says is None:
        assert messages == []
    else:
        assert len(messages) == 1
        assert says in messages[0]
    # What the version lacks is said once a connection, what nobody knows each time.
    assert warned(contract, "session.update", session=session) == [m for m in messages if "not a field of" in m]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sent = contract.encode_call("session.update", {"session": session})
    assert json.loads(sent.data)["session"] == session


def test_an_event_that_the_version_lacks() -> None:
    """A whole event that the version does not have is told by its type."""
    messages = warned(WireContract("2025-10-01"), "output_audio_buffer.clear")
    assert len(messages) == 1
    assert messages[0].startswith("output_audio_buffer.clear: not in API version 2025-10-01; it is in 2026-04-10")


def test_the_warning_names_the_callers_line() -> None:
    """The warning points at the application's line, not into this package."""
    with pytest.warns(ContractWarning) as caught:
        WireContract("2025-10-01").encode_call("output_audio_buffer.clear", {})
    assert caught[0].filename == __file__


def test_an_unknown_version_warns_once_and_checks_nothing() -> None:
    """A version that nobody knows is accepted with a warning that lists the known ones."""
    with pytest.warns(ContractWarning, match=r"'2031-01-01' is unknown here.*2025-10-01.*2026-07-15"):
        contract = WireContract("2031-01-01")
    assert warned(contract, "session.update", session={"instructions": "x"}) == []


@pytest.mark.parametrize("field", ["interim_response", "instrctions"])
def test_both_can_be_made_errors(field: str) -> None:
    """With check="error" nothing that the version lacks, and no unknown name, is sent."""
    contract = WireContract("2025-10-01", check="error")
    session = {field: {"type": "static_interim_response"}}
    with pytest.raises(InvalidEventError, match=field):
        contract.encode_call("session.update", {"session": session})


def test_both_can_be_ignored() -> None:
    """With check="ignore" nothing is said."""
    assert warned(WireContract("2025-10-01", check="ignore"), "session.update", session={"zzz": 1}) == []


def test_a_check_that_is_none() -> None:
    """An unknown kind of check is refused with the three that there are."""
    wrong: Any = "shout"
    check: ContractCheck = wrong
    with pytest.raises(ConfigurationError, match="'warn', 'error' or 'ignore'"):
        WireContract("2026-07-15", check=check)


class LampOn(models.ServerEvent):
    """A private server event."""

    type: Literal["x.lamp.on"] = "x.lamp.on"
    brightness: int


class TurnLampOn(models.ClientEvent):
    """A private client event."""

    type: Literal["x.lamp.turn_on"] = "x.lamp.turn_on"
    room: str


def test_private_events_are_typed_both_ways() -> None:
    """Classes of the application's own are received, leniently like all, and sent, checked like all."""
    contract = WireContract("2026-07-15", events=[LampOn, TurnLampOn], check="error")
    # Any: the events that a connection hands out are typed as those of the contract.
    decode: Any = contract.decode
    event = decode(b'{"type": "x.lamp.on", "brightness": 5}')
    assert type(event) is LampOn
    assert event.brightness == 5
    odd = decode(b'{"type": "x.lamp.on", "brightness": "bright"}')
    assert type(odd) is LampOn
    assert odd.to_dict() == {"type": "x.lamp.on", "brightness": "bright"}
    assert len(odd.issues) == 1
    assert json.loads(contract.encode_event(TurnLampOn(room="hall")).data) == {"type": "x.lamp.turn_on", "room": "hall"}
    with pytest.raises(InvalidEventError, match="room"):
        contract.encode_event({"type": "x.lamp.turn_on"})
    assert (
        type(WireContract("2026-07-15").decode(b'{"type": "x.lamp.on", "brightness": 5}')) is models.UnknownServerEvent
    )


def test_private_events_that_cannot_be() -> None:
    """A class that is not an event, or has no constant type, is refused by name."""
    untyped: Any = type("Untyped", (models.ServerEvent,), {})
    for wrong, says in (
        (models.RequestSession, "RequestSession is not an event"),
        (untyped, "Untyped needs a constant type"),
    ):
        with pytest.raises(ConfigurationError, match=says):
            WireContract("2026-07-15", events=[wrong])


@pytest.mark.parametrize(
    ("message", "says"),
    [
        (b"{", "not valid JSON"),
        (b'{"type": "no.such"}', "unknown type 'no.such'"),
        (b'{"type": "conversation.item.deleted"}', "item_id"),
    ],
)
def test_strict_mode(message: bytes, says: str) -> None:
    """With strict=True a message that does not fit raises; without, it is read leniently."""
    with pytest.raises(InvalidEventError, match=says):
        WireContract("2026-07-15", strict=True).decode(message)
    assert WireContract("2026-07-15").decode(message) is not None
    fine = WireContract("2026-07-15", strict=True).decode(b'{"type": "conversation.item.deleted", "item_id": "i"}')
    assert fine.type == "conversation.item.deleted"


@pytest.mark.parametrize("event_type", ["response.audio.delta", "response.output_audio.delta"])
def test_one_loop_reads_both_names(event_type: str) -> None:
    """An event that v1 renames is caught by one class pattern, and by one name, in every version."""
    payload = {"type": event_type, "response_id": "r", "item_id": "i", "output_index": 0, "content_index": 0}
    event = WireContract("v1").decode(json.dumps({**payload, "delta": "YWJj"}))
    match event:
        case models.ServerEventResponseAudioDelta(delta=delta):
            assert delta == "YWJj"
        case _:
            pytest.fail(f"not matched: {event!r}")
    assert event.delta_bytes == b"abc"
    assert event.type == event_type
    assert event.canonical_type == "response.audio.delta"
    assert event.issues == ()


def test_a_misspelt_key_is_warned_of_each_time() -> None:
    """Under Python's own filters, which show a line's warning once: each sending of a misspelt key is shown."""
    contract = WireContract("2026-07-15")
    with warnings.catch_warnings(record=True) as caught:
        warnings.resetwarnings()
        warnings.simplefilter("default")
        for _ in range(3):
            contract.encode_call("session.update", {"session": {"instrctions": "x"}})
    assert len(caught) == 3
    assert all(entry.filename == __file__ for entry in caught)


def test_an_event_nobody_knows() -> None:
    """An event of an unknown type warns once and is sent, is refused, or is sent in silence."""
    event = {"type": "x.unheard.of", "answer": 42}
    with pytest.warns(ContractWarning, match=r"'x\.unheard\.of' is not a client event type.*sent anyway"):
        assert json.loads(WireContract("2026-07-15").encode_event(event).data) == event
    with pytest.raises(InvalidEventError, match="nothing was sent"):
        WireContract("2026-07-15", check="error").encode_event(event)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert json.loads(WireContract("2026-07-15", check="ignore").encode_event(event).data) == event


def test_an_unknown_version_can_be_an_error() -> None:
    """With check="error" a version that nobody knows is refused before anything is opened."""
    with pytest.raises(ConfigurationError, match="'2031-01-01' is unknown here"):
        WireContract("2031-01-01", check="error")


def test_own_events_must_be_a_list() -> None:
    """A single class in place of the list of events is refused."""
    wrong: Any = LampOn
    with pytest.raises(ConfigurationError, match="events must be a list of event classes"):
        WireContract("2026-07-15", events=wrong)


@pytest.mark.parametrize(
    ("event_type", "fields", "path"),
    [
        ("input_audio.clear", {}, "input_audio.clear"),
        (
            "response.create",
            {"additional_instructions": "Be kind."},
            "response.create: additional_instructions: in API version v1",
        ),
        (
            "session.update",
            {
                "session": {
                    "turn_detection": {
                        "type": "server_vad",
                        "end_of_utterance_detection": {"model": "smart_end_of_turn_detection"},
                    }
                }
            },
            "end_of_utterance_detection",
        ),
    ],
)
def test_what_needs_a_preview_feature(event_type: str, fields: dict[str, Any], path: str) -> None:
    """What v1 offers only with a preview feature warns on a connection that asks for none, and only there."""
    (message,) = warned(WireContract("v1"), event_type, **fields)
    assert path in message
    assert "only with a preview feature: name it in preview_features" in message
    assert warned(WireContract("v1", previews=True), event_type, **fields) == []


@pytest.mark.parametrize(
    ("version", "told"),
    [("2025-10-01", True), ("2026-04-10", False), ("2026-06-01-preview", False), ("2026-07-15", False)],
)
def test_what_a_version_was_recorded_taking_is_sent(version: str, told: bool) -> None:
    """An assistant's output_text is in the document of v1 alone; the dated versions that took it get no warning."""
    item = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hello."}]}
    messages = warned(WireContract(version), "conversation.item.create", item=item)
    assert [message.startswith("conversation.item.create: item.content[0]: not in") for message in messages] == (
        [True] if told else []
    )
